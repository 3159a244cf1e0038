/** The editor of one cell: CodeMirror, with Jupyter's keys, kept in step with what the session shows. */
import {
  acceptCompletion,
  closeBrackets,
  closeBracketsKeymap,
  closeCompletion,
  completionKeymap,
  completionStatus,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentLess, indentMore, toggleComment } from "@codemirror/commands";
import { bracketMatching, indentOnInput, indentUnit } from "@codemirror/language";
import { type Diagnostic, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches } from "@codemirror/search";
import { Annotation, Compartment, EditorState, type Extension, Prec } from "@codemirror/state";
import {
  crosshairCursor,
  drawSelection,
  EditorView,
  highlightSpecialChars,
  type KeyBinding,
  keymap,
  placeholder,
  rectangularSelection,
} from "@codemirror/view";

import type { CellState } from "../session/cell";
import { changeBetween } from "../session/merge";
import type { NotebookSession } from "../session/session";
import type { CellType } from "../session/types";
import { assistance } from "./assistance";
import { language } from "./languages";
import { theme } from "./theme";

const fromSession = Annotation.define<boolean>();

export interface EditorKeys {
  /** Keys that leave the editor or act on the cell; before all others. */
  readonly bindings: readonly KeyBinding[];
  /** Escape, where nothing in the editor is to be closed by it. */
  escape(): void;
  /** The cursor would leave the text: whether somebody took it. */
  leave(direction: "up" | "down"): boolean;
}

const LABELS: Record<CellType, string> = {
  python: "Python",
  sql: "SQL",
  markdown: "Markdown",
  code: "code",
  raw: "raw text",
};

export class CellEditor {
  readonly view: EditorView;
  readonly #language = new Compartment();
  readonly #label = new Compartment();
  readonly #help = new Compartment();
  readonly #assistance: Extension;
  #type: CellType;
  #database: string | null;

  constructor(parent: HTMLElement, cell: CellState, session: NotebookSession, keys: EditorKeys) {
    const type = cell.type.peek();
    const database = databaseOf(session);
    [this.#type, this.#database] = [type, database];
    this.#assistance = assistance(session);
    this.view = new EditorView({
      parent,
      state: EditorState.create({
        doc: cell.shown.peek(),
        extensions: [
          Prec.highest(keymap.of([...keys.bindings])),
          this.#help.of(this.#helped(type)),
          Prec.high(
            keymap.of([{ key: "Escape", run: (view) => escaped(view, keys) }, ...completionKeymap, ...leaving(keys)]),
          ),
          keymap.of([
            { key: "Tab", run: acceptCompletion },
            { key: "Tab", run: indentMore, shift: indentLess },
            { key: "Mod-/", run: toggleComment },
            ...closeBracketsKeymap,
            ...historyKeymap,
            ...defaultKeymap,
          ]),
          history(),
          drawSelection(),
          EditorState.allowMultipleSelections.of(true),
          rectangularSelection(),
          crosshairCursor(),
          highlightSpecialChars(),
          indentOnInput(),
          indentUnit.of("    "),
          bracketMatching(),
          closeBrackets(),
          highlightSelectionMatches(),
          EditorView.lineWrapping,
          EditorView.domEventHandlers({ blur: (_, view) => dismissed(view) }),
          this.#language.of(language(type, database)),
          this.#label.of(labelled(type)),
          theme,
          EditorView.updateListener.of((update) => {
            if (!update.docChanged || update.transactions.some((one) => one.annotation(fromSession))) return;
            session.edit(cell, update.state.doc.toString());
          }),
        ],
      }),
    });
  }

  /** Show what the session shows, leaving the cursor where it is. */
  follow(text: string): void {
    const change = changeBetween(this.view.state.doc.toString(), text);
    if (change !== null) this.view.dispatch({ changes: change, annotations: fromSession.of(true) });
  }

  /** Be of that type; `database`: what SQL is for. */
  retype(type: CellType, database: string | null): void {
    if (type === this.#type && database === this.#database) return;
    [this.#type, this.#database] = [type, database];
    this.view.dispatch({
      effects: [
        this.#language.reconfigure(language(type, database)),
        this.#label.reconfigure(labelled(type)),
        this.#help.reconfigure(this.#helped(type)),
      ],
    });
  }

  /** Underline the line of an error; null: none. */
  mark(error: { line: number; message: string } | null): void {
    const { doc } = this.view.state;
    const found: Diagnostic[] = [];
    if (error !== null && error.line >= 1 && error.line <= doc.lines) {
      const { from, to, text } = doc.line(error.line);
      found.push({ from: from + text.length - text.trimStart().length, to, severity: "error", message: error.message });
    }
    this.view.dispatch(setDiagnostics(this.view.state, found));
  }

  /** Select a stretch, without going there. */
  show(from: number, to: number): void {
    this.view.dispatch({ selection: { anchor: from, head: to }, scrollIntoView: true });
  }

  focus(end?: "start" | "end"): void {
    if (end !== undefined) {
      this.view.dispatch({ selection: { anchor: end === "start" ? 0 : this.view.state.doc.length } });
    }
    this.view.focus();
  }

  /** Where the cursor is: for splitting a cell. */
  get place(): number {
    return this.view.state.selection.main.head;
  }

  /** What the kernel knows is of use where its language is written. */
  #helped(type: CellType): Extension {
    return type === "python" || type === "code" ? this.#assistance : [];
  }

  destroy(): void {
    this.view.destroy();
  }
}

function databaseOf(session: NotebookSession): string | null {
  return session.mirror.settings.peek()?.database ?? null;
}

function labelled(type: CellType): Extension {
  return [
    EditorView.contentAttributes.of({ "aria-label": `Source, ${LABELS[type]}` }),
    placeholder(type === "markdown" ? "Text in Markdown" : type === "sql" ? "SELECT …" : ""),
  ];
}

/** Escape closes what is open in the editor, else it leaves; a completion that is only being asked for is not open. */
function escaped(view: EditorView, keys: EditorKeys): boolean {
  if (completionStatus(view.state) === "active" || view.state.selection.ranges.length > 1) return false;
  closeCompletion(view);
  keys.escape();
  return true;
}

/** Completions that were asked for when the cursor left would come to nobody. */
function dismissed(view: EditorView): void {
  if (completionStatus(view.state) === "pending") closeCompletion(view);
}

function leaving(keys: EditorKeys): KeyBinding[] {
  const at = (direction: "up" | "down") => (view: EditorView) => {
    const { main } = view.state.selection;
    if (!main.empty || view.state.selection.ranges.length > 1) return false;
    const moved = view.moveVertically(main, direction === "down");
    const edge = direction === "up" ? 0 : view.state.doc.length;
    const stays =
      moved.head === main.head ||
      (moved.head === edge && view.state.doc.lineAt(moved.head).number === view.state.doc.lineAt(main.head).number);
    return stays && keys.leave(direction);
  };
  return [
    { key: "ArrowUp", run: at("up") },
    { key: "ArrowDown", run: at("down") },
  ];
}
