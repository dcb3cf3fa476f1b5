/** The places there are to choose from. Pure. */

import type { WireCamera } from "./wire.ts";

export interface Choice {
  readonly site: string;
  readonly camera: string;
  readonly place: string;
  readonly kind: "line" | "zone";
  readonly state: WireCamera["state"];
  /** What a search looks through. */
  readonly text: string;
}

/** Every place, by site, then in the order of the cameras. */
export function choicesOf(cameras: readonly WireCamera[]): readonly Choice[] {
  const all = cameras.flatMap(({ name, site, state, places }) =>
    places.map((place) => ({ site, camera: name, place: place.name, kind: place.kind, state, text: plain(`${site} ${name} ${place.name}`) })),
  );
  return [...Map.groupBy(all, ({ site }) => site)].sort(([a], [b]) => a.localeCompare(b)).flatMap(([, of]) => of);
}

/** Those whose site, camera or place holds every word of a search, whatever its accents. */
export function foundIn(choices: readonly Choice[], search: string): readonly Choice[] {
  const words = plain(search).split(/\s+/).filter((word) => word !== "");
  return words.length === 0 ? choices : choices.filter(({ text }) => words.every((word) => text.includes(word)));
}

export function groupsOf(choices: readonly Choice[]): readonly (readonly [string, readonly Choice[]])[] {
  return [...Map.groupBy(choices, ({ site }) => site)];
}

function plain(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}
