/** Save the app view as a file; what does so is loaded when it is first asked for. */
import type { NotebookSession } from "../session/session";

/** Ends when it is saved, or the user was told why not. */
export async function saved(session: NotebookSession): Promise<void> {
  try {
    const { savePage } = await import("../sharing/save");
    await savePage(session);
  } catch (problem) {
    session.tell("problem", `The page could not be saved. ${problem instanceof Error ? problem.message : ""}`);
  }
}
