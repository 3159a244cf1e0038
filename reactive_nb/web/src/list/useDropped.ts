/** Files that are dropped anywhere on the page. */
import { useEffect, useRef, useState } from "preact/hooks";

/** Whether files are being dragged over the page now; `take` is called with those that are dropped. */
export function useDropped(take: (files: File[]) => void): boolean {
  const [dragged, setDragged] = useState(false);
  const taking = useRef(take);
  taking.current = take;
  useEffect(() => {
    let depth = 0; // each element that is entered and left tells
    const count = (by: number) => (event: DragEvent) => {
      if (!ofFiles(event)) return;
      depth += by;
      setDragged(depth > 0);
    };
    const over = (event: DragEvent) => ofFiles(event) && event.preventDefault();
    const dropped = (event: DragEvent) => {
      if (!ofFiles(event)) return;
      event.preventDefault();
      depth = 0;
      setDragged(false);
      const files = [...(event.dataTransfer?.files ?? [])];
      if (files.length > 0) taking.current(files);
    };
    const heard = { dragenter: count(1), dragleave: count(-1), dragover: over, drop: dropped };
    const all = Object.entries(heard) as [keyof typeof heard, (event: DragEvent) => void][];
    for (const [name, hear] of all) document.addEventListener(name, hear);
    return () => {
      for (const [name, hear] of all) document.removeEventListener(name, hear);
    };
  }, []);
  return dragged;
}

function ofFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes("Files") ?? false;
}
