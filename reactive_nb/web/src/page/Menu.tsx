/** A button that opens a list of things to do; keys as in any menu. */
import { useEffect, useRef, useState } from "preact/hooks";

import { shownKey } from "../commands/commands";
import { Icon, type IconName } from "./Icon";

export interface MenuEntry {
  readonly title: string;
  readonly keys?: string | undefined;
  run(): void;
}

export function Menu({
  label,
  entries,
  icon = "menu",
}: {
  label: string;
  entries: readonly MenuEntry[];
  icon?: IconName;
}) {
  const [open, setOpen] = useState(false);
  const place = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!open) return;
    place.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus();
    const away = (event: Event) => {
      if (!place.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", away);
    return () => document.removeEventListener("pointerdown", away);
  }, [open]);
  const pressed = (event: KeyboardEvent) => {
    const items = [...(place.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
    const at = items.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    if (to !== undefined) items[(to + items.length) % items.length]?.focus();
    else if (event.key === "Escape") {
      setOpen(false);
      button.current?.focus();
    } else if (event.key !== "Tab") {
      if (event.key !== "Enter" && event.key !== " ") event.preventDefault();
      event.stopPropagation();
      return;
    } else setOpen(false);
    if (event.key !== "Tab") event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="menu" ref={place}>
      <button
        ref={button}
        type="button"
        class="icon-button"
        aria-haspopup="menu"
        aria-expanded={open}
        aria-label={label}
        title={label}
        onClick={() => setOpen(!open)}
      >
        <Icon name={icon} />
      </button>
      {open && (
        <div class="menu-list" role="menu" aria-label={label} onKeyDown={pressed}>
          {entries.map((entry) => (
            <button
              key={entry.title}
              type="button"
              role="menuitem"
              tabIndex={-1}
              onClick={() => {
                setOpen(false);
                button.current?.focus();
                entry.run();
              }}
            >
              <span>{entry.title}</span>
              {entry.keys !== undefined && <kbd>{shownKey(entry.keys)}</kbd>}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
