/** Shows a widget of the kernel by Jupyter's own models and views; what they say goes to the page. */
import type { DOMWidgetModel } from "@jupyter-widgets/base";
import styleOfBase from "@jupyter-widgets/base/css/index.css?inline";
import styleOfControls from "@jupyter-widgets/controls/css/widgets.css?inline";
import { Widget } from "@lumino/widgets";
import styleOfLumino from "@lumino/widgets/style/index.css?inline";

import ansi from "../styles/ansi.css?inline";
import { offer } from "./program";
import { icons } from "./widgets/icons";
import { Manager } from "./widgets/manager";
import own from "./widgets/style.css?inline";

const style = document.createElement("style");
style.textContent = icons + styleOfLumino + styleOfControls + styleOfBase + ansi + own;
document.head.append(style);

offer(async (place, id, port) => {
  const manager = new Manager(port);
  place.replaceChildren();
  const model = await manager.get_model(id as string);
  const view = await manager.create_view(model as DOMWidgetModel);
  Widget.attach(view.luminoWidget, place);
});
