/** The same as a table: which places, in which order, and which of them are in view. Pure. */

import { type Place, sightOf } from "./network.ts";

export type Column = "place" | "camera" | "people" | "density" | "flow";
export const COLUMNS: readonly Column[] = ["place", "camera", "people", "density", "flow"];
export interface Order {
  readonly by: Column;
  readonly descending: boolean;
}
export const USUAL: Order = { by: "density", descending: true };

/** "density" for the largest first, "-density" for the smallest; of names "place" is from A to Z. */
export function orderOf(text: string | undefined): Order {
  const by = COLUMNS.find((column) => column === (text ?? "").replace(/^-/, ""));
  return by === undefined ? USUAL : { by, descending: isNumber(by) !== (text ?? "").startsWith("-") };
}

export function textOf({ by, descending }: Order): string {
  const text = isNumber(by) === descending ? by : `-${by}`;
  return by === USUAL.by && descending === USUAL.descending ? "" : text;
}

/** The order after a click on a column's head: the other way round where it is sorted by it already. */
export function clicked(order: Order, by: Column): Order {
  return order.by === by ? { by, descending: !order.descending } : { by, descending: isNumber(by) };
}

export function isNumber(column: Column): boolean {
  return column !== "place" && column !== "camera";
}

/** Text without case and accents, so that "uberfuhrung" finds "Überführung". */
export function plain(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

/** The places whose name, camera or site holds every word that is looked for, in the order of the hub. */
export function found(places: readonly Place[], look: string, site: string): Place[] {
  const words = plain(look).split(/\s+/).filter((word) => word !== "");
  return places.filter((place) => {
    if (site !== "" && place.camera.site !== site) return false;
    if (words.length === 0) return true;
    const text = textOfPlace(place);
    return words.every((word) => text.includes(word));
  });
}

/** What each place is looked for by: made once, as a letter is typed more often than cameras come. */
const TEXTS = new WeakMap<Place, string>();

function textOfPlace(place: Place): string {
  const known = TEXTS.get(place);
  if (known !== undefined) return known;
  const text = plain(`${place.name} ${place.camera.name} ${place.camera.site}`);
  TEXTS.set(place, text);
  return text;
}

/** Places in an order. What is unknown or not measured comes last either way, and equals stay as they were. */
export function sorted(places: readonly Place[], { by, descending }: Order, nowS: number, locale: string): readonly Place[] {
  const sign = descending ? -1 : 1;
  if (by === "place" || by === "camera") {
    const names = new Intl.Collator(locale, { numeric: true });
    const nameOf = (place: Place): string => (by === "place" ? place.name : place.camera.name);
    return places.toSorted((a, b) => sign * names.compare(nameOf(a), nameOf(b)));
  }
  const values = Float64Array.from(places, (place) => (sightOf(place.camera, nowS) === "known" ? valueOf(place, by) : Number.NaN));
  const numbers = Uint32Array.from(places.keys());
  const known = numbers.filter((i) => !Number.isNaN(values[i])).sort((i, j) => sign * ((values[i] ?? 0) - (values[j] ?? 0)));
  return [...known, ...numbers.filter((i) => Number.isNaN(values[i]))].map((i) => places[i] as Place);
}

function valueOf(place: Place, by: Column): number {
  return by === "people" ? place.people : by === "density" ? place.density : place.inPerMin + place.outPerMin;
}

/** Which rows are in the document: those in view and some around them, all where there are few. */
export function windowOf(rows: number, rowPx: number, scrolledPx: number, heightPx: number): readonly [number, number] {
  if (rows <= FEW) return [0, rows];
  const first = Math.max(0, Math.min(rows, Math.floor(scrolledPx / rowPx)) - AROUND);
  return [first, Math.min(rows, first + Math.ceil(heightPx / rowPx) + 2 * AROUND)];
}

export const FEW = 200;
const AROUND = 6;
