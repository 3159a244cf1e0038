/** Notebooks as documents: listed, made, taken in from files, copied, renamed, deleted, and saved as files. */
import { answered, rest, type Schemas } from "./rest";

export type Summary = Schemas["NotebookSummaryResponse"];
type Made = Pick<Schemas["NotebookResponse"], "id" | "name">;

const PAGE = 100;

/** All notebooks, the one changed last first. */
export async function allNotebooks(): Promise<Summary[]> {
  const found: Summary[] = [];
  let cursor: string | null = null;
  do {
    const query: { cursor?: string; limit: number } = cursor === null ? { limit: PAGE } : { cursor, limit: PAGE };
    const page: Schemas["NotebookList"] = await answered(rest.GET("/api/v1/notebooks", { params: { query } }));
    found.push(...page.notebooks);
    cursor = page.cursor;
  } while (cursor !== null);
  return found;
}

export function newNotebook(): Promise<Made> {
  const cells = [{ type: "python" as const, source: "" }];
  return answered(rest.POST("/api/v1/notebooks", { body: { name: "Untitled", cells } }));
}

export function renameNotebook(id: string, name: string): Promise<Made> {
  const path = { notebook_id: id };
  return answered(rest.PUT("/api/v1/notebooks/{notebook_id}/name", { params: { path }, body: { name } }));
}

export function deleteNotebook(id: string): Promise<unknown> {
  const path = { notebook_id: id };
  return answered(rest.DELETE("/api/v1/notebooks/{notebook_id}", { params: { path } }));
}

export function shutKernelDown(id: string): Promise<unknown> {
  const path = { notebook_id: id };
  return answered(rest.POST("/api/v1/notebooks/{notebook_id}/shutdown", { params: { path } }));
}

/** The files that notebooks are made of, by the end of their names: what the service takes. */
const MEDIA_TYPES = { ".ipynb": "application/x-ipynb+json", ".py": "text/x-python" } as const;
export const IMPORTED = Object.keys(MEDIA_TYPES);

/** A notebook made of a file, named as the file is. Throws Error, for people, for what is no such file. */
export async function importNotebook(file: File): Promise<Made> {
  const [, name = file.name, suffix = ""] = /^(.*?)(\.[^.]*)?$/.exec(file.name) ?? [];
  const type = MEDIA_TYPES[suffix.toLowerCase() as keyof typeof MEDIA_TYPES] as string | undefined;
  if (type === undefined) throw new Error(`Notebooks come from files that end in ${IMPORTED.join(" or ")}.`);
  return await taken(await file.arrayBuffer(), type, name);
}

/** A copy, outputs included. */
export async function duplicateNotebook(one: Pick<Summary, "id" | "name">): Promise<Made> {
  const content = await exported(one.id, "ipynb");
  return await taken(await content.arrayBuffer(), MEDIA_TYPES[".ipynb"], `${one.name} copy`);
}

const LONGEST_NAME = 200;

function taken(content: ArrayBuffer, type: string, name: string): Promise<Made> {
  const query = name.trim() === "" ? {} : { name: name.trim().slice(0, LONGEST_NAME) };
  return answered(
    rest.POST("/api/v1/notebooks/import", {
      params: { query },
      headers: { "Content-Type": type },
      body: content as never, // the file as it is
      bodySerializer: (body: unknown) => body as ArrayBuffer,
    }),
  );
}

export type ExportFormat = Schemas["ExportFormat"];

/** What a notebook can be saved as, in words. */
export const EXPORTS: Readonly<Record<ExportFormat, string>> = {
  ipynb: "Jupyter notebook (.ipynb)",
  py: "Python script (.py)",
  html: "page with its code (.html)",
  md: "Markdown (.md)",
};

function exported(id: string, format: ExportFormat): Promise<Blob> {
  const params = { path: { notebook_id: id }, query: { format } };
  return answered(
    rest.GET("/api/v1/notebooks/{notebook_id}/export", { params, parseAs: "blob" }),
  ) as unknown as Promise<Blob>;
}

/** Save a notebook as a file, where the browser puts such. */
export async function saveNotebook(one: Pick<Summary, "id" | "name">, format: ExportFormat): Promise<void> {
  saveFile(await exported(one.id, format), `${one.name}.${format}`);
}

const KEPT_MS = 60_000;

export function saveFile(content: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name.replace(/[/\\]/g, "_");
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS);
}
