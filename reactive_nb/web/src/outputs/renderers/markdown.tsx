/** Markdown that a cell has displayed. */
import { joined } from "../../session/streams";
import Prose from "../Prose";
import type { RenderProps } from "../renderer";

export default function Markdown({ data }: RenderProps) {
  return <Prose text={joined(data)} />;
}
