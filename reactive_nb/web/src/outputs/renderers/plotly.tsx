/** Figures of Plotly. */
import program from "../../frame/plotly.ts?worker&url";
import { colours } from "../../page/theme";
import { useMemo } from "preact/hooks";

import type { RenderProps } from "../renderer";
import { Sandbox } from "../Sandbox";

export default function Plotly({ data }: RenderProps) {
  const dark = colours.value === "dark";
  const content = useMemo(() => ({ program, data: { figure: data, dark } }), [data, dark]);
  return <Sandbox title="Plotly figure" content={content} />;
}
