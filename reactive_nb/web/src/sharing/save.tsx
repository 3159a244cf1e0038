/**
 * The app view as one HTML file that asks nothing of anybody: to be opened from a disk, sent by mail, kept.
 *
 * It is made here and not by the service, since what shows outputs (formulas, charts, terminal colours, what cleans
 * Markdown) is the page's own: so the file looks as the page does, and there is no second way of showing things. (The
 * service's export as HTML is for readers of code, and for programs without a browser.)
 *
 * Markup is drawn once, with everything loaded, and written down. What brings scripts along stays in frames, each with
 * an origin of its own, filled by `frame/still.ts`. A policy in the file lets nothing be fetched; since frames inherit
 * it, it has to let scripts run, so that what keeps others' scripts out of the file itself is that all markup of theirs
 * is either cleaned or in a frame. Colours are those of the page when it was saved, as charts are drawn in them.
 */
import { render } from "preact";

import program from "../frame/still.ts?worker&url";
import { shownOutputs, shownText } from "../app/shown";
import { fetchLarge, leftOut } from "../outputs/Large";
import { loadNow } from "../outputs/loaded";
import { mayHaveMath } from "../outputs/markdown";
import { loadMath } from "../outputs/Prose";
import { choose } from "../outputs/renderer";
import { inherited, programText } from "../outputs/Sandbox";
import { colours } from "../page/theme";
import { address } from "../service/address";
import { saveFile } from "../service/notebooks";
import type { CellState } from "../session/cell";
import type { NotebookSession } from "../session/session";
import type { Output } from "../session/types";
import { Still, type StillFrames } from "./still";
import { StillPage } from "./StillPage";
import { styles } from "./styles";

const POLICY =
  "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' data: blob:; style-src 'unsafe-inline' data:;" +
  " img-src data: blob:; media-src data: blob:; font-src data:; base-uri 'none'; form-action 'none'";

/** Types that need a kernel, where an output has others as well. */
const ALIVE = /^application\/vnd\.(jupyter\.widget-view|reactive-nb\.)/;

/** Save what is shown now. Throws an Error, for people, if that can't be done. */
export async function savePage(session: NotebookSession): Promise<void> {
  await session.settled();
  const name = session.mirror.name.peek();
  saveFile(new Blob([await stillPage(session)], { type: "text/html" }), `${name}.html`);
}

async function stillPage(session: NotebookSession): Promise<string> {
  const outputs = new Map<CellState, readonly Output[]>();
  for (const cell of session.mirror.cells()) {
    outputs.set(cell, await Promise.all(shownOutputs(cell).map((output) => whole(session, output))));
    if (mayHaveMath(shownText(cell) ?? "")) await loadMath();
  }
  const frames: StillFrames = [];
  const place = document.createElement("div");
  const drawn = (
    <Still.Provider value={frames}>
      <StillPage session={session} outputs={outputs} />
    </Still.Provider>
  );
  render(drawn, place);
  const markup = place.innerHTML;
  render(null, place);
  const urls = new Set(frames.flatMap((one) => ("program" in one ? [one.program] : [])));
  const programs = await Promise.all([...urls].map(async (url) => [url, await programText(url)]));
  const kept = {
    frame: await text(address("frame.html")),
    programs: Object.fromEntries(programs) as Record<string, string>,
    contents: frames,
    style: inherited(),
  };
  const name = session.mirror.name.peek();
  return `<!doctype html>
<html lang="en" data-theme="${colours.peek()}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="referrer" content="no-referrer">
<title>${escaped(name)}</title>
<style>${await styles(markup)}</style>
</head>
<body class="still">
${markup}
<script type="application/json" id="kept">${JSON.stringify(kept).replaceAll("<", "\\u003c")}</script>
<script>${(await programText(program)).replaceAll("</script", "<\\/script")}</script>
</body>
</html>
`;
}

/** An output with what was left out of it for its size, without what needs a kernel, and with what shows it loaded. */
async function whole(session: NotebookSession, output: Output): Promise<Output> {
  const large = leftOut(output);
  const data = { ...output.data };
  const types = [...Object.keys(data), ...Object.keys(large)];
  const still = types.filter((mime) => !ALIVE.test(mime));
  const others = still.filter((mime) => mime !== "text/plain");
  if (others.length > 0) for (const mime of types) if (ALIVE.test(mime)) delete data[mime];
  const metadata = { ...output.metadata };
  delete metadata["reactive_nb"];
  const chosen = choose({ ...output, data }, Object.keys(large));
  if (chosen === null) return output;
  const reference = large[chosen.mime];
  if (reference !== undefined) data[chosen.mime] = await fetchLarge(session.notebookId, chosen.mime, reference.hash);
  if (chosen.mime === "text/markdown" && mayHaveMath(String(data[chosen.mime]))) await loadMath();
  await loadNow(chosen.entry);
  return output.data === undefined ? output : { ...output, data, metadata };
}

async function text(url: string): Promise<string> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`The service answered ${answer.status}.`);
  return await answer.text();
}

function escaped(name: string): string {
  return name.replace(/[&<>"]/g, (one) => `&#${one.charCodeAt(0)};`);
}
