/** The language of a cell, for its editor. */
import { markdown } from "@codemirror/lang-markdown";
import { python } from "@codemirror/lang-python";
import { sql } from "@codemirror/lang-sql";
import type { Extension } from "@codemirror/state";

import type { CellType } from "../session/types";

export function language(type: CellType): Extension {
  switch (type) {
    case "python":
      return python();
    case "sql":
      return sql();
    case "markdown":
      return markdown();
    case "code":
    case "raw":
      return [];
  }
}
