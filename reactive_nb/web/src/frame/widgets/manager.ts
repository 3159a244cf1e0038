/** Jupyter's manager of widgets: models are made when first needed, of what the page knows of them. */
import * as base from "@jupyter-widgets/base";
import { ManagerBase } from "@jupyter-widgets/base-manager";
import * as controls from "@jupyter-widgets/controls";

import { anywidget } from "./anywidget";
import { Line } from "./comm";
import { type Module, moduleOf } from "./define";
import { rendermime } from "./formulas";
import * as output from "./output";

const MODULES: Record<string, Module> = {
  "@jupyter-widgets/base": base as unknown as Module,
  "@jupyter-widgets/controls": controls as unknown as Module,
  "@jupyter-widgets/output": output as unknown as Module,
  anywidget,
};

export class Manager extends ManagerBase {
  readonly _rendermime = rendermime;
  readonly #line: Line;
  readonly #modules = new Map<string, Promise<Module>>();

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
    const found = (await this.#module(module))[name];
    if (found === undefined) throw new Error(`The module ${module} has no ${name}.`);
    return found as never;
  }

  /** A module of ours, else as it is installed beside the kernel. */
  #module(name: string): Promise<Module> {
    let found = this.#modules.get(name);
    if (found === undefined) {
      found = this.#load(name);
      this.#modules.set(name, found);
    }
    return found;
  }

  async #load(name: string): Promise<Module> {
    const own = MODULES[name];
    if (own !== undefined) return own;
    const source = await this.#line.module(name);
    if (source === null) throw new Error(`Beside the kernel no code for the page of ${name} is installed.`);
    return moduleOf(source, (needed) => this.#module(needed));
  }

  protected override _create_comm(): Promise<never> {
    return Promise.reject(new Error("Widgets are made in the kernel."));
  }

  protected override async _get_comm_info(): Promise<object> {
    return {};
  }
}
