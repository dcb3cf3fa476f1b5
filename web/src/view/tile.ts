/** One camera's tile: its state, people now, the last hour, its zones and lines. */

import type { Curve } from "../curve.ts";
import { capitalised, margin, measureText, nameOrDash, people, readingText, reasonSentence, tickClock } from "../format.ts";
import type { CameraReading, CrowdReading, Reading } from "../readings.ts";
import { CurveView } from "./curve.ts";
import { HeatView } from "./heat.ts";
import { make, setData, setShown, setText } from "./dom.ts";

let made = 0;

export class TileView {
  readonly element: HTMLElement;
  readonly #id = `camera-${++made}`;
  readonly #name = make("bdi");
  readonly #phase = make("p", { class: "phase" });
  readonly #figures = make("div", { class: "figures" });
  readonly #label = make("p", { class: "label" });
  readonly #note = make("p", { class: "label" });
  readonly #curve = new CurveView(this.#id);
  readonly #zones = new Table("Zones");
  readonly #crowd = new Table("Zones on the ground");
  readonly #stays = new Table("Stays");
  readonly #lines = new Table("Lines");
  readonly #heat = new HeatView(this.#id);
  #figuresShown = "";

  constructor() {
    const heading = make("h2", { id: `${this.#id}-name` }, this.#name);
    this.element = make(
      "article",
      { class: "tile", "aria-labelledby": `${this.#id}-name` },
      make("header", {}, heading, this.#phase),
      make(
        "div",
        { class: "tile-body" },
        make("div", { class: "now" }, this.#figures, this.#label, this.#note),
        this.#curve.element,
        make("div", { class: "places" }, this.#zones.element, this.#lines.element),
        make("div", { class: "crowd" }, this.#crowd.element, this.#stays.element, this.#heat.element),
      ),
    );
  }

  update(camera: CameraReading, curve: Curve, nowS: number): void {
    setText(this.#name, nameOrDash(camera.name));
    setData(this.element, "phase", camera.phase);
    setText(this.#phase, camera.phase);
    this.#showFigures(camera);
    const first = camera.people ?? camera.flow?.in ?? null;
    setText(this.#label, labelOf(camera, first, nowS));
    setText(this.#note, camera.note === "" ? "" : `${capitalised(camera.note)}.`);
    setShown(this.#note, camera.note !== "");
    this.#curve.update(curve, nowS);
    setShown(this.#curve.element, curve.traces.length > 0);
    this.#updateTables(camera);
    this.#heat.update(camera.heat, nowS);
  }

  redrawAfresh(): void {
    this.#curve.redrawAfresh();
    this.#heat.redrawAfresh();
  }

  #updateTables({ people: now, zones, lines }: CameraReading): void {
    this.#zones.update(["Zone", "People now"], zones.length > 1 ? zones.map((zone) => [zone.name, counted(zone.people)]) : []);
    const crowds = zones.flatMap(({ name, crowd }) => (crowd === null ? [] : [{ name, crowd }]));
    const walkNow = crowds.some(({ crowd }) => crowd.speedNow !== null) ? ["Walk now"] : [];
    this.#crowd.update(
      ["Zone", "People per m²", ...walkNow, "Walked", "Stayed"],
      crowds.map(({ name, crowd }) => [name, ...crowdCells(crowd)]),
    );
    this.#stays.update(
      ["Stayed", "Half up to", "95 % up to"],
      zones.flatMap(({ name, stays }) => (stays === null ? [] : [[name, seconds(stays.median), seconds(stays.p95)]])),
    );
    const alone = now === null && lines.length === 1;
    this.#lines.update(["Line totals", "In", "Out"], alone ? [] : lines.map((line) => [line.name, counted(line.in), counted(line.out)]));
  }

  #showFigures(camera: CameraReading): void {
    const figures = figuresOf(camera);
    const shown = figures.map((one) => one.textContent).join("|");
    if (shown === this.#figuresShown) return;
    this.#figuresShown = shown;
    this.#figures.replaceChildren(...figures);
  }
}

/** A big number with its margin, or in its place the plain word that there is none. */
export function figure(label: string, reading: Reading): HTMLElement {
  if (reading.kind !== "known") {
    return make("p", { class: "figure word" }, reading.kind === "unknown" ? "Unknown" : "Starting");
  }
  const { value, standardError } = reading.estimate;
  return make(
    "p",
    { class: "figure" },
    ...(label === "" ? [] : [make("span", { class: "figure-label" }, `${label} `)]),
    make("span", { class: "number" }, people(value)),
    " ",
    make("span", { class: "margin" }, margin(standardError)),
  );
}

function figuresOf({ people: now, flow }: CameraReading): HTMLElement[] {
  if (now !== null) return [figure("", now)];
  if (flow === null) return [];
  return flow.in.kind === "known" ? [figure("in", flow.in), figure("out", flow.out)] : [figure("", flow.in)];
}

function labelOf(camera: CameraReading, reading: Reading | null, nowS: number): string {
  if (reading === null) return "No line or zone is set up.";
  if (reading.kind !== "known") return reasonSentence(reading, nowS);
  const at = `at ${tickClock(reading.atS, nowS, camera.tickS)}`;
  if (camera.people === null) {
    const [only, ...others] = camera.lines;
    const where = only !== undefined && others.length === 0 ? `across ${nameOrDash(only.name)}` : "across all lines";
    return `total ${where}, ${at}`;
  }
  return camera.zones.length > 1 ? `people now in ${camera.zones.length} zones, ${at}` : `people now, ${at}`;
}

interface Cell {
  readonly kind: Reading["kind"];
  readonly text: string;
}

type TableRow = readonly [string, ...Cell[]];

function counted(reading: Reading): Cell {
  return { kind: reading.kind, text: readingText(reading) };
}

function speedCell(reading: Reading): Cell {
  return { kind: reading.kind, text: measureText(reading, "m/s", 1) };
}

function seconds(reading: Reading): Cell {
  return { kind: reading.kind, text: measureText(reading, "s", 0) };
}

function crowdCells({ density, speed, speedNow, stay }: CrowdReading): Cell[] {
  return [
    { kind: density.kind, text: measureText(density, "", 2) },
    ...(speedNow === null ? [] : [speedCell(speedNow)]),
    speedCell(speed),
    seconds(stay),
  ];
}

/** A small table of readings by name. */
class Table {
  readonly element: HTMLTableElement;
  readonly #head = make("tr");
  readonly #body = make("tbody");
  #shown = "";

  constructor(caption: string) {
    this.element = make("table", {}, make("caption", { class: "unseen" }, caption), make("thead", {}, this.#head), this.#body);
  }

  update(columns: readonly string[], rows: readonly TableRow[]): void {
    setShown(this.element, rows.length > 0);
    const texts = rows.map(([name, ...cells]) => [nameOrDash(name), ...cells.map((cell) => cell.text)]);
    const shown = JSON.stringify([columns, texts]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#head.replaceChildren(...columns.map((column) => make("th", { scope: "col" }, column)));
    this.#body.replaceChildren(
      ...rows.map(([name, ...cells]) =>
        make(
          "tr",
          {},
          make("th", { scope: "row" }, make("bdi", {}, nameOrDash(name))),
          ...cells.map((cell) => make("td", { "data-kind": cell.kind }, cell.text)),
        ),
      ),
    );
  }
}
