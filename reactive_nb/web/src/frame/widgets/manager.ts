/** Jupyter's manager of widgets: models are made when first needed, of what the page knows of them. */
import * as base from "@jupyter-widgets/base";
import { ManagerBase } from "@jupyter-widgets/base-manager";
import * as controls from "@jupyter-widgets/controls";

import { anywidget } from "./anywidget";
import { Line } from "./comm";
import { rendermime } from "./formulas";
import * as output from "./output";

const MODULES: Record<string, Record<string, unknown>> = {
  "@jupyter-widgets/base": base as unknown as Record<string, unknown>,
  "@jupyter-widgets/controls": controls as unknown as Record<string, unknown>,
  "@jupyter-widgets/output": output as unknown as Record<string, unknown>,
  anywidget,
};

export class Manager extends ManagerBase {
  readonly _rendermime = rendermime;
  readonly #line: Line;

  constructor(port: MessagePort) {
    super();
    this.#line = new Line(port);
  }

  override async get_model(id: string): Promise<base.WidgetModel> {
    if (!this.has_model(id)) this.register_model(id, this.#make(id));
    return super.get_model(id);
  }

  async #make(id: string): Promise<base.WidgetModel> {
    const found = await this.#line.find(id);
    if (found === null) throw new Error(`The kernel has no widget ${id}.`);
    const { state, comm } = found;
    const options = {
      model_id: id,
      comm,
      model_name: String(state["_model_name"]),
      model_module: String(state["_model_module"]),
      model_module_version: String(state["_model_module_version"]),
    };
    return this._make_model(options, state);
  }

  protected override async loadClass(name: string, module: string): Promise<never> {
    const found = MODULES[module]?.[name];
    if (found === undefined) throw new Error(`This page has no ${name} of ${module}; anywidgets bring theirs along.`);
    return found as never;
  }

  protected override _create_comm(): Promise<never> {
    return Promise.reject(new Error("Widgets are made in the kernel."));
  }

  protected override async _get_comm_info(): Promise<object> {
    return {};
  }
}
