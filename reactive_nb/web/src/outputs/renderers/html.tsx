/**
 * HTML from the kernel, with its scripts, in a frame with an origin of its own: it can read neither the page nor the
 * service, and reach no other host (the frame's own policy says so).
 */
import { useEffect, useRef, useState } from "preact/hooks";

import { address } from "../../service/address";
import { joined } from "../../session/streams";
import { colours } from "../../page/theme";
import { Folded } from "../Folded";
import type { RenderProps } from "../renderer";

const SHOWN = ["--text", "--line", "--stripe", "--accent"];

export default function Html({ data }: RenderProps) {
  const html = joined(data);
  const frame = useRef<HTMLIFrameElement>(null);
  const [ready, setReady] = useState(false);
  const [height, setHeight] = useState(24);
  const dark = colours.value;
  useEffect(() => {
    const hear = (event: MessageEvent<{ type?: string; height?: number }>) => {
      if (event.source !== frame.current?.contentWindow) return;
      if (event.data.type === "ready") setReady(true);
      else if (event.data.type === "height" && typeof event.data.height === "number")
        setHeight(Math.min(event.data.height, 20_000));
    };
    window.addEventListener("message", hear);
    return () => window.removeEventListener("message", hear);
  }, []);
  useEffect(() => {
    if (!ready) return;
    const computed = getComputedStyle(document.documentElement);
    const style = Object.fromEntries(SHOWN.map((name) => [name, computed.getPropertyValue(name)]));
    frame.current?.contentWindow?.postMessage({ type: "show", html, style }, "*");
  }, [ready, html, dark]);
  return (
    <Folded>
      <iframe
        ref={frame}
        class="html-output"
        title="HTML output"
        src={address("frame.html")}
        sandbox="allow-scripts allow-popups allow-popups-to-escape-sandbox"
        style={{ height: `${height}px` }}
      />
    </Folded>
  );
}
