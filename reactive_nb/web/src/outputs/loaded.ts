/** Modules that are loaded when first needed: kept, so that what is loaded is there without waiting. */
import { useEffect, useState } from "preact/hooks";

interface Loadable<T> {
  load(): Promise<{ default: T }>;
}

const loaded = new Map<Loadable<unknown>, unknown>();

/** Load it, so that `useLoaded` has it at once. Throws what loading throws. */
export async function loadNow<T>(entry: Loadable<T>): Promise<void> {
  if (!loaded.has(entry)) loaded.set(entry, (await entry.load()).default);
}

/** What `entry` loads; undefined while it does; an Error if it could not be. */
export function useLoaded<T>(entry: Loadable<T>): T | Error | undefined {
  const [, redraw] = useState(0);
  const known = loaded.get(entry) as T | Error | undefined;
  useEffect(() => {
    if (known !== undefined) return;
    let here = true;
    entry.load().then(
      (module) => {
        loaded.set(entry, module.default);
        if (here) redraw((count) => count + 1);
      },
      (problem: unknown) => {
        loaded.set(entry, problem instanceof Error ? problem : new Error(String(problem)));
        if (here) redraw((count) => count + 1);
        loaded.delete(entry); // the next to ask tries again
      },
    );
    return () => {
      here = false;
    };
  }, [entry, known]);
  return known;
}
