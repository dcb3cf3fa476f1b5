/** Loads the series that a view shows, and keeps them live. */

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Stream } from "../../core/stream.ts";
import type { App } from "../../shell/app.ts";
import { type Series, appended, weekLater, within } from "./curve.ts";
import { type Span, type Step, type View, isoOf, spanOf, stepLengthS } from "./span.ts";
import { type Newest, type WireTick, askNewest, askSeries, weekBefore, withTick } from "./wire.ts";

/** What is drawn: the series of a span, each by a step of its own, in the order of their quantities. */
export interface Loaded {
  readonly quantities: readonly string[];
  readonly steps: readonly Step[];
  readonly span: Span;
  readonly series: readonly Series[];
  /** The first of them a week before, moved to the time that is shown. */
  readonly weekBefore: Series | null;
}

export interface Asked {
  readonly view: View;
  readonly quantities: readonly string[];
  readonly steps: readonly Step[];
}

/** The series that are asked for, once they are there; those before until then. `again` changes when they must be loaded anew. */
export function useSeries(app: App, asked: Asked | null, again: number): Loaded | null {
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const newest = useRef(0);
  const key = asked === null ? "" : keyOf(asked);
  // Before the next frame: what is asked a frame sooner is drawn a frame sooner.
  useLayoutEffect(() => {
    if (asked === null) return;
    const mine = ++newest.current;
    load(app, asked).then(
      (found) => {
        if (mine === newest.current) setLoaded(found);
      },
      (error: unknown) => {
        if (mine === newest.current) app.failed(error);
      },
    );
  }, [key, again]);
  return loaded;
}

function keyOf({ view, quantities, steps }: Asked): string {
  const span = view.fixed === null ? String(view.lastS) : `${isoOf(view.fixed.fromS)} ${isoOf(view.fixed.toS)}`;
  return [span, view.compare, ...quantities, ...steps].join("\n");
}

async function load({ hub }: App, { view, quantities, steps }: Asked): Promise<Loaded> {
  const span = spanOf(view, hub.clock.nowS());
  const [weekAgo, ...series] = await Promise.all([
    view.compare && quantities[0] !== undefined ? askSeries(hub, view, quantities[0], weekBefore(span), steps[0] ?? "tick") : null,
    ...quantities.map((quantity, i) => askSeries(hub, view, quantity, span, steps[i] ?? "tick")),
  ]);
  return { quantities, steps, span, series: series.filter((one) => one !== null), weekBefore: weekAgo == null ? null : weekLater(weekAgo) };
}

/** What was loaded with the ticks that have come since; those that have left the span are dropped. */
export function withTicks(loaded: Loaded, ticks: readonly WireTick[], view: View, nowS: number): Loaded {
  if (view.fixed !== null) return loaded;
  const span = spanOf(view, nowS);
  const series = loaded.series.map((one, i) => {
    if (loaded.steps[i] !== "tick") return one;
    const numbers = ticks.flatMap(({ time, rows }) => {
      const row = rows.find(({ place, quantity }) => place === view.place && quantity === loaded.quantities[i]);
      return row === undefined ? [] : [{ startS: Date.parse(time) / 1000, value: row.value, error: row.standard_error, unknown: row.unknown }];
    });
    return within(appended(one, numbers), span);
  });
  return { ...loaded, span, series };
}

/** Whether a tick ends an hour or day, so that a view by those has one more. */
export function endsStep(tick: WireTick, steps: readonly Step[]): boolean {
  const endS = Date.parse(tick.time) / 1000 + tick.tick_s;
  return steps.some((step) => step !== "tick" && endS % stepLengthS(step, tick.tick_s) === 0);
}

/** The newest number of every quantity of a place, live, the ticks of the camera since the page opened, and the hub's time. */
export function useLive(
  app: App,
  view: View,
  onTicks: (ticks: readonly WireTick[]) => void,
  onLoad: (first: boolean) => void,
): { newest: ReadonlyMap<string, Newest>; nowS: number } {
  const [newest, setNewest] = useState<ReadonlyMap<string, Newest>>(new Map());
  const [nowS, setNowS] = useState(app.hub.clock.nowS());
  const heard = useRef({ onTicks, onLoad });
  heard.current = { onTicks, onLoad };
  useEffect(() => {
    let first = true;
    const stream = new Stream(app.hub, {
      events: ["ticks"],
      camera: view.camera,
      load: async () => {
        setNewest(await askNewest(app.hub, view.camera, view.place));
        heard.current.onLoad(first);
        first = false;
      },
      heard: (_event, data) => {
        const ticks = (data as readonly WireTick[]).filter(({ camera }) => camera === view.camera);
        if (ticks.length === 0) return;
        setNewest((known) => ticks.reduce((news, tick) => withTick(news, tick, view.place), known));
        setNowS(app.hub.clock.nowS());
        heard.current.onTicks(ticks);
      },
      connection: (state) => app.connection(state),
    });
    stream.open();
    const timer = setInterval(() => setNowS(app.hub.clock.nowS()), 5000);
    const stop = app.onReturn(() => stream.open());
    return () => {
      stream.close();
      clearInterval(timer);
      stop();
    };
  }, []);
  return { newest, nowS };
}
