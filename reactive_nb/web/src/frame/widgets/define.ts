/** Just enough of an AMD loader for the one module there is. */
type Factory = (base: unknown) => Record<string, unknown>;

let factory: Factory | null = null;

(globalThis as unknown as { define: unknown }).define = (_needs: string[], made: Factory) => {
  factory = made;
};

/** What the module makes of Jupyter's base classes. */
export function defined(base: unknown): Record<string, unknown> {
  if (factory === null) throw new Error("The module has not defined itself.");
  return factory(base);
}
