/** The page: whichever of its parts the address names, or the sign-in. */
import { AppPage } from "../app/AppPage";
import { NotebookList } from "../list/NotebookList";
import { signedOut } from "../service/token";
import { NotebookPage } from "./NotebookPage";
import { route } from "./route";
import { SignIn } from "./SignIn";

export function App() {
  if (signedOut.value) return <SignIn />;
  const shown = route.value;
  switch (shown.page) {
    case "list":
      return <NotebookList />;
    case "app":
      return <AppPage key={shown.id} id={shown.id} />;
    case "notebook":
      return <NotebookPage key={shown.id} id={shown.id} cell={shown.cell} />;
  }
}
