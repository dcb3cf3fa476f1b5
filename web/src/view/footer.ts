/** In plain words: why the numbers are not exact, and what that protects. */

import { budgetText, oneDigit, recognisedInAHundred, ticksText } from "../format.ts";
import type { State } from "../model.ts";
import { make } from "./dom.ts";

export class FooterView {
  readonly element = make("footer");
  #shown: Pick<State, "site" | "cameras"> = { site: null, cameras: null };

  update({ site, cameras }: State): void {
    if (site === null || (site === this.#shown.site && cameras?.size === this.#shown.cameras?.size)) return;
    this.#shown = { site, cameras };
    const ticks = ticksText([...(cameras?.values() ?? [])].map(({ info }) => info.tickS));
    const hits = oneDigit(recognisedInAHundred(site));
    this.element.replaceChildren(
      part(
        "Numbers carry noise on purpose",
        `Every number was changed by a random amount before it was stored or shown, so that nobody can work out from it whether one person walked by. ± is two standard errors of that noise: the exact count lies within it about 19 times in 20. New numbers come every ${ticks}; totals of lines run since counting began.`,
      ),
      part(
        "What is protected",
        `One passage: one person's way through one camera's view, however long. With today's budget (${budgetText(site)} per camera and day, for a passage that changes up to ${site.passageCounters} counters), the best attacker, wrong once in 100, recognises a known passage about ${hits} times in 100; guessing gives 1. Someone who passes often, or by many cameras, is protected less.`,
      ),
      part(
        "What is never kept",
        "No picture, face, body outline or path of a person is stored or sent. A camera that cannot see shows as unknown, never as zero.",
      ),
      make("p", { class: "version" }, `Throng ${site.version}`),
    );
  }
}

function part(title: string, text: string): HTMLElement {
  return make("section", {}, make("h2", {}, title), make("p", {}, text));
}
