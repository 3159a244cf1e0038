/** Pictures in base64, at the size that was asked for. */
import { joined } from "../../session/streams";
import type { RenderProps } from "../renderer";

export default function Image({ output, mime, data }: RenderProps) {
  const size = (output.metadata?.[mime] ?? {}) as { width?: number; height?: number };
  const text = joined(output.data?.["text/plain"]);
  return (
    <img
      class="picture"
      src={`data:${mime};base64,${joined(data).replace(/\s/g, "")}`}
      alt={text === "" ? "Picture" : text}
      {...(size.width === undefined ? {} : { width: size.width })}
      {...(size.height === undefined ? {} : { height: size.height })}
    />
  );
}
