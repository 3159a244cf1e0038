/** One output, by whichever renderer fits it. */
import type { CellState } from "../session/cell";
import type { NotebookSession } from "../session/session";
import type { Output } from "../session/types";
import { useLoaded } from "./loaded";
import { type Choice, choose } from "./renderer";

interface Props {
  session: NotebookSession;
  cell: CellState;
  output: Output;
}

export function OutputView({ session, cell, output }: Props) {
  const choice = choose(output);
  if (choice === null) {
    const types = Object.keys(output.data ?? {}).join(", ");
    return types === "" ? null : <p class="output-unknown">This page can't show {types}.</p>;
  }
  return <Chosen session={session} cell={cell} output={output} choice={choice} />;
}

function Chosen({ choice, ...rest }: Props & { choice: Choice }) {
  const Renderer = useLoaded(choice.entry);
  if (Renderer === undefined) return <div class="output-loading" aria-hidden="true" />;
  if (Renderer instanceof Error) return <p class="output-unknown">What shows {choice.mime} could not be loaded.</p>;
  return <Renderer {...rest} mime={choice.mime} data={choice.data} />;
}
