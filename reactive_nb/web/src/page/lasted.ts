/** Whether something has lasted a moment: what passes at once need not be told. */
import { useEffect, useState } from "preact/hooks";

const MOMENT_MS = 700;

export function useLasted(going: boolean): boolean {
  const [lasted, setLasted] = useState(false);
  useEffect(() => {
    setLasted(false);
    if (!going) return;
    const timer = window.setTimeout(() => setLasted(true), MOMENT_MS);
    return () => window.clearTimeout(timer);
  }, [going]);
  return going && lasted;
}
