/** Names for what the service says over a notebook's WebSocket and is told there. */
import type { components } from "../service/generated/live";

export type Live = components["schemas"];
export type ServerEvent = Live["ServerEvent"];
export type ClientCommand = Live["ClientCommand"];
export type Reply = Live["Reply"];
export type NotebookState = Live["NotebookStateEvent"];
export type CellResponse = Live["CellResponse"];
export type CellType = CellResponse["type"];
export type CellStatus = CellResponse["status"];
export type StaleReason = Live["StaleReason"];
export type GraphEdge = Live["GraphEdge"];
export type Presence = Live["Presence"];
export type CommEvent = Live["CommOpened"] | Live["CommMessage"] | Live["CommClosed"];

/** A command as the page makes it: the connection gives it its id. */
export type Say = ClientCommand extends infer One ? (One extends { id: string } ? Omit<One, "id"> : never) : never;

/** An output in nbformat's shape. */
export interface Output {
  output_type: "stream" | "display_data" | "execute_result" | "error";
  name?: string;
  text?: string | string[];
  data?: Record<string, unknown>;
  metadata?: Record<string, unknown>;
  execution_count?: number | null;
  ename?: string;
  evalue?: string;
  traceback?: string[];
}
