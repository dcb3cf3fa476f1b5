/** The same as the map, as a table: sorted and looked through, with no more rows in the document than are in view. */

import "./list.css";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { localeOf, reading } from "../../core/language.ts";
import { type Formats, formatsOf } from "../../core/numbers.ts";
import type { App } from "../../shell/app.ts";
import { Link } from "../../shell/shell.tsx";
import { type Network, type Place, blindSinceS, reasonOf, sightOf } from "./network.ts";
import { flowText, levelText, sightText } from "./sentences.ts";
import { COLUMNS, type Column, FEW, type Order, clicked, found, orderOf, sorted, textOf, windowOf } from "./table.ts";
import { say } from "./words.ts";

const formats: Formats = formatsOf();
const MOST_PRINTED = 2000;

interface Props {
  readonly app: App;
  readonly network: Network;
  readonly site: string;
  readonly nowS: number;
  readonly look: string;
  readonly order: string | undefined;
  onLook(look: string): void;
  onOrder(order: string): void;
}

export function PlaceTable({ app, network, site, nowS, look, order: told, onLook, onOrder }: Props): JSX.Element {
  const scroller = useRef<HTMLDivElement>(null);
  const isHeld = useRef(false);
  const [view, setView] = useState({ top: 0, height: 600, row: 36 });
  const [printing, setPrinting] = useState(false);
  const order = orderOf(told);
  const wanted = useMemo(() => found(network.places, look, site), [network.shape, look, site]);
  const kept = useRef({ wanted, told: "", version: -1, places: wanted as readonly Place[] });
  // While somebody reads or points at the rows they keep their order, as their numbers go on changing.
  const { wanted: before, told: by, version } = kept.current;
  if (before !== wanted || by !== textOf(order) || version < 0 || (!isHeld.current && version !== network.version)) {
    const places = sorted(wanted, order, nowS, localeOf(reading()));
    kept.current = { wanted, told: textOf(order), version: network.version, places };
  }
  const { places } = kept.current;
  useLayoutEffect(() => {
    const box = scroller.current;
    if (box === null) return;
    const measure = (): void => setView({ top: box.scrollTop, height: box.clientHeight, row: rowPx(box) });
    const watching = new ResizeObserver(measure);
    watching.observe(box);
    return () => watching.disconnect();
  }, []);
  useEffect(() => {
    const [before, after] = [() => setPrinting(true), () => setPrinting(false)];
    addEventListener("beforeprint", before);
    addEventListener("afterprint", after);
    return () => { removeEventListener("beforeprint", before); removeEventListener("afterprint", after); };
  }, []);

  const [first, last] = printing ? [0, Math.min(places.length, MOST_PRINTED)] : windowOf(places.length, view.row, view.top, view.height);
  const isPartial = places.length > FEW && !printing;
  const hold = (held: boolean) => (): void => { isHeld.current = held; };
  return (
    <section class="card now-list">
      <div class="now-head">
        <h2 id="now-list">{say("table")}</h2>
        <span class="label" role="status">{say("foundOf", { count: places.length })}</span>
        <input type="search" class="now-find" aria-label={say("find")} placeholder={say("find")} value={look}
          onInput={(event) => onLook(event.currentTarget.value)} />
      </div>
      <div class="now-scroll" ref={scroller} tabIndex={0} role="region" aria-label={say("table")}
        onScroll={(event) => setView({ ...view, top: event.currentTarget.scrollTop })}
        onPointerEnter={hold(true)} onPointerLeave={hold(false)} onFocusCapture={hold(true)} onBlurCapture={hold(false)}>
        <table role="table" aria-rowcount={places.length + 1} aria-labelledby="now-list">
          <thead role="rowgroup">
            <tr role="row" aria-rowindex={1}>
              {COLUMNS.map((column) => <Head key={column} column={column} order={order} onClick={() => onOrder(textOf(clicked(order, column)))} />)}
            </tr>
          </thead>
          <tbody role="rowgroup" data-partial={isPartial} style={{ height: isPartial ? `${places.length * view.row}px` : "" }}>
            {places.slice(first, last).map((place, i) => (
              <Row key={`${place.camera.name}\n${place.kind}\n${place.name}`} app={app} place={place} nowS={nowS} index={first + i}
                topPx={isPartial ? (first + i) * view.row : null} />
            ))}
          </tbody>
        </table>
      </div>
      {places.length === 0 && network.places.length > 0 && <p>{say("noneFound")}</p>}
      {printing && places.length > MOST_PRINTED && <p>{say("printed", { count: MOST_PRINTED, total: places.length })}</p>}
    </section>
  );
}

function Head({ column, order, onClick }: { column: Column; order: Order; onClick: () => void }): JSX.Element {
  const sorted = order.by !== column ? "none" : order.descending ? "descending" : "ascending";
  const arrow = { none: "", descending: " ↓", ascending: " ↑" }[sorted];
  return (
    <th role="columnheader" scope="col" aria-sort={sorted} data-column={column}>
      <button type="button" class="now-sort" onClick={onClick}>{say(column)}<span aria-hidden="true">{arrow}</span></button>
    </th>
  );
}

function Row({ app, place, nowS, index, topPx }: { app: App; place: Place; nowS: number; index: number; topPx: number | null }): JSX.Element {
  const { camera } = place;
  const sight = sightOf(camera, nowS);
  const address = { page: "place", params: { camera: camera.name, place: place.name } } as const;
  const level = sight === "known" && !Number.isNaN(place.density) ? levelText(place, say) : null;
  const isUnknown = sight === "known" && place.kind !== "none" && Number.isNaN(place.people) && Number.isNaN(place.inPerMin);
  return (
    <tr role="row" aria-rowindex={index + 2} data-sight={sight} style={{ top: topPx === null ? "" : `${topPx}px` }}>
      <th role="rowheader" scope="row"><Link app={app} class="now-link" address={address}>{place.name === "" ? camera.name : place.name}</Link></th>
      <td role="cell" data-column="camera" title={camera.name}>{camera.name}</td>
      {sight !== "known" || isUnknown ? (
        <td role="cell" data-column="why" aria-colspan={3}>
          {whyOf(place, nowS)}
        </td>
      ) : (
        <>
          <td role="cell" data-column="people">{Number.isNaN(place.people) ? "" : formats.withMargin(place.people, place.peopleSe)}</td>
          <td role="cell" data-column="density">
            {level !== null && <>{formats.measured(place.density, place.densitySe)} <span class="level" data-level={level.level}>{level.text}</span></>}
          </td>
          <td role="cell" data-column="flow">{Number.isNaN(place.inPerMin) ? "" : flowText(place, formats, say, "inOut")}</td>
        </>
      )}
    </tr>
  );
}

/** Why a place has no number now. */
function whyOf({ camera }: Place, nowS: number): string {
  const sight = sightOf(camera, nowS);
  if (sight === "known") return say("unknown");
  const why = sightText(sight, reasonOf(camera), formats.clock(blindSinceS(camera), nowS), say);
  return sight === "starting" ? why : `${say("unknown")}: ${why}`;
}

/** The height of a row, which the style sheet says in rem so that it grows with the reader's letters. */
function rowPx(box: Element): number {
  const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
  return Number.parseFloat(getComputedStyle(box).getPropertyValue("--row")) * rem;
}
