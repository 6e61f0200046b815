/** @file Starts the page: the collection lies beside it, in collection/. */

import { render } from "preact";
import { Page } from "./ui/page.js";
import { showKeptTheme } from "./ui/themeSwitch.js";

const wanted = new URLSearchParams(location.search).get("runtime");

showKeptTheme();
render(
  <Page base={new URL("collection/", document.baseURI)} runtime={wanted} />,
  document.getElementById("page")!,
);
