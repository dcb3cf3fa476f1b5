/** The alarms at the top of the page: those that ring, and those that nobody can rely on now. */

import { type Notice, newlyRinging, noticesOf } from "../alarms.ts";
import type { State } from "../model.ts";
import { make, setShown, setText } from "./dom.ts";

/** More alarms than this that cannot be relied on are folded away, so that a dark camera does not push the numbers off the page. */
const MOST_OPEN = 3;

export class AlarmsView {
  readonly element = make("section", { class: "alarms", "aria-label": "Alarms" });
  readonly #ringing = make("ul");
  readonly #unreliable = make("ul");
  readonly #summary = make("summary");
  readonly #folded = make("details", {}, this.#summary, this.#unreliable);
  /** Read out at once, and only what is new: the list changes with every tick. */
  readonly #spoken = make("p", { class: "unseen", role: "alert" });
  #before: readonly Notice[] = [];
  #shown = "";

  constructor() {
    this.element.append(this.#ringing, this.#folded, this.#spoken);
    this.element.hidden = true;
  }

  update(state: State, nowS: number): void {
    const notices = noticesOf(state, nowS);
    const shown = JSON.stringify(notices);
    if (shown === this.#shown) return;
    this.#shown = shown;
    setShown(this.element, notices.length > 0);
    const ringing = notices.filter((notice) => notice.kind !== "not watched");
    this.#ringing.replaceChildren(...ringing.map(itemOf));
    this.#fold(notices.filter((notice) => notice.kind === "not watched"));
    const news = newlyRinging(this.#before, notices);
    if (news !== "" || ringing.length === 0) setText(this.#spoken, news);
    this.#before = notices;
  }

  #fold(unreliable: readonly Notice[]): void {
    if (unreliable.length !== this.#unreliable.children.length) this.#folded.open = unreliable.length <= MOST_OPEN;
    setShown(this.#folded, unreliable.length > 0);
    setText(this.#summary, `${unreliable.length} ${unreliable.length === 1 ? "alarm" : "alarms"} not to be relied on now`);
    this.#unreliable.replaceChildren(...unreliable.map(itemOf));
  }
}

function itemOf(notice: Notice): HTMLElement {
  return make(
    "li",
    { class: "alarm", "data-kind": notice.kind },
    make("strong", {}, notice.word),
    make("p", {}, notice.sentence),
    make("p", { class: "label" }, make("bdi", {}, notice.detail)),
  );
}
