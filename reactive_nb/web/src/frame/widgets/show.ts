/** Shows an output inside a frame, where its scripts may run. */
import type { DOMWidgetModel, IWidgetManager } from "@jupyter-widgets/base";
import { Widget } from "@lumino/widgets";

import { ansiToHtml, written } from "../../outputs/ansi";
import { markdownToHtml } from "../../outputs/markdown";
import { joined } from "../../session/streams";
import type { Output } from "../../session/types";

const WIDGET_VIEW = "application/vnd.jupyter.widget-view+json";

export async function show(output: Output, manager: IWidgetManager): Promise<HTMLElement> {
  const place = document.createElement("div");
  if (output.output_type === "stream") place.append(text(joined(output.text), output.name === "stderr"));
  else if (output.output_type === "error") {
    const traceback = output.traceback?.length ? output.traceback : [`${output.ename}: ${output.evalue}`];
    place.append(text(traceback.join("\n"), false));
  } else await showData(place, output.data ?? {}, manager);
  return place;
}

async function showData(place: HTMLElement, data: Record<string, unknown>, manager: IWidgetManager): Promise<void> {
  const picture = Object.keys(data).find((mime) => /^image\/(png|jpeg|gif|webp|svg\+xml)$/.test(mime));
  const view = data[WIDGET_VIEW] as { model_id: string } | undefined;
  if (view !== undefined) {
    const made = await manager.create_view((await manager.get_model(view.model_id)) as DOMWidgetModel);
    queueMicrotask(() => requestAnimationFrame(() => Widget.attach(made.luminoWidget, place)));
  } else if (data["text/html"] !== undefined) {
    place.append(document.createRange().createContextualFragment(joined(data["text/html"])));
  } else if (data["text/markdown"] !== undefined) place.innerHTML = markdownToHtml(joined(data["text/markdown"]));
  else if (picture !== undefined) {
    const image = document.createElement("img");
    const content = joined(data[picture]);
    image.src = picture.endsWith("xml")
      ? `data:${picture},${encodeURIComponent(content)}`
      : `data:${picture};base64,${content.replace(/\s/g, "")}`;
    image.alt = joined(data["text/plain"]);
    place.append(image);
  } else place.append(text(joined(data["text/plain"]) || JSON.stringify(data), false));
}

function text(content: string, isProblem: boolean): HTMLElement {
  const made = document.createElement("pre");
  made.classList.toggle("is-problem", isProblem);
  made.innerHTML = ansiToHtml(written(content));
  return made;
}
