/** The only program of a saved page (`sharing/save.ts`): it fills the frames with what was kept for them. */
import type { StillContent } from "../sharing/still";

interface Kept {
  /** The page of each frame. */
  readonly frame: string;
  readonly programs: Readonly<Record<string, string>>;
  readonly contents: readonly StillContent[];
  readonly style: Readonly<Record<string, string>>;
}

const TALLEST_PX = 20_000;

const kept = JSON.parse(document.getElementById("kept")?.textContent ?? "") as Kept;
const frames = [...document.querySelectorAll<HTMLIFrameElement>("iframe[data-frame]")];

window.addEventListener("message", (event: MessageEvent<{ type?: string; height?: number } | null>) => {
  const frame = frames.find((one) => one.contentWindow === event.source);
  if (frame === undefined || event.data === null) return;
  const { type, height } = event.data;
  if (type === "height" && typeof height === "number")
    frame.style.height = `${Math.max(0, Math.min(height, TALLEST_PX))}px`;
  if (type !== "ready") return;
  const content = kept.contents[Number(frame.dataset["frame"])];
  if (content === undefined) return;
  const said = "program" in content ? { code: kept.programs[content.program], data: content.data } : content;
  frame.contentWindow?.postMessage({ type: "show", style: kept.style, ...said }, "*");
});

// Only when they come near: a file may have hundreds.
const near = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      (target as HTMLIFrameElement).srcdoc = kept.frame;
    }
  },
  { rootMargin: "1200px 0px" },
);
for (const frame of frames) near.observe(frame);
