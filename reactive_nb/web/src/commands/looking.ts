/** Commands that change what is seen, and nothing else. */
import { toggleTheme } from "../page/theme";
import { PANELS } from "../panels/panel";
import type { Command } from "./command";

export const LOOK_COMMANDS: readonly Command[] = [
  {
    id: "page.palette",
    title: "All commands",
    keys: ["p"],
    anywhere: ["Mod-Shift-p"],
    run: (view) => (view.palette.value = true),
  },
  {
    id: "page.find",
    title: "Find and replace",
    keys: ["f"],
    anywhere: ["Mod-f"],
    run: (view) => (view.finding.value = true),
  },
  { id: "page.theme", title: "Light or dark", run: () => toggleTheme() },
  {
    id: "page.save",
    title: "Store what was typed now",
    anywhere: ["Mod-s"],
    run: ({ session }) => session.drafts.sendAll(),
  },
  ...PANELS.map((panel): Command => ({
    id: `panel.${panel.id}`,
    title: `Panel: ${panel.title}`,
    run: (view) => view.openPanel(view.panel.peek() === panel.id ? null : panel.id),
  })),
];
