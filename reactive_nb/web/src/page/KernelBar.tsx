/** Says what is wrong with the kernel: why it died or would not start, or that an interrupt does not end its cell. */
import type { NotebookSession } from "../session/session";

export function KernelBar({ session }: { session: NotebookSession }) {
  const message = session.mirror.kernel.value?.message ?? null;
  if (message === null) return null;
  return (
    <p class="bar is-problem" role="alert">
      {message}{" "}
      <button type="button" class="button" onClick={() => void session.say({ type: "kernel.restart" })}>
        Start a new kernel
      </button>
    </p>
  );
}
