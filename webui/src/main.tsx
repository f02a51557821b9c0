import { render } from "preact";
import { App } from "./shell/App";
import "./shell/theme";
import "./kit/fonts.css";
import "./kit/tokens.css";
import "./kit/base.css";
import "./kit/kit.css";
import "./shell/shell.css";

const root = document.getElementById("app");
if (root) render(<App />, root);
