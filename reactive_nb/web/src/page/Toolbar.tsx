/** The bar above a notebook: its name, its kernel, and what concerns all of it. */
import { useState } from "preact/hooks";

import { wantsRun } from "../cell/status";
import { COMMANDS } from "../commands/commands";
import { Icon } from "./Icon";
import { Menu } from "./Menu";
import { People } from "./People";
import { appLink, LIST } from "./route";
import { colours, toggleTheme } from "./theme";
import type { NotebookView } from "./view";

const KERNEL: Record<string, string> = {
  none: "no kernel yet",
  starting: "kernel starts",
  idle: "kernel ready",
  busy: "kernel works",
  restarting: "kernel restarts",
  dead: "kernel died",
  disconnected: "kernel lost",
};
const IN_MENU = [
  "run.all",
  "kernel.restart",
  "kernel.restart-run",
  "kernel.shutdown",
  "notebook.mode",
  "notebook.database",
  "notebook.save-page",
  "notebook.save-ipynb",
  "notebook.save-py",
  "notebook.save-html",
  "notebook.save-md",
  "page.palette",
  "page.theme",
];

export function Toolbar({ view }: { view: NotebookView }) {
  const { session } = view;
  const { mirror } = session;
  const kernel = mirror.kernel.value;
  const stale = mirror.cells().filter(wantsRun).length;
  const busy = mirror.runs.value.size > 0;
  const lazy = mirror.settings.value?.mode === "lazy";
  const entries = IN_MENU.flatMap((id) => COMMANDS.find((one) => one.id === id) ?? []);
  return (
    <header class="toolbar">
      <a class="icon-button" href={LIST} aria-label="All notebooks" title="All notebooks">
        <Icon name="back" />
      </a>
      <Name view={view} />
      <span class="spread" />
      <People view={view} />
      <span class={`kernel is-${kernel?.state ?? "none"}`} title={kernel?.message ?? mirror.kernelName.value}>
        <span class="dot" aria-hidden="true" />
        <span class="kernel-word">{KERNEL[kernel?.state ?? "none"] ?? kernel?.state}</span>
      </span>
      <button
        type="button"
        class="button mode-switch"
        aria-pressed={!lazy}
        title={
          lazy
            ? "What depends on a cell only becomes stale when it runs. Click to run it too."
            : "What depends on a cell runs after it. Click to only mark it stale."
        }
        onClick={() => COMMANDS.find((one) => one.id === "notebook.mode")?.run(view)}
      >
        {lazy ? "Lazy" : "Reactive"}
      </button>
      <button
        type="button"
        class="button is-main"
        disabled={stale === 0}
        onClick={() => void session.runSelection({})}
        title="Run everything that is out of date"
      >
        <Icon name="run" />
        {stale > 0 ? `Run ${stale} stale` : busy ? "Running" : "Up to date"}
      </button>
      <button
        type="button"
        class="icon-button"
        aria-label="Interrupt the kernel"
        title="Interrupt (i i)"
        disabled={!busy}
        onClick={() => void session.say({ type: "kernel.interrupt" })}
      >
        <Icon name="stop" />
      </button>
      <button
        type="button"
        class="icon-button"
        aria-label="Restart the kernel"
        title="Restart the kernel (0 0)"
        onClick={() => void session.say({ type: "kernel.restart" })}
      >
        <Icon name="restart" />
      </button>
      <a class="icon-button" href={appLink(session.notebookId)} aria-label="View as app" title="View as app: no code">
        <Icon name="eye" />
      </a>
      <button type="button" class="icon-button" aria-label="Light or dark" title="Light or dark" onClick={toggleTheme}>
        <Icon name={colours.value === "dark" ? "sun" : "moon"} />
      </button>
      <Menu
        label="More for this notebook"
        entries={entries.map((one) => ({
          title: one.title,
          keys: one.keys?.[0] ?? one.anywhere?.[0],
          run: () => one.run(view),
        }))}
      />
    </header>
  );
}

function Name({ view }: { view: NotebookView }) {
  const name = view.session.mirror.name.value;
  const [typed, setTyped] = useState<string | null>(null);
  const done = () => {
    if (typed !== null && typed.trim() !== "" && typed !== name) {
      void view.session.say({ type: "notebook.update", name: typed.trim() });
    }
    setTyped(null);
  };
  return (
    <input
      class="notebook-name"
      aria-label="Name of the notebook"
      value={typed ?? name}
      size={Math.max((typed ?? name).length, 8)}
      onInput={(event) => setTyped(event.currentTarget.value)}
      onBlur={done}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Enter") event.currentTarget.blur();
        if (event.key === "Escape") {
          setTyped(null);
          event.currentTarget.blur();
        }
      }}
    />
  );
}
