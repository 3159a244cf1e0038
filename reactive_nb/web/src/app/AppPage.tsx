/** A notebook for readers: what it says and shows, with its widgets; no code, nothing to edit. */
import { lazy, Suspense } from "preact/compat";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import { useNear } from "../cell/near";
import { wantsRun } from "../cell/status";
import { OutputView } from "../outputs/OutputView";
import { Icon } from "../page/Icon";
import { KernelBar } from "../page/KernelBar";
import { LinkBar } from "../page/LinkBar";
import { NoticeBar } from "../page/Notice";
import { Question } from "../page/Question";
import { notebookLink } from "../page/route";
import { colours, toggleTheme } from "../page/theme";
import { NotebookView } from "../page/view";
import type { CellState } from "../session/cell";
import { NotebookSession } from "../session/session";
import { saved } from "./saved";
import { shownOutputs, shownText } from "./shown";

const Prose = lazy(() => import("../outputs/Prose"));

export function AppPage({ id }: { id: string }) {
  const view = useMemo(() => new NotebookView(new NotebookSession(id)), [id]);
  useEffect(() => () => view.close(), [view]);
  const { session } = view;
  const { mirror } = session;
  const cells = mirror.cells();
  const name = mirror.name.value;
  useEffect(() => {
    document.title = name === "" ? "reactive-nb" : name;
  }, [name]);
  const nothing = cells.every((cell) => shownText(cell) === null && shownOutputs(cell).length === 0);
  return (
    <div class="app-page">
      <Bar view={view} />
      <LinkBar session={session} />
      <KernelBar session={session} />
      <div class="app-scrolled">
        <main class="app-cells">
          {mirror.ready.value
            ? cells.map((cell) => <AppCell key={cell.id} session={session} cell={cell} />)
            : session.connection.link.value !== "ended" && <p class="empty">Opening…</p>}
          {mirror.ready.value && nothing && <p class="empty">There is nothing to see yet: run the notebook.</p>}
        </main>
      </div>
      <Question view={view} />
      <NoticeBar session={session} />
    </div>
  );
}

function Bar({ view }: { view: NotebookView }) {
  const { session } = view;
  const stale = session.mirror.cells().filter(wantsRun).length;
  const busy = session.mirror.runs.value.size > 0;
  const [saving, setSaving] = useState(false);
  return (
    <header class="toolbar">
      <a
        class="icon-button"
        href={notebookLink(session.notebookId)}
        aria-label="Back to the notebook"
        title="Back to the notebook"
      >
        <Icon name="back" />
      </a>
      <h1 class="app-name">{session.mirror.name.value}</h1>
      <span class="spread" />
      {(stale > 0 || busy) && (
        <button type="button" class="button" disabled={stale === 0} onClick={() => void session.runSelection({})}>
          <Icon name="run" /> {stale > 0 ? "Bring up to date" : "Running"}
        </button>
      )}
      <button
        type="button"
        class="button"
        disabled={saving || !session.mirror.ready.value}
        title="Save what is seen here as one HTML file"
        onClick={() => {
          setSaving(true);
          void saved(session).then(() => setSaving(false));
        }}
      >
        <Icon name="down" /> <span class="app-save">{saving ? "Saving…" : "Save as HTML"}</span>
      </button>
      <button type="button" class="icon-button" aria-label="Light or dark" title="Light or dark" onClick={toggleTheme}>
        <Icon name={colours.value === "dark" ? "sun" : "moon"} />
      </button>
    </header>
  );
}

function AppCell({ session, cell }: { session: NotebookSession; cell: CellState }) {
  const place = useRef<HTMLElement>(null);
  const near = useNear(place);
  const made = useRef(false);
  if (near) made.current = true;
  const text = shownText(cell);
  const outputs = shownOutputs(cell);
  const status = cell.status.value;
  const nothing = text === null && outputs.length === 0;
  return (
    <section
      ref={place}
      class={`app-cell is-${status}${nothing ? " is-empty" : ""}`}
      data-cell={cell.id}
      data-status={status}
    >
      {made.current && text !== null && (
        <Suspense fallback={<p>{text}</p>}>
          <Prose text={text} />
        </Suspense>
      )}
      {made.current &&
        outputs.map((output, index) => (
          <div class="output" key={index}>
            <OutputView session={session} cell={cell} output={output} />
          </div>
        ))}
    </section>
  );
}
