/** The page: whichever of its parts the address names, or the sign-in. */
import { AppPage } from "../app/AppPage";
import { NotebookList } from "../list/NotebookList";
import { signedOut } from "../service/token";
import { NotebookPage } from "./NotebookPage";
import { route } from "./route";
import { SignIn } from "./SignIn";

export function App() {
  const out = signedOut.value;
  return (
    <>
      {out && <SignIn />}
      <div style={{ display: out ? "none" : "contents" }}>
        <Part out={out} />
      </div>
    </>
  );
}

/** An open notebook stays while nobody is signed in: what was typed there is sent afterwards. */
function Part({ out }: { out: boolean }) {
  const shown = route.value;
  switch (shown.page) {
    case "list":
      return out ? null : <NotebookList />;
    case "app":
      return <AppPage key={shown.id} id={shown.id} />;
    case "notebook":
      return <NotebookPage key={shown.id} id={shown.id} cell={shown.cell} />;
  }
}
