/** The dialogue that shows a one-time sign-in link for another device. */

import { HubUnreachable, type SignInCode } from "../api.ts";
import { clock } from "../format.ts";
import { make, setText } from "./dom.ts";

export class DeviceDialog {
  readonly element = make("dialog", { class: "device", "aria-labelledby": "device-title" });
  readonly #link = make("input", { type: "text", readonly: "", "aria-label": "One-time sign-in link", spellcheck: "false" });
  readonly #copy = make("button", { type: "button", class: "strong" }, "Copy link");
  readonly #note = make("p", { class: "label" });
  readonly #said = make("p", { class: "label", role: "status" });

  constructor() {
    const close = make("button", { type: "button" }, "Close");
    this.element.append(
      make("h2", { id: "device-title" }, "Sign in another device"),
      make("p", {}, "Open this link there. Whoever opens it first is signed in, so give it to nobody else."),
      this.#link,
      this.#note,
      make("div", { class: "buttons" }, this.#copy, close),
      this.#said,
    );
    close.addEventListener("click", () => {
      this.element.close();
    });
    this.#copy.addEventListener("click", () => void this.#copyLink());
    this.#link.addEventListener("focus", () => {
      this.#link.select();
    });
    this.element.addEventListener("close", () => {
      this.#link.value = "";
    });
  }

  show(code: SignInCode, nowS: number): void {
    this.#link.value = new URL(code.url, location.href).href;
    setText(this.#note, `Works once, until ${clock(nowS + code.expiresS, nowS)}.`);
    setText(this.#said, "");
    this.element.showModal();
    this.#copy.focus();
  }

  async #copyLink(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.#link.value);
      setText(this.#said, "Copied.");
    } catch {
      this.#link.focus();
      setText(this.#said, "Could not copy by itself: the link is selected, copy it with the keyboard or the menu.");
    }
  }
}

/** What went wrong, for the person who pressed the button. */
export function failureSentence(error: unknown): string {
  if (error instanceof HubUnreachable) return `That did not work: ${error.message}. Try again.`;
  throw error;
}
