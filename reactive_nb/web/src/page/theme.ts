/** Light or dark: as the system has it, or as the user has chosen for this browser. */
import { computed, effect, signal } from "@preact/signals";

export type Choice = "system" | "light" | "dark";

const PLACE = "reactive-nb theme";
const system = window.matchMedia("(prefers-color-scheme: dark)");
const systemDark = signal(system.matches);
system.addEventListener("change", (event) => (systemDark.value = event.matches));

const stored = localStorage.getItem(PLACE);
export const choice = signal<Choice>(stored === "light" || stored === "dark" ? stored : "system");

/** What is shown now. */
export const colours = computed<"light" | "dark">(() =>
  choice.value === "system" ? (systemDark.value ? "dark" : "light") : choice.value,
);

effect(() => {
  document.documentElement.dataset["theme"] = colours.value;
});

export function toggleTheme(): void {
  choice.value = colours.peek() === "dark" ? "light" : "dark";
  localStorage.setItem(PLACE, choice.peek());
}
