/** Who else has the notebook open, and where each of them is. */
import type { Presence } from "../session/types";
import { Avatar } from "./Avatar";
import type { NotebookView } from "./view";

const MOST_SHOWN = 4;

export function People({ view }: { view: NotebookView }) {
  const { session } = view;
  const others = session.others.value;
  if (others.length === 0) return null;
  return (
    <span class="people" role="group" aria-label="Others who are here">
      {others.slice(0, MOST_SHOWN).map((person) => (
        <Person key={person.client_id} view={view} person={person} />
      ))}
      <span class="people-count" title={others.map((one) => one.user_name).join(", ")}>
        {others.length + 1} here
      </span>
    </span>
  );
}

function Person({ view, person }: { view: NotebookView; person: Presence }) {
  const { mirror } = view.session;
  const { cell_id: at, user_name: name } = person;
  const cell = at === null || !mirror.order.value.includes(at) ? undefined : mirror.cell(at);
  const where = cell === undefined ? "" : `, at: ${cell.label.value}`;
  return (
    <button
      type="button"
      class="person"
      disabled={cell === undefined}
      title={`${name}${where}`}
      aria-label={`${name}${where}`}
      onClick={() => cell !== undefined && view.reveal(cell.id)}
    >
      <Avatar person={person} />
    </button>
  );
}

/** Those who are at a cell. */
export function PeopleAt({ view, id }: { view: NotebookView; id: string }) {
  const people = view.look(id).people.value;
  if (people.length === 0) return null;
  const names = people.map((one) => one.user_name).join(", ");
  return (
    <span class="people-at" role="img" aria-label={`${names} here`} title={names}>
      {people.slice(0, MOST_SHOWN).map((person) => (
        <Avatar key={person.client_id} person={person} />
      ))}
    </span>
  );
}
