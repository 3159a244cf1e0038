/** Charts of Vega and Vega-Lite. */
import program from "../../frame/vega.ts?worker&url";
import { colours } from "../../page/theme";
import { useMemo } from "preact/hooks";

import type { RenderProps } from "../renderer";
import { Sandbox } from "../Sandbox";

export default function Vega({ mime, data }: RenderProps) {
  const dark = colours.value === "dark";
  const mode = mime.includes("vegalite") ? "vega-lite" : "vega";
  const content = useMemo(() => ({ program, data: { spec: data, mode, dark } }), [data, mode, dark]);
  return <Sandbox title="Vega chart" content={content} />;
}
