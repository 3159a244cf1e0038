/**
 * A program for the frame that outputs are shown in (`public/frame.html`): it is handed in as text, and started again
 * with each change of what it is to show.
 */
export type Program = (place: HTMLElement, data: unknown, port: MessagePort) => void | Promise<void>;

/** Say that this file is a program. */
export function offer(program: Program): void {
  (window as unknown as { program: Program }).program = program;
}
