/** All notebooks: search, make, take in from files, open; and what can be done with each. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import { Icon } from "../page/Icon";
import { notebookLink } from "../page/route";
import { colours, toggleTheme } from "../page/theme";
import { IMPORTED } from "../service/notebooks";
import { NotebookRow } from "./NotebookRow";
import { Shelf } from "./shelf";
import { useDropped } from "./useDropped";

export function NotebookList() {
  const shelf = useMemo(() => new Shelf(), []);
  useEffect(() => {
    document.title = "reactive-nb";
    void shelf.load();
  }, [shelf]);
  const take = async (files: readonly File[]) => open(await shelf.import(files));
  const dragged = useDropped(take);
  const chooser = useRef<HTMLInputElement>(null);
  return (
    <div class="list-page">
      <header class="list-head">
        <h1>Notebooks</h1>
        <span class="spread" />
        <button
          type="button"
          class="icon-button"
          aria-label="Light or dark"
          title="Light or dark"
          onClick={toggleTheme}
        >
          <Icon name={colours.value === "dark" ? "sun" : "moon"} />
        </button>
        <button type="button" class="button" onClick={() => chooser.current?.click()}>
          <Icon name="file" /> Import
        </button>
        <input
          ref={chooser}
          type="file"
          class="file-chooser"
          aria-label="Files to import"
          tabIndex={-1}
          accept={IMPORTED.join()}
          multiple
          onChange={(event) => {
            void take([...(event.currentTarget.files ?? [])]);
            event.currentTarget.value = ""; // the same file can be chosen again
          }}
        />
        <button type="button" class="button is-main" onClick={async () => open(await shelf.create())}>
          <Icon name="add" /> New notebook
        </button>
      </header>
      <Told shelf={shelf} />
      <Shown shelf={shelf} />
      {dragged && (
        <div class="drop-here">
          <p>Drop notebooks here: files that end in {IMPORTED.join(" or ")}</p>
        </div>
      )}
    </div>
  );
}

function Told({ shelf }: { shelf: Shelf }) {
  const [problem, importing, note] = [shelf.problem.value, shelf.importing.value, shelf.note.value];
  return (
    <>
      {problem !== null && (
        <p class="bar is-problem" role="alert">
          {problem}
          {shelf.notebooks.value === null && (
            <button type="button" class="button" onClick={() => void shelf.load()}>
              Try again
            </button>
          )}
        </p>
      )}
      <p class="list-note faint" role="status">
        {importing > 0 ? `Importing ${importing === 1 ? "one file" : `${importing} files`}…` : note}
      </p>
    </>
  );
}

function Shown({ shelf }: { shelf: Shelf }) {
  const [typed, setTyped] = useState("");
  const notebooks = shelf.notebooks.value;
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = (notebooks ?? []).filter(({ name }) => words.every((word) => name.toLowerCase().includes(word)));
  if (notebooks === null) return <main>{shelf.problem.value === null && <p class="empty">Loading…</p>}</main>;
  if (notebooks.length === 0) {
    return (
      <main class="list-empty">
        <Icon name="notebook" />
        <p>There are no notebooks yet.</p>
        <p class="faint">Make the first one, or drop an .ipynb or .py file here.</p>
      </main>
    );
  }
  return (
    <main>
      <label class="search">
        <Icon name="search" />
        <input
          type="search"
          placeholder="Search by name"
          aria-label="Search notebooks by name"
          value={typed}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
      </label>
      {shown.length === 0 && <p class="empty">None of {notebooks.length} notebooks has this in its name.</p>}
      <ul class="notebooks">
        {shown.map((one) => (
          <NotebookRow key={one.id} shelf={shelf} one={one} />
        ))}
      </ul>
    </main>
  );
}

function open(id: string | null): void {
  if (id !== null) window.location.hash = notebookLink(id);
}
