/** The bar to find and replace in the whole notebook. */
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

import { type Match, matches, pattern, replacedAll, replacedOne, type Wanted } from "./find";
import { Icon } from "./Icon";
import type { NotebookView } from "./view";

export function FindBar({ view }: { view: NotebookView }) {
  return view.finding.value ? <Open view={view} /> : null;
}

function Open({ view }: { view: NotebookView }) {
  const [wanted, setWanted] = useState<Wanted>({ text: "", regex: false, exactCase: false });
  const [by, setBy] = useState("");
  const [at, setAt] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const cells = view.session.mirror.cells();
  const sources = cells.map((cell) => cell.shown.value);
  const found = useMemo(() => matches(cells, wanted), [wanted, sources.join("\u0000")]);
  useLayoutEffect(() => input.current?.focus(), []);
  const go = (index: number, among = found) => {
    const match = among[(index + among.length) % among.length];
    setAt(among.length === 0 ? 0 : (index + among.length) % among.length);
    if (match !== undefined) void view.show(match.cell.id, match.from, match.to);
  };
  const change = (next: Partial<Wanted>) => {
    const whole = { ...wanted, ...next };
    setWanted(whole);
    go(0, matches(cells, whole));
  };
  const close = () => {
    view.finding.value = false;
    view.select(view.selected.peek(), false);
  };
  const replace = () => {
    const match: Match | undefined = found[at];
    if (match === undefined) return;
    view.session.edit(match.cell, replacedOne(match.cell.shown.peek(), match, wanted, by));
    const rest = matches(cells, wanted);
    go(Math.min(at, Math.max(rest.length - 1, 0)), rest);
  };
  const replaceAll = () => {
    const changed = new Set(found.map((match) => match.cell));
    for (const cell of changed) view.session.edit(cell, replacedAll(cell.shown.peek(), wanted, by));
    view.session.drafts.sendAll();
    view.session.tell("note", `${found.length} replaced in ${changed.size} ${changed.size === 1 ? "cell" : "cells"}.`);
  };
  const bad = wanted.text !== "" && pattern(wanted) === null;
  const count =
    wanted.text === ""
      ? ""
      : bad
        ? "no regular expression"
        : found.length === 0
          ? "not found"
          : `${at + 1} of ${found.length}`;
  return (
    <div
      class="find"
      role="search"
      aria-label="Find and replace"
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Escape") close();
      }}
    >
      <input
        ref={input}
        type="text"
        aria-label="Find"
        placeholder="Find"
        value={wanted.text}
        onInput={(event) => change({ text: event.currentTarget.value })}
        onKeyDown={(event) => {
          if (event.key === "Enter") go(at + (event.shiftKey ? -1 : 1));
        }}
      />
      <button
        type="button"
        class="button"
        aria-pressed={wanted.exactCase}
        title="Upper and lower case as written"
        onClick={() => change({ exactCase: !wanted.exactCase })}
      >
        Aa
      </button>
      <button
        type="button"
        class="button"
        aria-pressed={wanted.regex}
        title="Regular expression"
        onClick={() => change({ regex: !wanted.regex })}
      >
        .*
      </button>
      <span class="faint find-count" role="status">
        {count}
      </span>
      <button type="button" class="icon-button" aria-label="The one before" onClick={() => go(at - 1)}>
        <Icon name="up" />
      </button>
      <button type="button" class="icon-button" aria-label="The next" onClick={() => go(at + 1)}>
        <Icon name="down" />
      </button>
      <input
        type="text"
        aria-label="Replace by"
        placeholder="Replace by"
        value={by}
        onInput={(event) => setBy(event.currentTarget.value)}
      />
      <button type="button" class="button" disabled={found.length === 0} onClick={replace}>
        Replace
      </button>
      <button type="button" class="button" disabled={found.length === 0} onClick={replaceAll}>
        All
      </button>
      <button type="button" class="icon-button" aria-label="Close" onClick={close}>
        <Icon name="close" />
      </button>
    </div>
  );
}
