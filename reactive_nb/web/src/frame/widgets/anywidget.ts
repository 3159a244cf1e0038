/** Models and views of anywidget, whose package is a module for AMD loaders. */
import * as base from "@jupyter-widgets/base";

import { defined } from "./define";
import "anywidget";

export const anywidget = defined().factory(base) ?? {};
