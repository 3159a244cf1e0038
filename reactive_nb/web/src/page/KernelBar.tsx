/** Says what is wrong with the kernel: why it died or would not start, or that an interrupt does not end its cell. */
import type { NotebookSession } from "../session/session";

export function KernelBar({ session }: { session: NotebookSession }) {
  const { state, message } = session.mirror.kernel.value ?? {};
  if (!message) return null;
  return (
    <p class={`bar ${state === "dead" ? "is-problem" : "is-warning"}`} role="alert">
      {message}{" "}
      <button type="button" class="button" onClick={() => void session.say({ type: "kernel.restart" })}>
        Start a new kernel
      </button>
    </p>
  );
}
