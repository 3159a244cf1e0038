/** A cell as the page knows it: each part a signal, so that what changes redraws what shows it, and nothing else. */
import { computed, signal } from "@preact/signals";

import type { CellResponse, CellType, Live, Output, StaleReason } from "./types";

/** What was typed and the service has not confirmed. */
export interface Draft {
  readonly text: string;
  /** The confirmed source that it was made from, and that source's revision. */
  readonly base: string;
  readonly baseRevision: number;
  /** Whether others have changed the same place meanwhile: nothing is sent until somebody decides. */
  readonly conflict: boolean;
}

export class CellState {
  readonly id: string;
  /** The type that the service has. */
  readonly toldType = signal<CellType>("python");
  /** The type that was asked for, as long as the service has not answered. */
  readonly wantedType = signal<CellType | null>(null);
  /** The type that it is to be seen as: keys that follow at once are meant for a cell of that type. */
  readonly type = computed(() => this.wantedType.value ?? this.toldType.value);
  /** The source as the service has it. */
  readonly source = signal("");
  readonly revision = signal(0);
  readonly config = signal<CellResponse["config"]>(BLANK.config);
  readonly status = signal<CellResponse["status"]>("idle");
  readonly outputs = signal<readonly Output[]>([]);
  readonly executionCount = signal<number | null>(null);
  readonly error = signal<Live["CellErrorModel"] | null>(null);
  readonly staleBecause = signal<readonly StaleReason[]>([]);
  readonly startedAt = signal<string | null>(null);
  readonly durationMs = signal<number | null>(null);
  readonly defines = signal<readonly string[]>([]);
  readonly uses = signal<readonly string[]>([]);
  readonly unresolved = signal<readonly string[]>([]);
  readonly upstream = signal<readonly string[]>([]);
  readonly downstream = signal<readonly string[]>([]);

  readonly draft = signal<Draft | null>(null);
  /** The source as it is to be seen: what was typed, else what the service has. */
  readonly shown = computed(() => this.draft.value?.text ?? this.source.value);
  /** A line by which people know the cell. */
  readonly label = computed(() => labelOf(this.shown.value));

  /** Whether it was added here, and the service has not said so yet. */
  expected = false;

  constructor(told: Partial<CellResponse> & { id: string }) {
    this.id = told.id;
    this.take({ ...BLANK, ...told });
  }

  /** Become what the service says the cell is. Drafts are not its business. */
  take(told: CellResponse): void {
    this.toldType.value = told.type;
    this.source.value = told.source;
    this.revision.value = told.revision;
    this.config.value = told.config;
    this.status.value = told.status;
    this.outputs.value = told.outputs as unknown as Output[];
    this.executionCount.value = told.execution_count;
    this.error.value = told.error;
    this.staleBecause.value = told.stale_because;
    this.startedAt.value = told.started_at;
    this.durationMs.value = told.duration_ms;
    this.defines.value = told.defines;
    this.uses.value = told.uses;
    this.unresolved.value = told.unresolved;
    this.upstream.value = told.upstream;
    this.downstream.value = told.downstream;
  }
}

const BLANK: CellResponse = {
  id: "",
  type: "python",
  source: "",
  revision: 0,
  config: {
    mode: "auto",
    timeout: null,
    continue_on_error: false,
    result: null,
    hide_source: false,
    hide_output: false,
  },
  status: "idle",
  outputs: [],
  execution_count: null,
  error: null,
  stale_because: [],
  started_at: null,
  duration_ms: null,
  defines: [],
  uses: [],
  unresolved: [],
  upstream: [],
  downstream: [],
};

const LONGEST_LABEL = 60;

function labelOf(source: string): string {
  const line =
    source
      .split("\n")
      .find((one) => one.trim() !== "")
      ?.trim() ?? "";
  const plain = line.replace(/^#+\s*/, "");
  if (plain === "") return "empty cell";
  return plain.length > LONGEST_LABEL ? `${plain.slice(0, LONGEST_LABEL - 1)}…` : plain;
}
