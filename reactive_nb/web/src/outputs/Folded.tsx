/** Something that may be very long: shown up to a height, and whole when asked. */
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

import { useStill } from "../sharing/still";

const LARGEST_PX = 480;

export function Folded({ children }: { children: ComponentChildren }) {
  return useStill() ? <div>{children}</div> : <Foldable>{children}</Foldable>;
}

function Foldable({ children }: { children: ComponentChildren }) {
  const place = useRef<HTMLDivElement>(null);
  const [long, setLong] = useState(false);
  const [open, setOpen] = useState(false);
  useLayoutEffect(() => {
    const content = place.current?.firstElementChild;
    if (!content) return;
    const observer = new ResizeObserver(() => setLong(content.scrollHeight > LARGEST_PX + 40));
    observer.observe(content);
    return () => observer.disconnect();
  }, []);
  return (
    <div class={`folded${long && !open ? " is-folded" : ""}`}>
      <div ref={place} class="folded-content" tabIndex={long && !open ? 0 : -1}>
        <div>{children}</div>
      </div>
      {long && (
        <button type="button" class="folded-switch" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? "Show less" : "Show all"}
        </button>
      )}
    </div>
  );
}
