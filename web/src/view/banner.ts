/** The strip across the page that says when its numbers are not live. */

import { bannerSentence } from "../format.ts";
import type { State } from "../model.ts";
import { make, setData, setShown, setText } from "./dom.ts";

export class BannerView {
  readonly element = make("div", { class: "banner", role: "alert" });
  readonly #text = make("span");
  readonly #link = make("a", { href: "/sign-in" }, "Sign in again");

  constructor() {
    this.element.append(this.#text, " ", this.#link);
    this.element.hidden = true;
  }

  update(state: State, nowS: number): void {
    const text = bannerSentence(state, nowS);
    setShown(this.#link, state.connection.kind === "ended");
    setData(this.element, "kind", state.connection.kind);
    setText(this.#text, text ?? "");
    setShown(this.element, text !== null);
  }
}
