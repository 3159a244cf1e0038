/** The latest thing to tell the user; it goes away by itself. */
import { useEffect } from "preact/hooks";

import type { NotebookSession } from "../session/session";
import { Icon } from "./Icon";

const SHOWN_MS = 8_000;

export function NoticeBar({ session }: { session: NotebookSession }) {
  const notice = session.notice.value;
  useEffect(() => {
    if (notice === null) return;
    const timer = window.setTimeout(() => (session.notice.value = null), SHOWN_MS);
    return () => window.clearTimeout(timer);
  }, [notice, session]);
  return (
    <div class="notices" role="status" aria-live="polite">
      {notice !== null && (
        <p class={`notice is-${notice.kind}`}>
          {notice.text}
          <button type="button" class="icon-button" aria-label="Dismiss" onClick={() => (session.notice.value = null)}>
            <Icon name="close" />
          </button>
        </p>
      )}
    </div>
  );
}
