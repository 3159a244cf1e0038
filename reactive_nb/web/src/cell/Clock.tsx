/** How long something has been going on, counted here from when we heard of it. */
import { useEffect, useState } from "preact/hooks";

import { duration } from "./status";

const TICK_MS = 100;

export function Clock() {
  const [start] = useState(() => performance.now());
  const [now, setNow] = useState(start);
  useEffect(() => {
    const timer = window.setInterval(() => setNow(performance.now()), TICK_MS);
    return () => window.clearInterval(timer);
  }, []);
  const passed = Math.floor((now - start) / TICK_MS) * TICK_MS;
  return <span class="clock">{passed < TICK_MS ? "…" : duration(passed)}</span>;
}
