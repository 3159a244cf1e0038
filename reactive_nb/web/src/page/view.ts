/**
 * How an open notebook is looked at here: which cell is selected, in which mode, what is highlighted. Nothing of it is
 * the notebook's, or anybody else's.
 */
import { batch, effect, signal, type Signal } from "@preact/signals";

import type { CellEditor } from "../editor/editor";
import type { CellState } from "../session/cell";
import type { NotebookSession } from "../session/session";
import type { Presence } from "../session/types";
import { Anchor } from "./anchor";
import { Removed } from "./removed";

export type Lit = "self" | "upstream" | "downstream" | null;

/** One cell, as it is looked at. */
export class CellLook {
  readonly selected = signal(false);
  readonly lit = signal<Lit>(null);
  /** Whether the pointer is on it. */
  readonly pointed = signal(false);
  /** Whether a text cell shows its source. */
  readonly opened = signal(false);
  /** Who else is there. */
  readonly people = signal<readonly Presence[]>([]);
  element: HTMLElement | null = null;
  editor: CellEditor | null = null;
  /** Where the cursor is to go once there is an editor. */
  wanted: "start" | "end" | "same" | null = null;
}

const MOST_FRAMES = 30;
const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve));

export class NotebookView {
  readonly selected: Signal<string | null> = signal(null);
  readonly mode = signal<"command" | "edit">("command");
  readonly panel = signal<string | null>(localStorage.getItem("reactive-nb panel"));
  readonly palette = signal(false);
  readonly finding = signal(false);
  /** Whether the dialog about the database is open. */
  readonly connecting = signal(false);
  readonly removed = new Removed();
  readonly anchor = new Anchor();
  readonly #looks = new Map<string, CellLook>();
  #lit: string[] = [];
  #peopled: string[] = [];

  readonly #stop: () => void;

  constructor(readonly session: NotebookSession) {
    this.#stop = effect(() => this.#place(session.others.value));
  }

  close(): void {
    this.#stop();
    this.session.close();
  }

  look(id: string): CellLook {
    let look = this.#looks.get(id);
    if (look === undefined) {
      look = new CellLook();
      this.#looks.set(id, look);
    }
    return look;
  }

  /** The selected cell. */
  get cell(): CellState | undefined {
    const id = this.selected.peek();
    return id === null ? undefined : this.session.mirror.cell(id);
  }

  /** Where a cell stands on the page; -1 if it does not. */
  index(id: string | null): number {
    return id === null ? -1 : this.session.mirror.order.peek().indexOf(id);
  }

  /** Select a cell, in command mode. */
  select(id: string | null, scroll = true): void {
    batch(() => {
      const before = this.selected.peek();
      if (before !== null && before !== id) this.look(before).selected.value = false;
      this.selected.value = id;
      this.mode.value = "command";
      if (before !== null) this.look(before).wanted = null;
      if (id !== null) this.look(id).selected.value = true;
    });
    if (id === null) return;
    const { element } = this.look(id);
    element?.focus({ preventScroll: true });
    if (scroll) this.scrollTo(id, "nearest");
    this.#present(id);
  }

  /** Select the cell that stands `by` cells further down; whether there is one. */
  step(by: number): boolean {
    const order = this.session.mirror.order.peek();
    const id = order[this.index(this.selected.peek()) + by];
    if (id === undefined) return false;
    this.select(id);
    return true;
  }

  /** Go into a cell's editor. */
  edit(id: string, place: "start" | "end" | "same" = "same"): void {
    if (this.selected.peek() !== id) this.select(id);
    const look = this.look(id);
    const cell = this.session.mirror.cell(id);
    if (cell?.config.peek().hide_source === true) void this.session.change(cell, { config: { hide_source: false } });
    batch(() => {
      look.opened.value = true;
      this.mode.value = "edit";
    });
    if (look.editor === null) look.wanted = place;
    else look.editor.focus(place === "same" ? undefined : place);
  }

  /** Whether keys are meant for an editor that is only coming. */
  get awaiting(): boolean {
    const id = this.selected.peek();
    return this.mode.peek() === "edit" && id !== null && this.look(id).wanted !== null;
  }

  /** The cursor has come into a cell's editor, by whatever way. */
  editing(id: string): void {
    if (this.selected.peek() === id && this.mode.peek() === "edit") return;
    batch(() => {
      const before = this.selected.peek();
      if (before !== null && before !== id) this.look(before).selected.value = false;
      this.selected.value = id;
      this.look(id).selected.value = true;
      this.mode.value = "edit";
    });
    this.#present(id);
  }

  /** Show a cell wherever it is: it is scrolled to, and selected. */
  reveal(id: string): void {
    this.select(id, false);
    this.scrollTo(id, "center");
  }

  /** Scroll to a cell, which stays there while cells above it are made. */
  scrollTo(id: string, block: ScrollLogicalPosition): void {
    const { element } = this.look(id);
    if (element !== null) this.anchor.go(element, block);
  }

  /** Show a stretch of a cell's source, leaving the cursor of the keyboard where it is. */
  async show(id: string, from: number, to: number): Promise<void> {
    const look = this.look(id);
    batch(() => {
      const before = this.selected.peek();
      if (before !== null) this.look(before).selected.value = false;
      this.selected.value = id;
      look.selected.value = true;
      look.opened.value = true;
    });
    this.scrollTo(id, "center");
    for (let frame = 0; frame < MOST_FRAMES && look.editor === null; frame++) await nextFrame();
    look.editor?.show(from, to);
    for (let frame = 0; frame < 2; frame++) await nextFrame(); // then the editor has scrolled to it
    if (look.element !== null && this.selected.peek() === id) this.anchor.hold(look.element);
  }

  /** Light up a cell with what it gets from and gives to others; null: none. */
  light(id: string | null): void {
    batch(() => {
      for (const one of this.#lit) this.look(one).lit.value = null;
      this.#lit = [];
      const cell = id === null ? undefined : this.session.mirror.cell(id);
      if (id === null || cell === undefined) return;
      const set = (one: string, lit: Lit) => {
        this.look(one).lit.value = lit;
        this.#lit.push(one);
      };
      for (const one of cell.upstream.peek()) set(one, "upstream");
      for (const one of cell.downstream.peek()) set(one, "downstream");
      if (this.#lit.length > 0) set(id, "self");
    });
  }

  /** Show people at the cells where they are. */
  #place(people: readonly Presence[]): void {
    const at = new Map<string, Presence[]>();
    for (const one of people) if (one.cell_id !== null) at.set(one.cell_id, [...(at.get(one.cell_id) ?? []), one]);
    batch(() => {
      for (const id of this.#peopled) if (!at.has(id)) this.look(id).people.value = [];
      this.#peopled = [];
      for (const [id, here] of at) {
        this.look(id).people.value = here;
        this.#peopled.push(id);
      }
    });
  }

  openPanel(id: string | null): void {
    this.panel.value = id;
    if (id === null) localStorage.removeItem("reactive-nb panel");
    else localStorage.setItem("reactive-nb panel", id);
  }

  #present(id: string): void {
    this.session.present(id);
  }
}
