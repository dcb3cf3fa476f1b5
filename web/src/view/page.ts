/** The whole page: puts its parts together and brings each up to date. */

import { curveOf } from "../curve.ts";
import { clock, nameOrDash, phaseSentence, siteSentence } from "../format.ts";
import type { State } from "../model.ts";
import { type CameraReading, lookedAtS, readSite } from "../readings.ts";
import { AlarmsView } from "./alarms.ts";
import { BannerView } from "./banner.ts";
import { make, setData, setShown, setText } from "./dom.ts";
import { FooterView } from "./footer.ts";
import { TileView } from "./tile.ts";
import { TotalView } from "./total.ts";

/** How often a screen reader hears the total, at most. */
const SPEAK_EVERY_S = 60;

export class PageView {
  readonly deviceButton = make("button", { type: "button" }, "Sign in another device");
  readonly signOutButton = make("button", { type: "button" }, "Sign out");
  readonly #title = make("h1");
  readonly #connection = make("p", { class: "connection" });
  readonly #message = make("p", { class: "message", role: "status" });
  readonly #banner = new BannerView();
  readonly #alarms = new AlarmsView();
  readonly #total = new TotalView();
  readonly #tiles = make("section", { class: "tiles", "aria-label": "Cameras" });
  readonly #main = make("main");
  readonly #footer = new FooterView();
  readonly #spoken = make("p", { class: "unseen", role: "status" });
  readonly #byName = new Map<string, TileView>();
  #before = new Map<string, CameraReading>();
  #spokeS = Number.NEGATIVE_INFINITY;

  constructor(root: HTMLElement) {
    const administration = make("a", { class: "button", href: "/admin" }, "Administration");
    const bar = make(
      "header",
      { class: "bar" },
      make("div", { class: "bar-name" }, this.#title, this.#connection),
      make("div", { class: "buttons" }, administration, this.deviceButton, this.signOutButton),
    );
    this.#main.append(this.#total.element, this.#tiles);
    root.append(bar, this.#banner.element, this.#message, this.#alarms.element, this.#main, this.#footer.element, this.#spoken);
    this.say("");
  }

  update(state: State, nowS: number): void {
    const atS = lookedAtS(state, nowS);
    const site = readSite(state, nowS);
    const tickS = state.site?.tickS ?? 60;
    this.#updateBar(state, nowS);
    this.#banner.update(state, nowS);
    this.#alarms.update(state, atS);
    setData(this.#main, "connection", state.connection.kind);
    setShown(this.#total.element, state.cameras !== null);
    this.#total.update(site, nowS, tickS, state.connection.kind === "live");
    this.#keepTiles(site.cameras);
    for (const reading of site.cameras) {
      const camera = state.cameras?.get(reading.name);
      if (camera !== undefined) this.#byName.get(reading.name)?.update(reading, curveOf(camera, atS), atS);
    }
    this.#footer.update(state);
    if (state.connection.kind === "live") this.#speak(site.cameras, siteSentence(site), nowS);
  }

  redrawAfresh(): void {
    for (const tile of this.#byName.values()) tile.redrawAfresh();
  }

  /** Tell the person what came of a button. */
  say(text: string): void {
    setText(this.#message, text);
    setShown(this.#message, text !== "");
  }

  #updateBar(state: State, nowS: number): void {
    const name = state.site === null ? "Throng" : nameOrDash(state.site.name);
    setText(this.#title, name);
    const title = name === "Throng" ? name : `${name} · Throng`;
    if (document.title !== title) document.title = title;
    setData(this.#connection, "kind", state.connection.kind);
    setText(this.#connection, connectionText(state, nowS));
  }

  /** Make the tiles match the cameras, in their order, leaving those that stay as they are. */
  #keepTiles(cameras: readonly CameraReading[]): void {
    const names = new Set(cameras.map((camera) => camera.name));
    for (const [name, tile] of this.#byName) {
      if (names.has(name)) continue;
      tile.element.remove();
      this.#byName.delete(name);
    }
    cameras.forEach(({ name }, i) => {
      const tile = this.#byName.get(name) ?? new TileView();
      this.#byName.set(name, tile);
      if (this.#tiles.children[i] !== tile.element) this.#tiles.insertBefore(tile.element, this.#tiles.children[i] ?? null);
    });
    setData(this.#tiles, "count", cameras.length > 4 ? "many" : String(cameras.length));
  }

  #speak(cameras: readonly CameraReading[], total: string, nowS: number): void {
    const changes = cameras.map((camera) => phaseSentence(this.#before.get(camera.name), camera)).filter((text) => text !== null);
    this.#before = new Map(cameras.map((camera) => [camera.name, camera]));
    if (changes.length === 0 && nowS - this.#spokeS < SPEAK_EVERY_S) return;
    this.#spokeS = nowS;
    setText(this.#spoken, [...changes, total].join(" "));
  }
}

function connectionText(state: State, nowS: number): string {
  switch (state.connection.kind) {
    case "live":
      return `Live, ${clock(nowS, nowS)}`;
    case "connecting":
      return "Connecting";
    case "broken":
      return "Not connected";
    case "ended":
      return "Session ended";
  }
}
