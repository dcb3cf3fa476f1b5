/** The whole site's number at the top. */

import { missingSentence, oneDigit, siteSentence, tickClock } from "../format.ts";
import type { Estimate } from "../model.ts";
import type { Reading, SiteReading } from "../readings.ts";
import { make, setShown, setText } from "./dom.ts";
import { figure } from "./tile.ts";

export class TotalView {
  readonly element: HTMLElement;
  readonly #title = make("h2", { id: "total-name" });
  readonly #figures = make("div", { class: "figures" });
  readonly #detail = make("p", { class: "label" });
  readonly #incomplete = make("p", { class: "incomplete" });
  readonly #missing = make("span");
  #shown = "";

  constructor() {
    this.#incomplete.append(make("strong", {}, "Incomplete"), " ", this.#missing);
    this.element = make(
      "section",
      { class: "total", "aria-labelledby": "total-name" },
      this.#title,
      this.#figures,
      this.#detail,
      this.#incomplete,
    );
  }

  update(site: SiteReading, nowS: number, tickS: number, connected: boolean): void {
    setText(this.#title, site.measured === "flow" ? "Crossings, whole site" : "People now, whole site");
    const shown = siteSentence(site) + String(site.missing.length);
    if (shown !== this.#shown) {
      this.#shown = shown;
      this.#figures.replaceChildren(...figuresOf(site));
    }
    setText(this.#detail, detailOf(site, nowS, tickS, connected));
    setText(this.#missing, missingSentence(site.missing));
    setShown(this.#incomplete, site.missing.length > 0);
  }
}

function figuresOf(site: SiteReading): HTMLElement[] {
  const known = (estimate: Estimate): Reading => ({ kind: "known", estimate, atS: 0 });
  if (site.people !== null) return [figure("", known(site.people))];
  if (site.measured === "flow" && site.flow !== null) return [figure("in", known(site.flow.in)), figure("out", known(site.flow.out))];
  if (site.measured === "nothing") return [];
  const starting = site.missing.every((one) => one.why === "starting");
  return [figure("", starting ? { kind: "starting" } : { kind: "unknown", reason: "", sinceS: null })];
}

function detailOf(site: SiteReading, nowS: number, tickS: number, connected: boolean): string {
  const live = site.cameras.filter((camera) => camera.phase === "live").length;
  const cameras = `${live} of ${site.cameras.length} ${site.cameras.length === 1 ? "camera" : "cameras"} live`;
  if (site.atS === null) return connected ? cameras : "";
  const error = site.measured === "people" ? site.people?.standardError : site.flow?.in.standardError;
  const parts = [
    ...(error === undefined ? [] : [`standard error ${oneDigit(error)}`]),
    `at ${tickClock(site.atS, nowS, tickS)}`,
    ...(connected ? [cameras] : []),
  ];
  return parts.join(" · ");
}
