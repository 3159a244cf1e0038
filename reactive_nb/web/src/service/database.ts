/** The database that a notebook's SQL cells run on. Passwords go to the service, and never come back. */
import { answered, rest, type Schemas } from "./rest";

export type Database = Schemas["DatabaseResponse"];

const at = (id: string) => ({ params: { path: { notebook_id: id } } });

/** What it is now, and whether it can be reached. */
export function readDatabase(id: string): Promise<Database> {
  return answered(rest.GET("/api/v1/notebooks/{notebook_id}/db", at(id)));
}

/** Try a connection, and change nothing. */
export function tryDatabase(id: string, url: string): Promise<Database> {
  return answered(rest.PUT("/api/v1/notebooks/{notebook_id}/db", { ...at(id), body: { url, test: true } }));
}

/** Set it, if it can be reached: `ok` says so. */
export function setDatabase(id: string, url: string): Promise<Database> {
  return answered(rest.PUT("/api/v1/notebooks/{notebook_id}/db", { ...at(id), body: { url, test: false } }));
}

/** Back to DuckDB; the password is forgotten. */
export function removeDatabase(id: string): Promise<unknown> {
  return answered(rest.DELETE("/api/v1/notebooks/{notebook_id}/db", at(id)));
}
