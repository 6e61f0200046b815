/** @file Starts the page: the collection lies beside it, in collection/. */

import { render } from "preact";
import { Page } from "./ui/page.js";

const wanted = new URLSearchParams(location.search).get("runtime");

render(
  <Page base={new URL("collection/", document.baseURI)} runtime={wanted} />,
  document.getElementById("page")!,
);
