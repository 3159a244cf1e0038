/** Where outputs are drawn for a file that nothing can be done in any more: what is folded is open, frames are kept. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";

/** What a frame of the file is to show, in the form that `frame.html` takes it. */
export type StillContent =
  { readonly html: string } | { readonly script: string } | { readonly program: string; readonly data: unknown };

/** Frames by number, in the order in which they were drawn. */
export type StillFrames = StillContent[];

export const Still = createContext<StillFrames | null>(null);

/** Whether this is drawn for such a file. */
export function useStill(): boolean {
  return useContext(Still) !== null;
}
