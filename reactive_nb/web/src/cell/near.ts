/** Whether an element is near what is seen of the page: what is far away need not be made yet. */
import { useLayoutEffect, useState } from "preact/hooks";
import type { RefObject } from "preact";

const MARGIN = "1200px";

const watched = new WeakMap<Element, (near: boolean) => void>();
const observer = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) watched.get(entry.target)?.(entry.isIntersecting);
  },
  { rootMargin: `${MARGIN} 0px` },
);

export function useNear(element: RefObject<Element | null>): boolean {
  const [near, setNear] = useState(false);
  useLayoutEffect(() => {
    const target = element.current;
    if (target === null) return;
    watched.set(target, setNear);
    observer.observe(target);
    return () => {
      observer.unobserve(target);
      watched.delete(target);
    };
  }, [element]);
  return near;
}
