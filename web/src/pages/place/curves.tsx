/** One or two measures over time: the curve, what it says under the pointer, its gaps in words, and a table of the same. */

import type { JSX } from "preact";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { formatsOf } from "../../core/numbers.ts";
import { type Gap, type Series, columnsOf, gapsOf, indexAt } from "./curve.ts";
import type { Loaded } from "./loading.ts";
import { isPeople, lengthText, nameOf, plainOf, reasonOf, textOf, titleOf, unitOf } from "./measures.ts";
import { type Picture, type Trace, Plot } from "./plot.ts";
import { type Span, type Step, type View, isCounted, moved, zoomed } from "./span.ts";
import { SeriesTable } from "./series_table.tsx";
import { say } from "./words.ts";

const formats = formatsOf();
const MOST_GAPS = 4;

interface Props {
  readonly view: View;
  readonly chosen: readonly string[];
  readonly loaded: Loaded | null;
  readonly span: Span;
  readonly nowS: number;
  readonly tickS: number;
  onSpan(span: Span, settled?: boolean, replace?: boolean): void;
  onCanvas(canvas: HTMLCanvasElement | null): void;
}

export function Curves({ view, chosen, loaded, span, nowS, tickS, onSpan, onCanvas }: Props): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | null>(null);
  const spanTo = useRef(onSpan);
  spanTo.current = onSpan;
  const [pointedS, setPointedS] = useState<number | null>(null);
  useLayoutEffect(() => {
    if (box.current === null) return undefined;
    const made = new Plot(box.current, { span: (to, settled) => spanTo.current(to, settled), pointed: setPointedS, drawn: onCanvas });
    plot.current = made;
    return () => { made.close(); plot.current = null; };
  }, []);
  const picture = useMemo(() => (loaded === null ? null : pictureOf(loaded, nowS)), [loaded, Math.floor(nowS / tickS)]);
  useLayoutEffect(() => {
    if (picture === null) return;
    plot.current?.show({ ...picture, span, nowS });
  }, [picture, span.fromS, span.toS]);
  const at = loaded === null || pointedS === null ? null : pointOf(loaded, pointedS);
  const key = (event: KeyboardEvent): void => {
    const to = spanOfKey(event, span, nowS, pointedS);
    const stepped = to === null && loaded !== null ? timeOfKey(event, loaded, pointedS) : null;
    if (to === null && stepped === null) return;
    event.preventDefault();
    if (to !== null) onSpan(to);
    if (stepped !== null) { plot.current?.point(stepped); setPointedS(stepped); }
  };
  const gaps = picture?.gaps ?? [];
  return (
    <>
      <div class="curve-head" aria-hidden="true">
        <p class="keys">
          {chosen.map((quantity, i) => <span key={quantity} class="key" data-trace={i}>{titleOf(quantity)}</span>)}
          {view.compare && <span class="key" data-trace="week">{say("weekBefore")}</span>}
        </p>
        <p class="point">{at ?? ""}</p>
      </div>
      <div class="curve-box" ref={box} role="slider" tabIndex={0} aria-orientation="horizontal"
        aria-label={chosen.map(nameOf).join(", ")} aria-describedby="curve-said curve-help"
        aria-valuemin={Math.round(span.fromS)} aria-valuemax={Math.round(span.toS)} aria-valuenow={Math.round(pointedS ?? span.toS)}
        aria-valuetext={at ?? say("wholeSpan", { from: formats.moment(span.fromS), to: formats.moment(span.toS) })}
        onKeyDown={key} onBlur={() => { plot.current?.point(null); setPointedS(null); }} />
      {loaded !== null && loaded.series.every(({ values }) => values.every((value) => value === null)) && <p class="warn">{say("nothing")}</p>}
      <Gaps gaps={gaps} nowS={nowS} />
      <p class="label" id="curve-said">{loaded !== null && `${saidOf(loaded)} ${stepsSaid(loaded, tickS)} `}{say("band")}</p>
      <p class="unseen" id="curve-help">{say("curveHelp")}</p>
      {loaded !== null && <SeriesTable loaded={loaded} nowS={nowS} />}
    </>
  );
}

/** The longest stretches without numbers, in the order of time. */
function Gaps({ gaps, nowS }: { gaps: readonly Gap[]; nowS: number }): JSX.Element | null {
  if (gaps.length === 0) return null;
  const byLength = gaps.toSorted((a, b) => b.endS - b.startS - (a.endS - a.startS));
  const longest = byLength.slice(0, MOST_GAPS).sort((a, b) => a.startS - b.startS);
  return (
    <ul class="gaps">
      {longest.map((gap) => (
        <li key={`${gap.startS} ${gap.reason}`}>
          {say("gap", { from: formats.clock(gap.startS, nowS), to: formats.clock(gap.endS, nowS), reason: reasonOf(gap.reason) })}
        </li>
      ))}
      {gaps.length > longest.length && <li>{say("moreGaps", { count: gaps.length - longest.length })}</li>}
    </ul>
  );
}

