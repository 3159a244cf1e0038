/** The Output widget: what is captured comes as the model's state, since the service does the capturing. */
import { DOMWidgetModel, DOMWidgetView } from "@jupyter-widgets/base";

import type { Output } from "../../session/types";
import { show } from "./show";

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
  override render(): void {
    super.render();
    this.el.classList.add("output-widget");
    this.listenTo(this.model, "change:outputs", () => void this.#show());
    void this.#show();
  }

  async #show(): Promise<void> {
    const outputs = this.model.get("outputs") as Output[];
    const made = await Promise.all(outputs.map((output) => show(output, this.model.widget_manager)));
    if (outputs === this.model.get("outputs")) this.el.replaceChildren(...made);
  }
}
