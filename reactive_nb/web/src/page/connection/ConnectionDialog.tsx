/** What the notebook's SQL cells run on: seen, tried, set and removed. */
import { useEffect, useState } from "preact/hooks";

import { type Database, readDatabase, removeDatabase, setDatabase, tryDatabase } from "../../service/database";
import { Dialog } from "../Dialog";
import type { NotebookView } from "../view";
import { Field } from "./Field";
import { type Fields, fieldsOf, type Kind, KINDS, urlOf } from "./url";

interface Told {
  readonly ok: boolean;
  readonly message: string;
}

export function ConnectionDialog({ view }: { view: NotebookView }) {
  return view.connecting.value ? <Open view={view} /> : null;
}

function Open({ view }: { view: NotebookView }) {
  const id = view.session.notebookId;
  const current = view.session.mirror.settings.value?.database ?? null;
  const [fields, setFields] = useState<Fields>(() => fieldsOf(current));
  const [told, setTold] = useState<Told | null>(null);
  const [busy, setBusy] = useState(false);
  const close = () => (view.connecting.value = false);
  const doing = async (asked: Promise<Database>): Promise<boolean> => {
    setBusy(true);
    setTold(null);
    const answer = await asked.catch((problem: Error): Told => ({ ok: false, message: problem.message }));
    setBusy(false);
    setTold(answer);
    return answer.ok;
  };
  useEffect(() => {
    if (current !== null) void doing(readDatabase(id));
  }, []);
  const connect = async () => {
    if (!(await doing(setDatabase(id, urlOf(fields))))) return;
    view.session.tell("note", `SQL cells run on ${KINDS[fields.kind].name} now.`);
    close();
  };
  const remove = async () => {
    const gone = removeDatabase(id).then(() => readDatabase(id));
    if (await doing(gone)) setFields(fieldsOf(null));
  };
  return (
    <Dialog title="Database of the SQL cells" close={close}>
      <p class="connection-now">
        {current === null ? (
          "SQL cells run on DuckDB now, over this notebook's dataframes."
        ) : (
          <>
            Now: <code>{current}</code>
          </>
        )}
      </p>
      <form
        class="connection-form"
        onSubmit={(event) => {
          event.preventDefault();
          void connect();
        }}
      >
        <FieldsOfKind fields={fields} change={(next) => setFields({ ...fields, ...next })} known={current !== null} />
        <p class={`connection-told${told === null ? "" : told.ok ? " is-good" : " is-bad"}`} role="status">
          {busy ? "Trying the connection…" : told?.message}
        </p>
        <div class="buttons">
          {current !== null && (
            <button type="button" class="button is-bad" disabled={busy} onClick={() => void remove()}>
              Remove
            </button>
          )}
          <span class="spread" />
          <button
            type="button"
            class="button"
            disabled={busy}
            onClick={() => void doing(tryDatabase(id, urlOf(fields)))}
          >
            Test
          </button>
          <button type="submit" class="button is-main" disabled={busy}>
            Connect
          </button>
        </div>
      </form>
    </Dialog>
  );
}

interface FieldsProps {
  fields: Fields;
  /** Whether there is a connection whose password is kept. */
  known: boolean;
  change(next: Partial<Fields>): void;
}

function FieldsOfKind({ fields, known, change }: FieldsProps) {
  const { kind } = fields;
  const server = kind !== "sqlite" && kind !== "other";
  return (
    <>
      <label class="field">
        <span>Kind</span>
        <select value={kind} onChange={(event) => change({ kind: event.currentTarget.value as Kind })}>
          {Object.entries(KINDS).map(([one, { name }]) => (
            <option key={one} value={one}>
              {name}
            </option>
          ))}
        </select>
      </label>
      {server && (
        <>
          <Field label="Host" value={fields.host} hint="localhost" put={(host) => change({ host })} />
          <Field label="Port" value={fields.port} hint={KINDS[kind].port} put={(port) => change({ port })} />
        </>
      )}
      {kind !== "other" && (
        <Field
          label={kind === "sqlite" ? "File" : "Database"}
          value={fields.database}
          hint={kind === "sqlite" ? "shop.db, found from where the kernel works" : ""}
          put={(database) => change({ database })}
        />
      )}
      {server && (
        <>
          <Field label="User" value={fields.user} put={(user) => change({ user })} />
          <Field
            label="Password"
            secret
            value={fields.password}
            hint={known ? "to change anything, type it again" : ""}
            put={(password) => change({ password })}
          />
        </>
      )}
      {kind === "other" && (
        <Field
          label="Address"
          value={fields.url}
          hint="mssql+pyodbc://user:password@host/database"
          put={(url) => change({ url })}
        />
      )}
      {kind !== "sqlite" && <p class="faint">The password is kept apart from the notebook, and is not shown again.</p>}
    </>
  );
}
