/** Terminal text: colours by escape sequences, and lines that are written over. */
import { AnsiUp } from "ansi_up";

// eslint-disable-next-line no-control-regex
const SEQUENCES = /\u001b\[[0-9;?]*[A-Za-z]|\u001b\][^\u0007]*(?:\u0007|\u001b\\)/g;

/** The text without its escape sequences. */
export function ansiToText(text: string): string {
  return text.replace(SEQUENCES, "");
}

/** The text as HTML that holds nothing but coloured spans: what it says is escaped. */
export function ansiToHtml(text: string): string {
  const converter = new AnsiUp();
  converter.use_classes = true;
  return converter.ansi_to_html(text);
}

/** Each line as a terminal would leave it: after `\r` it is written over from its start, `\b` goes back one. */
export function written(text: string): string {
  if (!/[\r\b]/.test(text)) return text;
  return text.replace(/\r\n/g, "\n").split("\n").map(overwritten).join("\n");
}

function overwritten(line: string): string {
  if (!/[\r\b]/.test(line)) return line;
  let shown = "";
  for (const part of line.split("\r")) {
    const plain = part.replace(/[^\b]\b/g, "");
    shown = plain.length >= shown.length ? plain : plain + shown.slice(plain.length);
  }
  return shown;
}

/** The line of the cell that ran as `count` at which an error came up, told by its traceback; null if that does not say. */
export function errorLine(traceback: readonly string[], count: number | null): number | null {
  const found = [...ansiToText(traceback.join("\n")).matchAll(/Cell In\[(\d+)\], line (\d+)/g)];
  const own = found.filter((one) => count === null || Number(one[1]) === count).at(-1);
  return own?.[2] === undefined ? null : Number(own[2]);
}
