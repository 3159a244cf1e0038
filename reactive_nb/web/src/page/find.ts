/** Finding and replacing text in the sources of all cells. */
import type { CellState } from "../session/cell";

export interface Wanted {
  readonly text: string;
  readonly regex: boolean;
  readonly exactCase: boolean;
}

export interface Match {
  readonly cell: CellState;
  readonly from: number;
  readonly to: number;
}

const MOST_MATCHES = 5_000;

/** What is searched for; null where it is nothing, or no regular expression. */
export function pattern({ text, regex, exactCase }: Wanted): RegExp | null {
  if (text === "") return null;
  try {
    return new RegExp(regex ? text : text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), exactCase ? "gmu" : "gimu");
  } catch {
    return null;
  }
}

/** Where it stands, in the order of the page. */
export function matches(cells: readonly CellState[], wanted: Wanted): Match[] {
  const searched = pattern(wanted);
  if (searched === null) return [];
  const found: Match[] = [];
  for (const cell of cells) {
    for (const match of cell.shown.value.matchAll(searched)) {
      if (match[0] === "") continue;
      found.push({ cell, from: match.index, to: match.index + match[0].length });
      if (found.length === MOST_MATCHES) return found;
    }
  }
  return found;
}

/** A source with one match replaced; in regular expressions `$1` and so on stand for groups. */
export function replacedOne(source: string, match: Match, wanted: Wanted, by: string): string {
  const searched = pattern(wanted);
  if (searched === null) return source;
  return source.replace(searched, (...given: unknown[]) => {
    const whole = given[0] as string;
    const at = given.find((one) => typeof one === "number") as number;
    if (at !== match.from) return whole;
    return wanted.regex ? whole.replace(new RegExp(searched.source, searched.flags.replace("g", "")), by) : by;
  });
}

export function replacedAll(source: string, wanted: Wanted, by: string): string {
  const searched = pattern(wanted);
  if (searched === null) return source;
  return wanted.regex ? source.replace(searched, by) : source.replace(searched, () => by);
}
