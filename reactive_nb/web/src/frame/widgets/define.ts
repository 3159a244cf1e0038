/** Just enough of an AMD loader for what libraries of widgets bring along. */

export type Module = Record<string, unknown>;
type Factory = (...needs: unknown[]) => Module | undefined;

interface Defined {
  readonly needs: readonly string[];
  readonly factory: Factory;
}

const scope = globalThis as unknown as { define: unknown };
let last: Defined | null = null;

scope.define = (...said: unknown[]) => {
  const factory = said.at(-1);
  const needs = said.find(Array.isArray) as string[] | undefined;
  last = {
    needs: needs ?? [],
    factory: typeof factory === "function" ? (factory as Factory) : () => factory as Module,
  };
};
(scope.define as { amd?: object }).amd = {};

/** What was defined since the last call. */
export function defined(): Defined {
  const found = last;
  last = null;
  if (found === null) throw new Error("The module has not defined itself.");
  return found;
}

/** A module from its source; `resolve` gives what it needs. */
export async function moduleOf(source: string, resolve: (name: string) => Promise<unknown>): Promise<Module> {
  const exports: Module = {};
  new Function(source)();
  const { needs, factory } = defined();
  const own: Record<string, unknown> = { exports, module: { exports }, require: undefined };
  const given = await Promise.all(needs.map((name) => (name in own ? own[name] : resolve(name))));
  return factory(...given) ?? exports;
}
