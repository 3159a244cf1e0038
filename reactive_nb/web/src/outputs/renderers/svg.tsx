/** SVG, as a picture: nothing in it is run, and it loads nothing. */
import { joined } from "../../session/streams";
import type { RenderProps } from "../renderer";

export default function Svg({ output, data }: RenderProps) {
  const text = joined(output.data?.["text/plain"]);
  return (
    <img
      class="picture"
      src={`data:image/svg+xml;charset=utf-8,${encodeURIComponent(joined(data))}`}
      alt={text === "" ? "Picture" : text}
    />
  );
}
