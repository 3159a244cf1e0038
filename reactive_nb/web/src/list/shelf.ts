/** The notebooks as the list knows them, and what one can do with them there. */
import { signal } from "@preact/signals";

import {
  allNotebooks,
  deleteNotebook,
  duplicateNotebook,
  importNotebook,
  newNotebook,
  renameNotebook,
  saveNotebook,
  shutKernelDown,
  type ExportFormat,
  type Summary,
} from "../service/notebooks";

export class Shelf {
  /** Null until they are known. */
  readonly notebooks = signal<readonly Summary[] | null>(null);
  /** What went wrong last, for people. */
  readonly problem = signal<string | null>(null);
  /** What was done last, for people. */
  readonly note = signal<string | null>(null);
  /** How many files are being taken in. */
  readonly importing = signal(0);

  async load(): Promise<void> {
    const found = await this.#tried(allNotebooks());
    if (found !== null) this.notebooks.value = found;
  }

  /** Make one; its id, null if that failed. */
  async create(): Promise<string | null> {
    return (await this.#tried(newNotebook()))?.id ?? null;
  }

  /** Take files in, one after the other; the id of the notebook if it is just one. */
  async import(files: readonly File[]): Promise<string | null> {
    const made: string[] = [];
    const problems: string[] = [];
    this.problem.value = null;
    this.importing.value += files.length;
    for (const file of files) {
      try {
        made.push((await importNotebook(file)).id);
      } catch (found) {
        problems.push(`${file.name}: ${words(found)}`);
      }
      this.importing.value -= 1;
    }
    if (files.length === 1 && made[0] !== undefined) return made[0];
    await this.load();
    if (made.length > 0) this.note.value = `${made.length} ${made.length === 1 ? "notebook" : "notebooks"} imported.`;
    this.problem.value = problems.length > 0 ? problems.join(" ") : this.problem.value;
    return null;
  }

  async rename(one: Summary, name: string): Promise<void> {
    if (name.trim() === "" || name.trim() === one.name) return;
    const renamed = await this.#tried(renameNotebook(one.id, name.trim()));
    if (renamed !== null) this.#put({ ...one, name: renamed.name });
  }

  async duplicate(one: Summary): Promise<void> {
    const made = await this.#tried(duplicateNotebook(one));
    if (made === null) return;
    this.note.value = `“${made.name}” was made.`;
    await this.load();
  }

  async shutDown(one: Summary): Promise<void> {
    if ((await this.#tried(shutKernelDown(one.id))) === null) return;
    this.#put({ ...one, kernel_state: "none" });
    this.note.value = `The kernel of “${one.name}” was shut down; its outputs are kept.`;
  }

  async remove(one: Summary): Promise<void> {
    if ((await this.#tried(deleteNotebook(one.id).then(() => true))) === null) return;
    this.notebooks.value = (this.notebooks.peek() ?? []).filter(({ id }) => id !== one.id);
    this.note.value = `“${one.name}” was deleted.`;
  }

  async save(one: Summary, format: ExportFormat): Promise<void> {
    await this.#tried(saveNotebook(one, format));
  }

  #put(changed: Summary): void {
    this.notebooks.value = (this.notebooks.peek() ?? []).map((one) => (one.id === changed.id ? changed : one));
  }

  /** What comes of it; null if nothing does, which is told then. */
  async #tried<T>(doing: Promise<T>): Promise<T | null> {
    this.problem.value = null;
    this.note.value = null;
    try {
      return await doing;
    } catch (found) {
      this.problem.value = words(found);
      return null;
    }
  }
}

function words(problem: unknown): string {
  return problem instanceof Error ? problem.message : String(problem);
}
