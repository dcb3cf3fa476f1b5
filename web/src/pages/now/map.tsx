/** The map with its buttons, and in words what is under the pointer or has the ring. */

import "./map.css";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Formats, formatsOf } from "../../core/numbers.ts";
import { HIGHEST } from "../../core/service.ts";
import type { App } from "../../shell/app.ts";
import { Link } from "../../shell/shell.tsx";
import { sumOf } from "./marks.ts";
import { LEVELS, type Network, blindSinceS, camerasOf, reasonOf, sightOf } from "./network.ts";
import { Pane } from "./pane.ts";
import { type Layout, type Mark, type Surface, addressOfView, layoutOf, viewOfAddress } from "./projection.ts";
import { flowText, sightText } from "./sentences.ts";
import type { SiteWire } from "./wire.ts";
import { say } from "./words.ts";

const formats: Formats = formatsOf();
const WORDS = {
  north: say("north"),
  length: (metres: number): string => (metres >= 1000 ? say("kilometres", { length: metres / 1000 }) : say("metres", { length: metres })),
  count: (cameras: number): string => formats.people(cameras),
};

interface Props {
  readonly app: App;
  readonly network: Network;
  readonly site: string;
  readonly nowS: number;
  readonly at: string | undefined;
  readonly zoom: string | undefined;
  onMoved(at: string, zoom: string): void;
}

export function CameraMap({ app, network, site, nowS, at, zoom, onMoved }: Props): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const pane = useRef<Pane | null>(null);
  const shown = useRef<{ layout: Layout; site: string } | null>(null);
  const told = useRef({ at: at ?? "", zoom: zoom ?? "" });
  const [pointed, setPointed] = useState<Mark | null>(null);
  const [read, setRead] = useState("");
  const plan = network.sites.find(({ name }) => name === site)?.plan ?? null;
  const layout = useMemo(() => layoutFor(network, site, plan), [network.shape, site]);

  useLayoutEffect(() => {
    if (box.current === null || canvas.current === null) return;
    const made = new Pane(box.current, canvas.current, WORDS, {
      moved(view) {
        const next = view === null || shown.current === null ? { at: "", zoom: "" } : addressOfView(view, shown.current.layout.surface);
        told.current = next;
        onMoved(next.at, next.zoom);
      },
      pointed(mark, byKey) {
        setPointed(mark);
        // Read out once, and not again at every tick.
        const said = mark === null || !byKey ? null : markText(mark, app.hub.clock.nowS());
        setRead(said === null ? "" : `${said.name}: ${said.text}`);
      },
      opened: ({ members }) => app.go({ page: "place", params: { camera: members[0]?.name ?? "" } }),
    });
    pane.current = made;
    return () => made.close();
  }, []);
  useLayoutEffect(() => {
    // Of the same site the view stays where it was moved to, though its address may not say so yet.
    if (shown.current?.site !== site) told.current = { at: at ?? "", zoom: zoom ?? "" };
    shown.current = { layout, site };
    setPointed(null);
    pane.current?.show(layout, (size) => viewOfAddress(told.current.at, told.current.zoom, layout, size));
  }, [layout]);
  useEffect(() => {
    if ((at ?? "") === told.current.at && (zoom ?? "") === told.current.zoom) return;
    told.current = { at: at ?? "", zoom: zoom ?? "" };
    pane.current?.show(layout, (size) => viewOfAddress(at, zoom, layout, size));
  }, [at, zoom]);
  useEffect(() => {
    pane.current?.setPlan(null);
    if (plan === null) return;
    const image = new Image();
    image.onload = () => pane.current?.setPlan(image);
    image.src = `/api/v1/sites/${encodeURIComponent(site)}/plan?version=${encodeURIComponent(plan.version)}`;
    return () => { image.onload = null; };
  }, [site, plan?.version]);
  useLayoutEffect(() => pane.current?.setNow(nowS));

  const without = camerasOf(network, site).length - layout.cameras.length;
  const said = pointed === null ? null : markText(pointed, nowS);
  const [only] = pointed?.members.length === 1 ? pointed.members : [];
  return (
    <section class="card now-map" aria-label={say("map")}>
      <div class="now-box" role="application" tabIndex={0} ref={box} aria-describedby="now-map-help"
        aria-label={say("mapLabel", { count: layout.cameras.length })}>
        <canvas ref={canvas} aria-hidden="true" />
      </div>
      <p id="now-map-help" class="unseen">{say("mapHelp")}</p>
      <p class="unseen" role="status">{read}</p>
      <div class="now-tools">
        <button type="button" aria-label={say("zoomIn")} title={say("zoomIn")} onClick={() => pane.current?.zoomBy(1)}>+</button>
        <button type="button" aria-label={say("zoomOut")} title={say("zoomOut")} onClick={() => pane.current?.zoomBy(-1)}>−</button>
        <button type="button" aria-label={say("fitAll")} title={say("fitAll")} onClick={() => pane.current?.fitAll()}>⤢</button>
      </div>
      {said !== null && (
        <div class="now-said">
          {only === undefined && <strong>{said.name}</strong>}
          {only !== undefined && <Link app={app} class="now-link" address={{ page: "place", params: { camera: only.name } }}>{said.name}</Link>}
          <span class="label">{said.text}</span>
        </div>
      )}
      {LEGEND}
      {without > 0 && <p class="label">{say("noPosition", { count: without })}</p>}
    </section>
  );
}

