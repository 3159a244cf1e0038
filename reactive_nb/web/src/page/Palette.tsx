/** All commands, found by typing. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

import { COMMANDS, shownKey } from "../commands/commands";
import type { NotebookView } from "./view";

export function Palette({ view }: { view: NotebookView }) {
  return view.palette.value ? <Open view={view} /> : null;
}

function Open({ view }: { view: NotebookView }) {
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const mode = useRef(view.mode.peek());
  const found = useMemo(() => {
    const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
    return COMMANDS.filter(({ id, title }) => words.every((word) => `${title} ${id}`.toLowerCase().includes(word)));
  }, [typed]);
  useLayoutEffect(() => input.current?.focus(), []);
  useEffect(() => list.current?.children[at]?.scrollIntoView({ block: "nearest" }), [at]);
  const close = () => {
    view.palette.value = false;
    const id = view.selected.peek();
    if (id !== null && mode.current === "edit") view.edit(id);
    else view.select(id, false);
  };
  const choose = (index: number) => {
    const command = found[index];
    close();
    command?.run(view);
  };
  const pressed = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.key === "Escape") close();
    else if (event.key === "Enter") choose(at);
    else if (event.key === "ArrowDown") setAt(Math.min(at + 1, found.length - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(at - 1, 0));
    else return;
    event.preventDefault();
  };
  return (
    <div class="overlay" onPointerDown={(event) => event.target === event.currentTarget && close()}>
      <div class="palette" role="dialog" aria-modal="true" aria-label="All commands" onKeyDown={pressed}>
        <input
          ref={input}
          type="text"
          value={typed}
          placeholder="What do you want to do?"
          role="combobox"
          aria-expanded="true"
          aria-controls="palette-list"
          aria-activedescendant={`palette-${at}`}
          aria-label="Search commands"
          onInput={(event) => {
            setTyped(event.currentTarget.value);
            setAt(0);
          }}
        />
        <ul ref={list} id="palette-list" role="listbox" aria-label="Commands">
          {found.map((command, index) => (
            <li
              key={command.id}
              id={`palette-${index}`}
              role="option"
              aria-selected={index === at}
              onPointerMove={() => setAt(index)}
              onClick={() => choose(index)}
            >
              <span>{command.title}</span>
              <span class="keys">
                {[...(command.keys ?? []), ...(command.anywhere ?? [])].slice(0, 2).map((key) => (
                  <kbd key={key}>{shownKey(key)}</kbd>
                ))}
              </span>
            </li>
          ))}
        </ul>
        {found.length === 0 && <p class="empty">No command has these words.</p>}
      </div>
    </div>
  );
}
