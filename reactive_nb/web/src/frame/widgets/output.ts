/** The Output widget: what is captured comes as the model's state, since the service does the capturing. */
import { DOMWidgetModel, DOMWidgetView } from "@jupyter-widgets/base";

import type { Output } from "../../session/types";
import { put, show, type Shown } from "./show";

export class OutputModel extends DOMWidgetModel {
  override defaults() {
    return {
      ...super.defaults(),
      _model_name: "OutputModel",
      _view_name: "OutputView",
      _model_module: "@jupyter-widgets/output",
      _view_module: "@jupyter-widgets/output",
      msg_id: "",
      outputs: [],
    };
  }
}

export class OutputView extends DOMWidgetView {
  #shown: readonly Shown[] = [];

  override render(): void {
    super.render();
    this.el.classList.add("output-widget");
    this.listenTo(this.model, "change:outputs", () => void this.#show());
    void this.displayed.then(() => this.#show());
  }

  async #show(): Promise<void> {
    const outputs = this.model.get("outputs") as Output[];
    const made = await Promise.all(outputs.map((output) => show(output, this.model.widget_manager)));
    const late = outputs !== this.model.get("outputs") || !this.el.isConnected;
    if (late) {
      for (const { view } of made) view?.remove();
      return;
    }
    put(this.el, made, this.#shown);
    this.#shown = made;
  }

  override remove(): void {
    for (const { view } of this.#shown) view?.remove();
    super.remove();
  }
}
