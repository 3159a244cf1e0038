/** Commands about the notebook as a document: its database, and files made of it. */
import { saved } from "../app/saved";
import { appLink } from "../page/route";
import type { NotebookView } from "../page/view";
import { type ExportFormat, EXPORTS, saveNotebook } from "../service/notebooks";
import type { Command } from "./command";

async function save({ session }: NotebookView, format: ExportFormat): Promise<void> {
  try {
    await session.settled();
    await saveNotebook({ id: session.notebookId, name: session.mirror.name.peek() }, format);
  } catch (problem) {
    session.tell("problem", problem instanceof Error ? problem.message : String(problem));
  }
}

export const DOCUMENT_COMMANDS: readonly Command[] = [
  {
    id: "notebook.app",
    title: "View as app",
    run: ({ session }) => (window.location.hash = appLink(session.notebookId)),
  },
  {
    id: "notebook.save-page",
    title: "Save as one HTML file, without code",
    run: ({ session }) => void saved(session),
  },
  {
    id: "notebook.database",
    title: "Database of the SQL cells…",
    run: (view) => (view.connecting.value = true),
  },
  ...(Object.entries(EXPORTS) as [ExportFormat, string][]).map(([format, title]): Command => ({
    id: `notebook.save-${format}`,
    title: `Download as ${title}`,
    run: (view) => void save(view, format),
  })),
];
