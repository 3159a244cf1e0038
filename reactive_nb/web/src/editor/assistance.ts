/** Completion and signatures, from the notebook's kernel: it knows what its objects are. */
import {
  autocompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
} from "@codemirror/autocomplete";
import { type Extension, Prec, StateEffect, StateField } from "@codemirror/state";
import { EditorView, keymap, showTooltip, type Tooltip } from "@codemirror/view";

import { ansiToText } from "../outputs/ansi";
import { characters } from "../session/streams";
import type { NotebookSession } from "../session/session";

interface TypedMatch {
  text: string;
  type: string;
  signature?: string;
}

const ICONS: Record<string, string> = {
  function: "function",
  method: "method",
  class: "class",
  module: "namespace",
  instance: "variable",
  statement: "variable",
  keyword: "keyword",
  param: "property",
  property: "property",
  magic: "keyword",
  path: "text",
};

function completions(session: NotebookSession) {
  return async (context: CompletionContext): Promise<CompletionResult | null> => {
    const before = context.matchBefore(/[\w.%/\]"')]+$/u);
    if (!context.explicit && (before === null || /^\d+\.?$/.test(before.text))) return null;
    const code = context.state.doc.toString();
    let reply;
    try {
      reply = await session.connection.ask({ type: "complete", code, cursor_pos: characters(code, context.pos) });
    } catch {
      return null; // no kernel to ask: typing goes on without
    }
    if (context.aborted) return null;
    const answer = (reply.result ?? {}) as {
      matches?: string[];
      cursor_start?: number;
      metadata?: { _jupyter_types_experimental?: TypedMatch[] };
    };
    const typed = answer.metadata?._jupyter_types_experimental;
    const options: Completion[] = (
      typed ?? (answer.matches ?? []).map((text) => ({ text, type: "" }) as TypedMatch)
    ).map(({ text, type, signature }, index) => ({
      label: text,
      ...(ICONS[type] === undefined ? {} : { type: ICONS[type] }),
      ...(signature ? { detail: signature } : {}),
      boost: -Math.min(index, 99),
    }));
    if (options.length === 0) return null;
    const from = Array.from(code)
      .slice(0, answer.cursor_start ?? 0)
      .join("").length;
    return { from, options, validFor: /^[\w.]*$/u };
  };
}

const setSignature = StateEffect.define<Tooltip | null>();

const signatureField = StateField.define<Tooltip | null>({
  create: () => null,
  update(shown, transaction) {
    for (const effect of transaction.effects) if (effect.is(setSignature)) return effect.value;
    return transaction.docChanged || transaction.selection !== undefined ? null : shown;
  },
  provide: (field) => showTooltip.from(field),
});

/** Ask what stands at the cursor (Shift-Tab, as in Jupyter), and show it until something is typed. */
function inspect(session: NotebookSession) {
  return (view: EditorView): boolean => {
    const pos = view.state.selection.main.head;
    const code = view.state.doc.toString();
    const asked = { type: "inspect", code, cursor_pos: characters(code, pos), detail_level: 0 } as const;
    session.connection.ask(asked).then(
      (reply) => {
        const text = (reply.result as { data?: Record<string, string> } | null)?.data?.["text/plain"];
        if (text === undefined || view.state.doc.toString() !== code) return;
        const tooltip: Tooltip = {
          pos,
          above: true,
          create: () => {
            const dom = document.createElement("div");
            dom.className = "cm-signature";
            dom.textContent = ansiToText(text);
            return { dom };
          },
        };
        view.dispatch({ effects: setSignature.of(tooltip) });
      },
      () => undefined,
    );
    return true;
  };
}

export function assistance(session: NotebookSession): Extension {
  return [
    autocompletion({ override: [completions(session)], activateOnTypingDelay: 120, defaultKeymap: false }),
    signatureField,
    Prec.high(
      keymap.of([
        { key: "Shift-Tab", run: inspect(session) },
        {
          key: "Escape",
          run: (view) => {
            if (view.state.field(signatureField) === null) return false;
            view.dispatch({ effects: setSignature.of(null) });
            return true;
          },
        },
      ]),
    ),
  ];
}
