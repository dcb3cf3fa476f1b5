/** Which time is shown: what stands in the address, zooming and moving, and the step that follows the span. Pure. */

/** A stretch of time, Unix seconds. */
export interface Span {
  readonly fromS: number;
  readonly toS: number;
}

/** What one number of a curve is of. `mean`: of a local day's hours, which the page takes itself. */
export type Step = "tick" | "hour" | "day" | "mean";
export const LOOKS = ["curve", "hours", "picture", "diagram"] as const;
export type Look = (typeof LOOKS)[number];

/** What the page of a place shows. Either it follows the present, `lastS` long, or it stands still between two times. */
export interface View {
  readonly camera: string;
  readonly place: string;
  /** One quantity or two; empty: the place's first. */
  readonly measures: readonly string[];
  readonly lastS: number | null;
  readonly fixed: Span | null;
  readonly compare: boolean;
  readonly look: Look;
}

const HOUR_S = 3600;
const DAY_S = 86_400;
export const SHORTEST_S = 60;
export const LONGEST_S = 366 * DAY_S;
const USUAL_S = HOUR_S;

/** The lengths that have a button, and how their words are called. */
export const PRESETS = [
  ["h1", HOUR_S],
  ["h6", 6 * HOUR_S],
  ["d1", DAY_S],
  ["w1", 7 * DAY_S],
  ["m1", 30 * DAY_S],
  ["y1", 365 * DAY_S],
] as const;

/** So many numbers are drawn of a measure: more are no curve any more, but an area. */
const MOST_POINTS = 2000;
/** A span too short for hours to make a curve of it is drawn by the tick, up to so many. */
const SHORT_S = 2 * DAY_S;
const MOST_TICKS = 20_000;
const COUNTED: readonly string[] = ["in", "out", "entries", "exits"];

/** Whether a quantity adds up: of an hour it says what was counted in it, and not what was last known. */
export function isCounted(quantity: string): boolean {
  return COUNTED.includes(quantity);
}

/** The step of a quantity over a span. Counts add up to days; of all else the last number of a day would say little, and the mean does. */
export function stepOf(spanS: number, tickS: number, quantity: string): Step {
  const ticks = spanS / tickS;
  if (ticks <= MOST_POINTS || (spanS < SHORT_S && ticks <= MOST_TICKS) || !hasHours(tickS)) return "tick";
  if (spanS / HOUR_S <= MOST_POINTS) return "hour";
  return isCounted(quantity) || quantity.endsWith("_total") ? "day" : "mean";
}

/** Whether ticks of this length make whole hours. */
export function hasHours(tickS: number): boolean {
  return tickS < HOUR_S && HOUR_S % tickS === 0;
}

/** How often a view by a step has a number more, seconds. */
export function stepLengthS(step: Step, tickS: number): number {
  return step === "tick" ? tickS : step === "hour" ? HOUR_S : DAY_S;
}

/** The step that the hub is asked for. */
export function askedStep(step: Step): "tick" | "hour" | "day" {
  return step === "mean" ? "hour" : step;
}

/** The view of an address; whatever it does not say, or says wrongly, is as usual. */
export function viewOf(params: Readonly<Record<string, string>>): View {
  const [fromS, toS] = [timeOf(params["from"]), timeOf(params["to"])];
  const fixed = fromS !== null && toS !== null && toS - fromS >= SHORTEST_S ? { fromS: Math.max(fromS, toS - LONGEST_S), toS } : null;
  const lastS = Number(params["last"]);
  return {
    camera: params["camera"] ?? "",
    place: params["place"] ?? "",
    measures: (params["measure"] ?? "").split(",").filter((one) => one !== "").slice(0, 2),
    lastS: fixed !== null ? null : Number.isFinite(lastS) && lastS > 0 ? bounded(lastS) : USUAL_S,
    fixed,
    compare: params["compare"] === "week",
    look: LOOKS.find((look) => look === params["view"]) ?? "curve",
  };
}

export function paramsOf(view: View): Record<string, string> {
  return {
    camera: view.camera,
    place: view.place,
    measure: view.measures.join(","),
    ...(view.fixed === null
      ? { last: view.lastS === USUAL_S ? "" : String(Math.round(view.lastS ?? USUAL_S)) }
      : { from: isoOf(view.fixed.fromS), to: isoOf(view.fixed.toS) }),
    compare: view.compare ? "week" : "",
    view: view.look === "curve" ? "" : view.look,
  };
}

export function spanOf(view: View, nowS: number): Span {
  return view.fixed ?? { fromS: nowS - (view.lastS ?? USUAL_S), toS: nowS };
}

/** The view of another span. One that reaches the present follows it from then on. */
export function shown(view: View, span: Span, nowS: number): View {
  const lengthS = bounded(span.toS - span.fromS);
  if (span.toS >= nowS - Math.min(1, lengthS / 1000)) return { ...view, lastS: lengthS, fixed: null };
  const toS = Math.round(span.toS);
  return { ...view, lastS: null, fixed: { fromS: toS - Math.round(lengthS), toS } };
}

/** A span longer or shorter by a factor, in which the time `atS` keeps its place. */
export function zoomed(span: Span, factor: number, atS: number): Span {
  const lengthS = span.toS - span.fromS;
  const newS = bounded(lengthS * factor);
  const share = lengthS === 0 ? 1 : (atS - span.fromS) / lengthS;
  return { fromS: atS - share * newS, toS: atS + (1 - share) * newS };
}

/** A span earlier or later by a share of its length, never beyond the present. */
export function moved(span: Span, share: number, nowS: number): Span {
  const byS = Math.min(share * (span.toS - span.fromS), nowS - span.toS);
  return { fromS: span.fromS + byS, toS: span.toS + byS };
}

/** The same wall clock time some days later: days of 23 and 25 hours count as days. */
export function daysLater(timeS: number, days: number): number {
  const moment = new Date(timeS * 1000);
  moment.setDate(moment.getDate() + days);
  return moment.getTime() / 1000;
}

/** When the local day of a time began. */
export function dayStartS(timeS: number): number {
  return new Date(timeS * 1000).setHours(0, 0, 0, 0) / 1000;
}

export function isoOf(timeS: number): string {
  return new Date(Math.round(timeS) * 1000).toISOString().replace(".000", "");
}

/** A time as a field of date and time takes it: local, to the minute. */
export function fieldOf(timeS: number): string {
  const local = new Date(timeS * 1000);
  const two = (value: number): string => String(value).padStart(2, "0");
  const year = String(local.getFullYear()).padStart(4, "0");
  return `${year}-${two(local.getMonth() + 1)}-${two(local.getDate())}T${two(local.getHours())}:${two(local.getMinutes())}`;
}

/** The time of an ISO text; local where it tells no offset. Null where it is none. */
export function timeOf(text: string | undefined): number | null {
  const ms = Date.parse(text ?? "");
  return Number.isFinite(ms) ? ms / 1000 : null;
}

function bounded(lengthS: number): number {
  return Math.min(LONGEST_S, Math.max(SHORTEST_S, lengthS));
}
