/** The page's styles as one text, with the fonts that it needs in it. */

const FONT = /url\(["']?([^"')]+\.woff2)["']?\)/g;

/** Styles for markup; fonts are those of formulas, and come along where there are some. */
export async function styles(markup: string): Promise<string> {
  const formulas = markup.includes('class="katex');
  const texts = [...document.styleSheets].map(async (sheet) => {
    const base = sheet.href ?? document.baseURI;
    let text = [...sheet.cssRules].map((rule) => rule.cssText).join("\n");
    if (!formulas) return text.replace(/@font-face\s*\{[^}]*\}/g, "");
    const fonts = new Set([...text.matchAll(FONT)].map((found) => found[1] as string));
    for (const font of fonts) text = text.replaceAll(font, await inline(new URL(font, base).href));
    return text;
  });
  return (await Promise.all(texts)).join("\n").replaceAll("</style", "<\\/style");
}

async function inline(url: string): Promise<string> {
  const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer());
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return `data:font/woff2;base64,${btoa(text)}`;
}
