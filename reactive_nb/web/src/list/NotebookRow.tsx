/** One notebook of the list. */
import { useEffect, useRef, useState } from "preact/hooks";

import { Dialog } from "../page/Dialog";
import { Menu } from "../page/Menu";
import { appLink, notebookLink } from "../page/route";
import { ago } from "../page/time";
import { type ExportFormat, EXPORTS, type Summary } from "../service/notebooks";
import type { Shelf } from "./shelf";

/** Of kernels that are there. */
const STATES: Partial<Record<Summary["kernel_state"], string>> = {
  starting: "kernel starts",
  idle: "kernel runs",
  busy: "kernel works",
  restarting: "kernel restarts",
};

interface Props {
  shelf: Shelf;
  one: Summary;
}

export function NotebookRow({ shelf, one }: Props) {
  const [doing, setDoing] = useState<"nothing" | "renaming" | "deleting">("nothing");
  const done = () => setDoing("nothing");
  const formats = Object.entries(EXPORTS) as [ExportFormat, string][];
  return (
    <li class="notebook-row">
      {doing === "renaming" ? (
        <NewName shelf={shelf} one={one} done={done} />
      ) : (
        <a href={notebookLink(one.id)}>
          <span class="notebook-title">{one.name}</span>
          <span class="faint">
            {STATES[one.kernel_state] !== undefined && (
              <span class={`kernel is-${one.kernel_state}`}>
                <span class="dot" aria-hidden="true" />
                {STATES[one.kernel_state]} ·
              </span>
            )}{" "}
            {one.cell_count} {one.cell_count === 1 ? "cell" : "cells"} · {one.kernel_name} · changed{" "}
            {ago(one.updated_at)}
          </span>
        </a>
      )}
      <Menu
        label={`More for ${one.name}`}
        entries={[
          { title: "Rename", run: () => setDoing("renaming") },
          { title: "View as app", run: () => (window.location.hash = appLink(one.id)) },
          { title: "Duplicate", run: () => void shelf.duplicate(one) },
          ...formats.map(([format, title]) => ({
            title: `Download as ${title}`,
            run: () => void shelf.save(one, format),
          })),
          ...(one.kernel_state in STATES
            ? [{ title: "Shut its kernel down", run: () => void shelf.shutDown(one) }]
            : []),
          { title: "Delete…", run: () => setDoing("deleting") },
        ]}
      />
      {doing === "deleting" && <Delete shelf={shelf} one={one} done={done} />}
    </li>
  );
}

function NewName({ shelf, one, done }: Props & { done(): void }) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.select(), []);
  const rename = () => {
    void shelf.rename(one, input.current?.value ?? "");
    done();
  };
  return (
    <input
      ref={input}
      class="new-name"
      aria-label={`New name for ${one.name}`}
      defaultValue={one.name}
      maxLength={200}
      onBlur={rename}
      onKeyDown={(event) => {
        if (event.key === "Enter") rename();
        if (event.key === "Escape") done();
      }}
    />
  );
}

function Delete({ shelf, one, done }: Props & { done(): void }) {
  return (
    <Dialog title={`Delete “${one.name}”?`} close={done}>
      <p>Its cells and their outputs are gone then, and its kernel ends. To keep a copy, download it first.</p>
      <div class="buttons">
        <button type="button" class="button" onClick={done}>
          Keep it
        </button>
        <button
          type="button"
          class="button is-bad"
          onClick={() => {
            done();
            void shelf.remove(one);
          }}
        >
          Delete
        </button>
      </div>
    </Dialog>
  );
}
