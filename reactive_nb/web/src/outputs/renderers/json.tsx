/** JSON as a tree whose branches open; only what is open is made. */
import { useState } from "preact/hooks";

import { useStill } from "../../sharing/still";
import type { RenderProps } from "../renderer";

const AT_ONCE = 100;

export default function Json({ data, output, mime }: RenderProps) {
  const { root } = (output.metadata?.[mime] ?? output.metadata ?? {}) as { root?: unknown };
  return (
    <div class="json-tree">
      <Node name={typeof root === "string" && root !== "root" ? root : null} value={data} open />
    </div>
  );
}

function Node({ name, value, open = false }: { name: string | null; value: unknown; open?: boolean }) {
  const [isOpen, setOpen] = useState(open);
  const [most, setMost] = useState(useStill() ? Infinity : AT_ONCE);
  const still = useStill();
  const label = name === null ? null : <span class="json-name">{name}: </span>;
  if (typeof value !== "object" || value === null) {
    return (
      <div class="json-leaf">
        {label}
        <span class={`json-${value === null ? "null" : typeof value}`}>{JSON.stringify(value)}</span>
      </div>
    );
  }
  const keys = Object.keys(value);
  const inside = Array.isArray(value) ? `[${keys.length}]` : `{${keys.length}}`;
  if (keys.length === 0) {
    return (
      <div class="json-leaf">
        {label}
        <span class="json-null">{Array.isArray(value) ? "[]" : "{}"}</span>
      </div>
    );
  }
  return (
    <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {label}
        <span class="json-null">{inside}</span>
      </summary>
      {(isOpen || still) && (
        <div class="json-branch">
          {keys.slice(0, most).map((key) => (
            <Node key={key} name={key} value={(value as Record<string, unknown>)[key]} />
          ))}
          {keys.length > most && (
            <button type="button" class="link" onClick={() => setMost(most + AT_ONCE)}>
              {(keys.length - most).toLocaleString()} more
            </button>
          )}
        </div>
      )}
    </details>
  );
}
