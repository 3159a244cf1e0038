/**
 * What stands beside the notebook: one panel a file, loaded when first opened.
 *
 * To add one: write `panels/NAME.tsx` (or a folder) whose default export is a component that takes `PanelProps`, and add a line to PANELS.
 */
import type { ComponentType } from "preact";

import type { IconName } from "../page/Icon";
import type { NotebookView } from "../page/view";

export interface PanelProps {
  readonly view: NotebookView;
}

export interface PanelEntry {
  readonly id: string;
  readonly title: string;
  readonly icon: IconName;
  load(): Promise<{ default: ComponentType<PanelProps> }>;
}

export const PANELS: readonly PanelEntry[] = [
  { id: "contents", title: "Contents", icon: "list", load: () => import("./contents") },
  { id: "variables", title: "Variables", icon: "table", load: () => import("./variables") },
  { id: "graph", title: "Graph", icon: "graph", load: () => import("./graph") },
  { id: "plan", title: "What would run", icon: "runAll", load: () => import("./plan") },
  { id: "chat", title: "Chat", icon: "chat", load: () => import("./chat/chat") },
];
