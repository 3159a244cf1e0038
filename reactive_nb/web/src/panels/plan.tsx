/** What a run of all that is stale would run, in which order and why; nothing is run to find out. */
import { useEffect, useState } from "preact/hooks";

import { CellLink } from "../cell/CellFacts";
import type { Schemas } from "../service/rest";
import type { PanelProps } from "./panel";

type Planned = Schemas["PlannedCell"];

const REST_MS = 250;

export default function Plan({ view }: PanelProps) {
  const { session } = view;
  const { mirror } = session;
  const [plan, setPlan] = useState<readonly Planned[] | null>(null);
  const known = mirror
    .cells()
    .map((cell) => `${cell.id} ${cell.status.value} ${cell.config.value.mode}`)
    .join();
  const link = session.connection.link.value;
  useEffect(() => {
    const timer = window.setTimeout(() => {
      session.connection.ask({ type: "notebook.run", plan: true }).then(
        (reply) => setPlan((reply.result?.["plan"] as Planned[] | undefined) ?? []),
        () => setPlan(null),
      );
    }, REST_MS);
    return () => window.clearTimeout(timer);
  }, [session, known, link]);
  if (plan === null) return <p class="empty">Asking the service…</p>;
  if (plan.length === 0) return <p class="empty">Everything is up to date: nothing would run.</p>;
  return (
    <div class="plan">
      <p class="faint">
        {plan.length === 1 ? "One cell" : `${plan.length} cells`} would run, in this order. What is only learned by
        running can change it.
      </p>
      <ol>
        {plan.map((planned) => (
          <li key={planned.id}>
            <CellLink view={view} id={planned.id}>
              {planned.label}
            </CellLink>
            <span class="faint">{[...planned.stale_because, ...planned.because][0]?.message}</span>
          </li>
        ))}
      </ol>
      <button type="button" class="button is-main" onClick={() => void session.runSelection({})}>
        Run them
      </button>
    </div>
  );
}
