/** All notebooks: search, make, import, open. */
import { useEffect, useState } from "preact/hooks";

import { answered, Problem, rest, type Schemas } from "../service/rest";
import { Icon } from "./Icon";
import { notebookLink } from "./route";
import { colours, toggleTheme } from "./theme";
import { ago } from "./time";

type Summary = Schemas["NotebookSummaryResponse"];

export function NotebookList() {
  const [notebooks, setNotebooks] = useState<readonly Summary[] | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [typed, setTyped] = useState("");
  useEffect(() => {
    document.title = "reactive-nb";
    all().then(setNotebooks, (found: unknown) => setProblem(words(found)));
  }, []);
  const create = () => {
    answered(
      rest.POST("/api/v1/notebooks", { body: { name: "Untitled", cells: [{ type: "python", source: "" }] } }),
    ).then(
      (made) => (window.location.hash = notebookLink(made.id)),
      (found: unknown) => setProblem(words(found)),
    );
  };
  const shown = (notebooks ?? []).filter((one) => one.name.toLowerCase().includes(typed.trim().toLowerCase()));
  return (
    <div class="list-page">
      <header class="list-head">
        <h1>Notebooks</h1>
        <span class="spread" />
        <button
          type="button"
          class="icon-button"
          aria-label="Light or dark"
          title="Light or dark"
          onClick={toggleTheme}
        >
          <Icon name={colours.value === "dark" ? "sun" : "moon"} />
        </button>
        <button type="button" class="button is-main" onClick={create}>
          <Icon name="add" /> New notebook
        </button>
      </header>
      <main>
        <label class="search">
          <Icon name="search" />
          <input
            type="search"
            placeholder="Search by name"
            aria-label="Search notebooks by name"
            value={typed}
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
        </label>
        {problem !== null && (
          <p class="bar is-problem" role="alert">
            {problem}
          </p>
        )}
        {notebooks === null && problem === null && <p class="empty">Loading…</p>}
        {notebooks?.length === 0 && <p class="empty">There are no notebooks yet. Make the first one.</p>}
        {notebooks !== null && notebooks.length > 0 && shown.length === 0 && (
          <p class="empty">No notebook has this in its name.</p>
        )}
        <ul class="notebooks">
          {shown.map((one) => (
            <li key={one.id}>
              <a href={notebookLink(one.id)}>
                <span class="notebook-title">{one.name}</span>
                <span class="faint">
                  {one.cell_count} {one.cell_count === 1 ? "cell" : "cells"} · {one.kernel_name} · changed{" "}
                  {ago(one.updated_at)}
                </span>
              </a>
            </li>
          ))}
        </ul>
      </main>
    </div>
  );
}

async function all(): Promise<Summary[]> {
  const found: Summary[] = [];
  let cursor: string | null = null;
  do {
    const query: { cursor?: string; limit: number } = cursor === null ? { limit: 100 } : { cursor, limit: 100 };
    const page: Schemas["NotebookList"] = await answered(rest.GET("/api/v1/notebooks", { params: { query } }));
    found.push(...page.notebooks);
    cursor = page.cursor;
  } while (cursor !== null);
  return found;
}

function words(problem: unknown): string {
  return problem instanceof Problem ? problem.message : String(problem);
}
