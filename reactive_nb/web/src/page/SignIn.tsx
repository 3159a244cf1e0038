/** Asks for a token where the service does not know who this is. */
import { useState } from "preact/hooks";

import { signedOut, tokensRenew, useToken } from "../service/token";

export function SignIn() {
  return tokensRenew() ? <SignedOut /> : <TokenForm />;
}

/** Where the page around signs people in, there is nothing to type here. */
function SignedOut() {
  return (
    <main class="sign-in">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          signedOut.value = false;
        }}
      >
        <h1>You are signed out</h1>
        <p>Sign in again where you did before, and come back here.</p>
        <button type="submit" class="button is-main">
          Try again
        </button>
      </form>
    </main>
  );
}

function TokenForm() {
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
