/** Shows a chart of Vega or Vega-Lite. */
import embed, { type EmbedOptions, type VisualizationSpec } from "vega-embed";

import { offer } from "./program";

offer(async (place, told) => {
  const { spec, mode, dark } = told as { spec: VisualizationSpec; mode: "vega" | "vega-lite"; dark: boolean };
  const chart = document.createElement("div");
  chart.style.width = "100%"; // for charts as wide as their container
  place.replaceChildren(chart);
  const options: EmbedOptions = { mode, actions: false, renderer: "svg", config: { background: "transparent" } };
  await embed(chart, spec, dark ? { ...options, theme: "dark" } : options);
});
