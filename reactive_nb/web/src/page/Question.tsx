/** What a cell asks the user (`input()`), to be answered. */
import { useEffect, useRef, useState } from "preact/hooks";

import type { NotebookView } from "./view";

export function Question({ view }: { view: NotebookView }) {
  const question = view.session.mirror.question.value;
  return question === null ? null : (
    <Asked key={question.seq} view={view} prompt={question.prompt} secret={question.password} />
  );
}

function Asked({ view, prompt, secret }: { view: NotebookView; prompt: string; secret: boolean }) {
  const [value, setValue] = useState("");
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  return (
    <form
      class="question"
      aria-label="The running cell asks"
      onSubmit={(event) => {
        event.preventDefault();
        view.session.mirror.question.value = null;
        void view.session.say({ type: "input.reply", value });
      }}
    >
      <label>
        <span>{prompt === "" ? "The cell waits for a line of text:" : prompt}</span>
        {secret ? (
          <input
            ref={input}
            type="password"
            value={value}
            autoComplete="off"
            onInput={(event) => setValue(event.currentTarget.value)}
          />
        ) : (
          <input
            ref={input}
            type="text"
            value={value}
            autoComplete="off"
            onInput={(event) => setValue(event.currentTarget.value)}
          />
        )}
      </label>
      <button type="submit" class="button is-main">
        Answer
      </button>
    </form>
  );
}