function pictureOf(loaded: Loaded, nowS: number): Picture {
  const { quantities, steps, series, weekBefore, span } = loaded;
  const [first = "", second = ""] = quantities;
  const oneAxis = isPeople(first) === isPeople(second) && unitOf(first) === unitOf(second);
  const trace = (one: Series, quantity: string, colour: 0 | 1, faint: boolean): Trace => {
    const inSteps = steps[quantities.indexOf(quantity)] !== "tick" && isCounted(quantity);
    return { columns: columnsOf(one, inSteps), inPeople: isPeople(quantity), colour, axis: oneAxis ? 0 : colour, faint, steps: inSteps };
  };
  const traces = series.map((one, i) => trace(one, quantities[i] ?? "", i === 0 ? 0 : 1, false));
  if (weekBefore !== null) traces.push(trace(weekBefore, first, 0, true));
  return { traces, gaps: once(series.flatMap((one) => gapsOf(one, span, nowS))), span, nowS };
}

/** What one number of each curve is of, in words, each said once. */
function stepsSaid({ steps, quantities }: Loaded, tickS: number): string {
  return [...new Set(steps.map((step, i) => say(stepWord(step, quantities[i] ?? ""), { span: lengthText(tickS) })))].join(" ");
}

function stepWord(step: Step, quantity: string): "byTick" | "byHour" | "byHourCounted" | "byDay" | "byMean" {
  if (step === "tick") return "byTick";
  if (step === "hour") return isCounted(quantity) ? "byHourCounted" : "byHour";
  return step === "day" ? "byDay" : "byMean";
}

/** Gaps that two measures share are told once. */
function once(gaps: readonly Gap[]): readonly Gap[] {
  return [...new Map(gaps.map((gap) => [`${gap.startS} ${gap.endS} ${gap.reason}`, gap])).values()];
}

/** What the curves show, for those who cannot see them. */
function saidOf({ quantities, series }: Loaded): string {
  return series.flatMap(({ values }, i) => {
    const quantity = quantities[i] ?? "";
    const known = values.filter((value) => value !== null);
    if (known.length === 0) return [];
    const [low, high] = known.reduce(([least, most], value) => [Math.min(least, value), Math.max(most, value)], [Infinity, -Infinity]);
    return [say("lowHigh", { name: nameOf(quantity), low: plainOf(formats, quantity, low), high: plainOf(formats, quantity, high) })];
  }).join(" ");
}

/** What the curves say at a time: each number with its margin, or why there is none. */
function pointOf({ quantities, series, weekBefore }: Loaded, timeS: number): string | null {
  const [first] = series;
  const i = first === undefined ? null : indexAt(first, timeS);
  if (first === undefined || i === null) return null;
  const startS = first.startS[i] ?? 0;
  const when = `${formats.moment(startS)} – ${formats.clock(startS + first.stepS, startS)}`;
  const texts = series.map((one, of) => {
    const told = numberAt(one, quantities[of] ?? "", timeS);
    return series.length > 1 ? `${nameOf(quantities[of] ?? "")} ${told}` : told;
  });
  const before = weekBefore === null ? [] : [say("weekBeforeIs", { number: numberAt(weekBefore, quantities[0] ?? "", timeS) })];
  return `${when}: ${[...texts, ...before].join(" · ")}`;
}

function numberAt(series: Series, quantity: string, timeS: number): string {
  const i = indexAt(series, timeS);
  const [value, error] = i === null ? [null, null] : [series.values[i] ?? null, series.errors[i] ?? null];
  if (value !== null && error !== null) return textOf(formats, quantity, value, error);
  return say("unknownFor", { reason: reasonOf(i === null ? "" : (series.unknown[i] ?? "")) });
}

/** Plus and minus zoom, the page keys move in time. */
function spanOfKey(event: KeyboardEvent, span: Span, nowS: number, pointedS: number | null): Span | null {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  const anchorS = pointedS ?? (span.toS >= nowS - 1 ? span.toS : (span.fromS + span.toS) / 2);
  switch (event.key) {
    case "+": case "=": return zoomed(span, 0.5, anchorS);
    case "-": case "_": return zoomed(span, 2, anchorS);
    case "PageUp": return moved(span, -0.5, nowS);
    case "PageDown": return moved(span, 0.5, nowS);
    default: return null;
  }
}

/** The arrow keys step through the numbers, with Shift ten at a time. */
function timeOfKey(event: KeyboardEvent, { series: [first] }: Loaded, pointedS: number | null): number | null {
  if (first === undefined || first.startS.length === 0) return null;
  const last = first.startS.length - 1;
  const at = (pointedS === null ? null : indexAt(first, pointedS)) ?? last + 1;
  const by = event.shiftKey ? 10 : 1;
  const to = { ArrowLeft: at - by, ArrowRight: at + by, ArrowDown: at - by, ArrowUp: at + by, Home: 0, End: last }[event.key];
  if (to === undefined) return null;
  return (first.startS[Math.min(last, Math.max(0, to))] ?? 0) + first.stepS;
}
