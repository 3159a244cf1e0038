/** Shows an output inside a frame, where its scripts may run. */
import type { DOMWidgetModel, DOMWidgetView, IWidgetManager } from "@jupyter-widgets/base";
import { Widget } from "@lumino/widgets";

import { ansiToHtml, written } from "../../outputs/ansi";
import { markdownToHtml } from "../../outputs/markdown";
import { joined } from "../../session/streams";
import type { Output } from "../../session/types";

const WIDGET_VIEW = "application/vnd.jupyter.widget-view+json";
const PICTURE = /^image\/(png|jpeg|gif|webp|svg\+xml)$/;

/** An output made ready: a widget in it is drawn once its element is in the document. */
export interface Shown {
  readonly element: HTMLElement;
  readonly view: DOMWidgetView | null;
}

export async function show(output: Output, manager: IWidgetManager): Promise<Shown> {
  if (output.output_type === "stream") return plain(joined(output.text), output.name === "stderr");
  if (output.output_type === "error") {
    const traceback = output.traceback?.length ? output.traceback : [`${output.ename}: ${output.evalue}`];
    return plain(traceback.join("\n"), false);
  }
  return showData(output.data ?? {}, manager);
}

/** Put what is shown into its place, where it stands in the document; the widgets that stood there before are let go. */
export function put(place: HTMLElement, shown: readonly Shown[], before: readonly Shown[]): void {
  for (const { view } of before) view?.remove();
  place.replaceChildren(...shown.map(({ element }) => element));
  for (const { element, view } of shown) if (view !== null) Widget.attach(view.luminoWidget, element);
}

async function showData(data: Record<string, unknown>, manager: IWidgetManager): Promise<Shown> {
  const element = document.createElement("div");
  const picture = Object.keys(data).find((mime) => PICTURE.test(mime));
  const widget = data[WIDGET_VIEW] as { model_id: string } | undefined;
  if (widget !== undefined) {
    const model = await manager.get_model(widget.model_id);
    return { element, view: await manager.create_view(model as DOMWidgetModel) };
  }
  if (data["text/html"] !== undefined) {
    element.append(document.createRange().createContextualFragment(joined(data["text/html"])));
  } else if (data["text/markdown"] !== undefined) element.innerHTML = markdownToHtml(joined(data["text/markdown"]));
  else if (picture !== undefined) {
    const image = document.createElement("img");
    const content = joined(data[picture]);
    image.src = picture.endsWith("xml")
      ? `data:${picture},${encodeURIComponent(content)}`
      : `data:${picture};base64,${content.replace(/\s/g, "")}`;
    image.alt = joined(data["text/plain"]);
    element.append(image);
  } else return plain(joined(data["text/plain"]) || JSON.stringify(data), false);
  return { element, view: null };
}

function plain(content: string, isProblem: boolean): Shown {
  const element = document.createElement("pre");
  element.classList.toggle("is-problem", isProblem);
  element.innerHTML = ansiToHtml(written(content));
  return { element, view: null };
}
