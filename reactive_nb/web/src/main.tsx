/**
 * The page of reactive-nb. It uses the public REST and WebSocket interface and nothing else, so it is also the example
 * for other clients: `session/` and `service/` know nothing of how things are shown.
 *
 * Why Preact with signals: components are plain functions in the form that most people who write for browsers know and
 * that libraries are made for (React's), at a twentieth of its size, with no compiler of its own to outlive; signals
 * redraw only what shows a changed value, which a notebook of a thousand cells needs.
 */
import { render } from "preact";

import { App } from "./page/App";
import "./styles/page.css";

const place = document.getElementById("page");
if (place !== null) render(<App />, place);