function Legend(): JSX.Element {
  let lower = 0;
  const ranges = [...LEVELS].map((level) => {
    const highest = HIGHEST.find(([each]) => each === level)?.[1];
    const text = highest === undefined ? `> ${formats.number(lower, 2)}` : `≤ ${formats.number(highest, 2)}`;
    lower = highest ?? lower;
    return { level, text };
  });
  return (
    <div class="now-legend">
      <span class="label">{say("legend")}</span>
      <ul>
        {ranges.map(({ level, text }) => <li key={level}><span class="level" data-level={level}>{level}</span> {text}</li>)}
        <li><span class="now-key" data-key="none" /> {say("legendNone")}</li>
        <li><span class="now-key" data-key="unknown" /> {say("legendUnknown")}</li>
        <li><span class="now-key" data-key="in">➜</span><span class="now-key" data-key="out">➜</span> {say("legendFlow")}</li>
      </ul>
    </div>
  );
}

/** The same at every tick, so it is made once. */
const LEGEND = <Legend />;

/** On a plan where the site has one, else on the map where a camera has a place on it, else in rows. */
function layoutFor(network: Network, site: string, plan: SiteWire["plan"]): Layout {
  const cameras = camerasOf(network, site);
  const [onPlan, onEarth] = [site !== "" && cameras.some(({ x }) => x !== null), cameras.some(({ lat }) => lat !== null)];
  const surface: Surface = onPlan && (plan !== null || !onEarth) ? "plan" : onEarth ? "earth" : "rows";
  if (plan === null || surface !== "plan") return layoutOf(surface, cameras);
  return layoutOf(surface, cameras, { left: 0, top: 0, right: plan.metres_wide, bottom: (plan.metres_wide * plan.height) / plan.width });
}

/** What a mark says, in words. */
function markText(mark: Mark, nowS: number): { readonly name: string; readonly text: string } {
  const sum = sumOf(mark, nowS);
  const [first] = mark.members;
  const parts: string[] = [];
  if (!Number.isNaN(sum.people)) parts.push(say("uPeople", { value: formats.withMargin(sum.people, sum.peopleSe) }));
  if (sum.level >= 0) parts.push(say(mark.members.length > 1 ? "worst" : "levelIs", { level: LEVELS[sum.level] ?? "" }));
  if (!Number.isNaN(sum.inPerMin)) parts.push(flowText(sum, formats, say));
  if (mark.members.length > 1 || first === undefined) {
    if (sum.unknown > 0) parts.push(say("ofThemUnknown", { count: sum.unknown }));
    return { name: say("cameras", { count: mark.members.length }), text: parts.join(" · ") };
  }
  const sight = sightOf(first, nowS);
  if (sight !== "known") parts.push(sightText(sight, reasonOf(first), formats.clock(blindSinceS(first), nowS), say));
  return { name: first.name, text: parts.join(" · ") };
}
