/** Chat with the language model: it works in the notebook as its user would, and everybody sees it there. */
import { useEffect, useRef } from "preact/hooks";

import { Icon } from "../../page/Icon";
import type { PanelProps } from "../panel";
import { Answer } from "./Answer";
import { type Conversation, conversationOf } from "./conversation";

const NEAR_END_PX = 60;

export default function Chat({ view }: PanelProps) {
  const talk = conversationOf(view.session);
  const exchanges = talk.exchanges.value;
  const place = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  useEffect(() => {
    const scrolled = place.current;
    const content = scrolled?.firstElementChild;
    if (!scrolled || !content) return;
    const observer = new ResizeObserver(() => {
      if (atEnd.current) scrolled.scrollTop = scrolled.scrollHeight;
    });
    observer.observe(content);
    return () => observer.disconnect();
  }, []);
  return (
    <div class="chat">
      <div
        ref={place}
        class="chat-said"
        tabIndex={0}
        role="log"
        aria-label="Conversation"
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          atEnd.current = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
        }}
      >
        <div>
          {exchanges.length === 0 && (
            <p class="empty">
              Ask about this notebook, or for something to be done in it: cells written, run and mended. You see it as
              it happens, and can stop it.
            </p>
          )}
          {exchanges.map((exchange, index) => (
            <section class="exchange" key={index}>
              <p class="chat-question">{exchange.question}</p>
              <Answer view={view} exchange={exchange} busy={talk.busy.value && index === exchanges.length - 1} />
            </section>
          ))}
        </div>
      </div>
      <Question talk={talk} asked={() => (atEnd.current = true)} />
    </div>
  );
}

function Question({ talk, asked }: { talk: Conversation; asked(): void }) {
  const input = useRef<HTMLTextAreaElement>(null);
  const [busy, typed] = [talk.busy.value, talk.typed.value];
  useEffect(() => input.current?.focus(), []);
  const send = () => {
    asked();
    void talk.ask(talk.typed.peek().trim());
  };
  return (
    <form
      class="chat-form"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <textarea
        ref={input}
        aria-label="Question to the model"
        placeholder="Ask, or say what to do"
        rows={3}
        value={typed}
        onInput={(event) => (talk.typed.value = event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
            event.preventDefault();
            send();
          } else if (event.key === "Escape" && talk.busy.peek()) talk.stop();
        }}
      />
      <label class="chat-mode">
        <input
          type="checkbox"
          checked={talk.mode.value === "agent"}
          disabled={busy}
          onChange={(event) => (talk.mode.value = event.currentTarget.checked ? "agent" : "ask")}
        />
        May change and run cells
      </label>
      <div class="chat-buttons">
        {talk.exchanges.value.length > 0 && (
          <button type="button" class="button" onClick={() => talk.clear()}>
            New conversation
          </button>
        )}
        <span class="spread" />
        {busy ? (
          <button type="button" class="button" onClick={() => talk.stop()}>
            <Icon name="stop" /> Stop
          </button>
        ) : (
          <button type="submit" class="button is-main" disabled={typed.trim() === ""}>
            Send
          </button>
        )}
      </div>
    </form>
  );
}
