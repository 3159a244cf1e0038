/** Markdown as HTML that can do nothing: scripts, frames, forms and handlers are taken out. */
import DOMPurify from "dompurify";
import MarkdownIt from "markdown-it";

type Parser = ReturnType<typeof MarkdownIt>;

/** What a parser is taught beside Markdown. */
export type Extension = (parser: Parser) => void;

const parsers = new Map<Extension | null, Parser>();

/** Whether a text may have mathematics in it. */
export function mayHaveMath(source: string): boolean {
  return /\$|\\begin\{/.test(source);
}

export function markdownToHtml(source: string, extension: Extension | null = null): string {
  let parser = parsers.get(extension);
  if (parser === undefined) {
    parser = new MarkdownIt({ html: true, linkify: true, breaks: false });
    extension?.(parser);
    parsers.set(extension, parser);
  }
  return DOMPurify.sanitize(parser.render(source), {
    FORBID_TAGS: ["style", "form", "input", "button", "textarea", "select", "dialog"],
    ADD_ATTR: ["target"],
    SANITIZE_NAMED_PROPS: true,
  });
}

DOMPurify.addHook("afterSanitizeAttributes", (node) => {
  if (!(node instanceof HTMLAnchorElement)) return;
  const target = node.getAttribute("href") ?? "";
  if (target === "" || target.startsWith("#")) return;
  node.setAttribute("target", "_blank");
  node.setAttribute("rel", "noopener noreferrer");
});
