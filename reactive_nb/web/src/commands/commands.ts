/** All commands, and which one a pressed key means. */
import type { NotebookView } from "../page/view";
import { CELL_COMMANDS } from "./cells";
import type { Command } from "./command";
import { DOCUMENT_COMMANDS } from "./documents";
import { LOOK_COMMANDS } from "./looking";
import { RUN_COMMANDS } from "./running";

export const COMMANDS: readonly Command[] = [...RUN_COMMANDS, ...CELL_COMMANDS, ...DOCUMENT_COMMANDS, ...LOOK_COMMANDS];

const MAC = /Mac|iP(hone|ad)/.test(navigator.platform);
const SEQUENCE_MS = 800;

/** `key` as people on this machine know it. */
export function shownKey(key: string): string {
  return key
    .replace("Mod", MAC ? "⌘" : "Ctrl")
    .replace(/Arrow(\w+)/, "$1")
    .replace(/-(?=.)/g, "+");
}

/** A pressed key, as commands name it. */
export function pressedKey(event: KeyboardEvent): string {
  const { key } = event;
  const letter = key.length === 1 ? (key === "_" ? "-" : key.toLowerCase()) : key;
  const parts = [];
  if (MAC ? event.metaKey : event.ctrlKey) parts.push("Mod");
  if (MAC && event.ctrlKey) parts.push("Ctrl");
  if (event.altKey) parts.push("Alt");
  if (event.shiftKey) parts.push("Shift");
  return [...parts, letter].join("-");
}

function table(which: "keys" | "anywhere"): Map<string, Command> {
  return new Map(COMMANDS.flatMap((command) => (command[which] ?? []).map((key) => [key, command] as const)));
}

const ANYWHERE = table("anywhere");
const IN_COMMAND_MODE = table("keys");
const FIRST_HALVES = new Set(
  [...IN_COMMAND_MODE.keys()].filter((key) => key.includes(" ")).map((key) => key.split(" ")[0]),
);

/** Turns pressed keys into commands; remembers the first half of keys that come one after the other. */
export class Keys {
  #half: { key: string; at: number } | null = null;

  /** The command that was meant; `true`: more is to come. */
  meant(event: KeyboardEvent, mode: NotebookView["mode"]["value"]): Command | true | null {
    const key = pressedKey(event);
    const anywhere = ANYWHERE.get(key);
    if (anywhere !== undefined || mode === "edit") return anywhere ?? null;
    const half = this.#half;
    this.#half = null;
    if (half !== null && event.timeStamp - half.at < SEQUENCE_MS) {
      const both = IN_COMMAND_MODE.get(`${half.key} ${key}`);
      if (both !== undefined) return both;
    }
    const found = IN_COMMAND_MODE.get(key);
    if (found !== undefined) return found;
    if (!FIRST_HALVES.has(key)) return null;
    this.#half = { key, at: event.timeStamp };
    return true;
  }
}
