/** The panels: a rail of icons, and the one that is open. */
import { useLoaded } from "../outputs/loaded";
import { type PanelEntry, PANELS } from "../panels/panel";
import { Icon } from "./Icon";
import type { NotebookView } from "./view";

export function Sidebar({ view }: { view: NotebookView }) {
  const open = PANELS.find((panel) => panel.id === view.panel.value);
  return (
    <>
      <nav class="rail" aria-label="Panels">
        {PANELS.map((panel) => (
          <button
            key={panel.id}
            type="button"
            class="icon-button"
            aria-label={panel.title}
            title={panel.title}
            aria-pressed={panel === open}
            onClick={() => view.openPanel(panel === open ? null : panel.id)}
          >
            <Icon name={panel.icon} />
          </button>
        ))}
      </nav>
      {open !== undefined && <Panel key={open.id} view={view} panel={open} />}
    </>
  );
}

function Panel({ view, panel }: { view: NotebookView; panel: PanelEntry }) {
  const Content = useLoaded(panel);
  return (
    <aside class={`panel is-${panel.id}`} aria-label={panel.title}>
      <header>
        <h2>{panel.title}</h2>
        <button type="button" class="icon-button" aria-label="Close the panel" onClick={() => view.openPanel(null)}>
          <Icon name="close" />
        </button>
      </header>
      <div class="panel-content">
        {Content instanceof Error ? (
          <p class="empty">The panel could not be loaded.</p>
        ) : (
          Content && <Content view={view} />
        )}
      </div>
    </aside>
  );
}
