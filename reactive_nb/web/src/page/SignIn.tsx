/** Asks for a token where the service does not know who this is. */
import { useState } from "preact/hooks";

import { useToken } from "../service/token";

export function SignIn() {
  const [typed, setTyped] = useState("");
  return (
    <main class="sign-in">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (typed.trim() !== "") useToken(typed.trim());
        }}
      >
        <h1>Sign in</h1>
        <p>The service prints an address with a token when it starts; open that address, or type its token here.</p>
        <label>
          <span>Token</span>
          <input
            type="password"
            autoComplete="current-password"
            value={typed}
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="button is-main">
          Sign in
        </button>
      </form>
    </main>
  );
}
