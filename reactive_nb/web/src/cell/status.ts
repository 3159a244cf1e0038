/** How a cell's status is said and drawn. */
import type { IconName } from "../page/Icon";
import type { CellState } from "../session/cell";
import type { CellStatus } from "../session/types";

export interface StatusWords {
  readonly word: string;
  readonly icon: IconName | null;
}

export const STATUS: Record<CellStatus, StatusWords> = {
  idle: { word: "has not run", icon: null },
  queued: { word: "waits for its turn", icon: "stale" },
  running: { word: "runs", icon: null },
  success: { word: "up to date", icon: "check" },
  error: { word: "failed", icon: "error" },
  blocked: { word: "blocked", icon: "blocked" },
  stale: { word: "out of date", icon: "stale" },
  disabled: { word: "disabled", icon: "blocked" },
};

/** Whether a cell can run at all. */
export function runs(cell: CellState): boolean {
  return cell.type.value !== "markdown" && cell.type.value !== "raw";
}

/** Whether a cell is out of date, or has not run at all. */
export function wantsRun(cell: CellState): boolean {
  const status = cell.status.value;
  return status === "stale" || (status === "idle" && runs(cell) && cell.shown.value.trim() !== "");
}

/** A duration as people read it. */
export function duration(ms: number): string {
  if (ms < 1) return "<1 ms";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  const minutes = Math.floor(ms / 60_000);
  return `${minutes} min ${Math.round((ms % 60_000) / 1000)} s`;
}
