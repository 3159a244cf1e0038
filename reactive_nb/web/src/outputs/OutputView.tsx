/** One output, by whichever renderer fits it. */
import { useState } from "preact/hooks";

import type { CellState } from "../session/cell";
import type { NotebookSession } from "../session/session";
import type { Output } from "../session/types";
import { Large, leftOut } from "./Large";
import { useLoaded } from "./loaded";
import { type Choice, choose } from "./renderer";

interface Props {
  session: NotebookSession;
  cell: CellState;
  output: Output;
}

export function OutputView({ session, cell, output }: Props) {
  const [found, setFound] = useState<{ readonly of: string; readonly data: unknown } | null>(null);
  const large = leftOut(output);
  const choice = choose(output, Object.keys(large));
  if (choice === null) {
    const types = Object.keys(output.data ?? {}).join(", ");
    return types === "" ? null : <p class="output-unknown">This page can't show {types}.</p>;
  }
  const reference = large[choice.mime];
  if (reference === undefined) return <Chosen session={session} cell={cell} output={output} choice={choice} />;
  if (found?.of === reference.hash) {
    const whole = { ...choice, data: found.data };
    return <Chosen session={session} cell={cell} output={output} choice={whole} />;
  }
  const take = (data: unknown) => setFound({ of: reference.hash, data });
  return <Large key={reference.hash} session={session} mime={choice.mime} reference={reference} found={take} />;
}

function Chosen({ choice, ...rest }: Props & { choice: Choice }) {
  const Renderer = useLoaded(choice.entry);
  if (Renderer === undefined) return <div class="output-loading" aria-hidden="true" />;
  if (Renderer instanceof Error) return <p class="output-unknown">What shows {choice.mime} could not be loaded.</p>;
  return <Renderer {...rest} mime={choice.mime} data={choice.data} />;
}
