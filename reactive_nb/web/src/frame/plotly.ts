/** Shows a figure of Plotly, in the width there is. */
import Plotly, { type Config, type Data, type Frame, type Layout } from "plotly.js-dist-min";

import { offer } from "./program";

interface Figure {
  data?: Data[];
  layout?: Partial<Layout>;
  config?: Partial<Config>;
  frames?: Partial<Frame>[];
}

const HEIGHT_PX = 450;

offer(async (place, told) => {
  const { figure, dark } = told as { figure: Figure; dark: boolean };
  let chart = place.firstElementChild as HTMLElement | null;
  if (chart?.className !== "plotly-chart") {
    chart = document.createElement("div");
    chart.className = "plotly-chart";
    place.replaceChildren(chart);
  }
  const layout = { ...figure.layout };
  chart.style.height = `${layout.height ?? HEIGHT_PX}px`;
  if (dark) {
    const colour = getComputedStyle(document.documentElement).color;
    layout.paper_bgcolor ??= "rgba(0,0,0,0)";
    layout.font = { color: colour, ...layout.font };
  }
  const config = { responsive: true, displaylogo: false, ...figure.config };
  await Plotly.react(chart, figure.data ?? [], layout, config);
  if (figure.frames?.length) await Plotly.addFrames(chart, figure.frames);
});
