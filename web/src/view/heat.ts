/** Where in the picture people were in the last hour, as a coarse map. */

import { LEVELS, heatSentence, isNew, levelsOf } from "../heat.ts";
import type { Heat } from "../model.ts";
import { make, setShown, setText } from "./dom.ts";

export class HeatView {
  readonly element: HTMLElement;
  readonly #map: HTMLCanvasElement;
  readonly #caption: HTMLElement;
  #shown: Heat | null = null;

  constructor(id: string) {
    this.#map = make("canvas", { role: "img", "aria-labelledby": `${id}-heat` });
    this.#caption = make("figcaption", { id: `${id}-heat` });
    this.element = make("figure", { class: "heat" }, this.#map, this.#caption);
  }

  update(heat: Heat | null, nowS: number): void {
    setShown(this.element, heat !== null);
    if (heat === null) return;
    setText(this.#caption, heatSentence(heat, nowS));
    setShown(this.#map, isNew(heat, nowS));
    if (heat !== this.#shown) this.#draw(heat);
  }

  redrawAfresh(): void {
    if (this.#shown !== null) this.#draw(this.#shown);
  }

  /** A pixel a cell; the style sheet makes them large. */
  #draw(heat: Heat): void {
    this.#shown = heat;
    const levels = levelsOf(heat);
    this.#map.width = levels[0]?.length ?? 0;
    this.#map.height = levels.length;
    const pen = this.#map.getContext("2d");
    if (pen === null) return;
    pen.fillStyle = getComputedStyle(this.#map).color;
    levels.forEach((row, y) => {
      row.forEach((level, x) => {
        pen.globalAlpha = level / LEVELS;
        pen.fillRect(x, y, 1, 1);
      });
    });
  }
}
