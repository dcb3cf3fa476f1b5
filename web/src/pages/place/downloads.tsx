/** What is seen, to take along: the numbers as CSV or Parquet, the drawing as PNG. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { formatsOf } from "../../core/numbers.ts";
import type { App } from "../../shell/app.ts";
import { titleOf } from "./measures.ts";
import { pngOf, saved } from "./png.ts";
import { type Look, type Span, type View, isoOf } from "./span.ts";
import { say } from "./words.ts";

const formats = formatsOf();

interface Props {
  readonly app: App;
  readonly view: View;
  readonly quantities: readonly string[];
  /** By which the hub is asked. */
  readonly step: "tick" | "hour" | "day";
  readonly span: Span;
  readonly site: string;
  readonly look: Look;
  canvas(): HTMLCanvasElement | null;
}

export function Downloads({ app, view, quantities, step, span, site, look, canvas }: Props): JSX.Element {
  const [busy, setBusy] = useState(false);
  const doing = (work: () => Promise<void>) => (): void => {
    setBusy(true);
    work().catch(app.failed).finally(() => setBusy(false));
  };
  const numbers = (format: "csv" | "parquet"): (() => void) => doing(async () => {
    const query = new URLSearchParams({ camera: view.camera, place: view.place, step, format, start: isoOf(span.fromS), end: isoOf(span.toS) });
    for (const quantity of quantities) query.append("quantity", quantity);
    const answer = await app.hub.fetch("GET", `/api/v1/export?${query.toString()}`);
    saved(await answer.blob(), nameIn(answer.headers.get("content-disposition")) ?? `throng.${format}`);
  });
  const picture = doing(async () => {
    const drawn = canvas();
    if (drawn === null) return;
    const where = `${site} · ${view.camera} · ${formats.moment(span.fromS)} – ${formats.clock(span.toS, span.fromS)}`;
    const lines = [where, ...captionOf(look, quantities)];
    const keys = look === "curve" ? keysOf(quantities, view.compare) : [];
    saved(await pngOf(drawn, { title: view.place, lines, keys }), `throng-${isoOf(span.toS).replaceAll(":", "")}.png`);
  });
  return (
    <div class="buttons downloads" role="group" aria-label={say("download")}>
      <span class="label">{say("download")}</span>
      {quantities.length > 0 && <button type="button" disabled={busy} onClick={numbers("csv")}>CSV</button>}
      {quantities.length > 0 && <button type="button" disabled={busy} onClick={numbers("parquet")}>Parquet</button>}
      <button type="button" disabled={busy} onClick={picture}>PNG</button>
    </div>
  );
}

/** What is drawn, and what its bands or bars are. */
function captionOf(look: Look, quantities: readonly string[]): readonly string[] {
  if (look === "curve") return [say("band")];
  if (look === "diagram") return [`${say("diagram")}: ${say("binMeans")}. Weidmann 1993.`];
  return look === "hours" ? [quantities.map((quantity) => titleOf(quantity)).join(", ")] : [];
}

/** The curves' names, each with its colour. */
function keysOf(quantities: readonly string[], compare: boolean): readonly (readonly [string, string])[] {
  const colours = ["--curve", "--curve-2"];
  const own = quantities.map((quantity, i) => [titleOf(quantity), colours[i] ?? "--curve"] as const);
  return compare ? [...own, [say("weekBefore"), "--muted"]] : own;
}

/** The name that the hub gives a file. */
function nameIn(disposition: string | null): string | null {
  const coded = /filename\*=UTF-8''([^;]+)/.exec(disposition ?? "")?.[1];
  return coded === undefined ? null : decodeURIComponent(coded);
}
