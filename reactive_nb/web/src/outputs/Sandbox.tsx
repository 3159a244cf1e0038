/**
 * A frame with an origin of its own, for what brings programs along: HTML from the kernel, charts, widgets.
 *
 * What is in it can read neither the page, nor its token, nor the service, and reaches no other host: the policy that
 * `frame.html` is served with says so, as does `sandbox`. Nothing is loaded in it: a program is one file, which the page
 * fetches (once for all frames) and hands in. What the frame says is its height, and what its program says on its port.
 */
import { useContext, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { colours } from "../page/theme";
import { address } from "../service/address";
import { Still, type StillFrames } from "../sharing/still";

const SHOWN = ["--page", "--raised", "--sunk", "--hover", "--text", "--soft", "--faint", "--line", "--stripe"];
const ALSO_SHOWN = ["--accent", "--on-accent", "--bad", "--good", "--warn", "--up", "--down", "--code-font"];
const BEHIND = ["--accent-soft", "--bad-soft", "--warn-soft"];
const TALLEST_PX = 20_000;

/** What is to be in the frame: HTML, a script that finds its place as `element`, or a program and what it shows. */
export type Content =
  | { readonly html: string }
  | { readonly script: string }
  | { readonly program: string; readonly data: unknown; readonly talk?: (port: MessagePort) => () => void };

const programs = new Map<string, Promise<string>>();

/** The text of a program of ours, at the address that the bundle gives it. */
export function programText(url: string): Promise<string> {
  let text = programs.get(url);
  if (text === undefined) {
    text = fetch(url).then((response) => {
      if (!response.ok) throw new Error(`The service answered ${response.status}.`);
      return response.text();
    });
    text.catch(() => programs.delete(url)); // the next to ask tries again
    programs.set(url, text);
  }
  return text;
}

interface Props {
  title: string;
  content: Content;
}

export function Sandbox({ title, content }: Props) {
  const still = useContext(Still);
  return still === null ? (
    <LiveFrame title={title} content={content} />
  ) : (
    <StillFrame frames={still} title={title} content={content} />
  );
}

/** Its place in a saved page; what is in it is filled in there. */
function StillFrame({ frames, title, content }: Props & { frames: StillFrames }) {
  if ("talk" in content) return <p class="output-unknown">{title}: it works in the notebook only.</p>;
  const number = frames.push(content) - 1;
  return <iframe class="html-output" title={title} data-frame={number} sandbox={SANDBOX} style={{ height: "24px" }} />;
}

const SANDBOX = "allow-scripts allow-popups allow-popups-to-escape-sandbox";

function LiveFrame({ title, content }: Props) {
  const frame = useRef<HTMLIFrameElement>(null);
  const [ready, setReady] = useState(0);
  const [height, setHeight] = useState(24);
  const [problem, setProblem] = useState<string | null>(null);
  const dark = colours.value;
  // Before the frame can say that it is ready, and not after the next picture, which may take longer than its loading.
  useLayoutEffect(() => {
    const hear = (event: MessageEvent<{ type?: string; height?: number } | null>) => {
      if (event.source !== frame.current?.contentWindow || event.data === null) return;
      if (event.data.type === "ready") setReady((count) => count + 1);
      else if (event.data.type === "height" && typeof event.data.height === "number")
        setHeight(Math.max(0, Math.min(event.data.height, TALLEST_PX)));
    };
    window.addEventListener("message", hear);
    return () => window.removeEventListener("message", hear);
  }, []);
  useEffect(() => {
    if (ready === 0) return;
    const style = inherited();
    const say = (said: object, ports: MessagePort[] = []) =>
      frame.current?.contentWindow?.postMessage({ type: "show", style, ...said }, "*", ports);
    if (!("program" in content)) {
      say(content);
      return;
    }
    let [here, stop] = [true, () => {}];
    programText(content.program).then(
      (code) => {
        if (!here) return;
        const { port1, port2 } = new MessageChannel();
        const hangUp = content.talk?.(port1);
        stop = () => {
          hangUp?.();
          port1.close();
        };
        say({ code, data: content.data }, [port2]);
      },
      () => setProblem("What shows this could not be loaded."),
    );
    return () => {
      here = false;
      stop();
    };
  }, [ready, content]);
  useEffect(() => {
    if (ready > 0) frame.current?.contentWindow?.postMessage({ type: "show", style: inherited() }, "*");
  }, [ready, dark]);
  if (problem !== null) return <p class="output-unknown">{problem}</p>;
  return (
    <iframe
      ref={frame}
      class="html-output"
      title={title}
      src={address("frame.html")}
      sandbox={SANDBOX}
      style={{ height: `${height}px` }}
    />
  );
}

/** The page's colours, so that what is in a frame looks like what is around it. */
export function inherited(): Record<string, string> {
  const computed = getComputedStyle(document.documentElement);
  const style = [...SHOWN, ...ALSO_SHOWN, ...BEHIND].map((name) => [name, computed.getPropertyValue(name)]);
  return { ...Object.fromEntries(style), "color-scheme": colours.peek() };
}
