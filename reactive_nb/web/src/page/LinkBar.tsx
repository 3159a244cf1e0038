/** Says when the page is cut off, or the notebook can't be stored. */
import { useLasted } from "./lasted";
import { LIST } from "./route";
import type { NotebookSession } from "../session/session";

export function LinkBar({ session }: { session: NotebookSession }) {
  const { link, ending } = session.connection;
  const problem = session.mirror.storageProblem.value;
  const late = useLasted(link.value !== "open");
  if (link.value === "ended") {
    return (
      <p class="bar is-problem" role="alert">
        {ending.value ?? "The connection has ended."} <a href={LIST}>All notebooks</a>
      </p>
    );
  }
  if (link.value !== "open" && late && session.mirror.ready.value) {
    return (
      <p class="bar is-warning" role="status">
        Not connected to the service; trying again. What you type is kept and sent once it is back.
      </p>
    );
  }
  if (problem !== null) {
    return (
      <p class="bar is-problem" role="alert">
        The latest changes are not stored yet: {problem}
      </p>
    );
  }
  return null;
}
