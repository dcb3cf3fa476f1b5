/** What a mark of the map says: sums over its cameras, and the way from mark to mark. Pure. */

import { sightOf } from "./network.ts";
import type { Mark } from "./projection.ts";

export interface Sum {
  readonly known: number;
  readonly unknown: number;
  /** The worst level, 0 for A to 5 for F; -1 where none is known. */
  readonly level: number;
  /** NaN where nothing is known. */
  readonly people: number;
  readonly peopleSe: number;
  readonly inPerMin: number;
  readonly outPerMin: number;
  readonly rateSe: number;
}

export function sumOf({ members }: Mark, nowS: number): Sum {
  let [known, level, people, peopleVariance, inPerMin, outPerMin, rateVariance] = [0, -1, Number.NaN, 0, Number.NaN, Number.NaN, 0];
  for (const camera of members) {
    if (sightOf(camera, nowS) !== "known") continue;
    known += 1;
    level = Math.max(level, camera.level);
    if (!Number.isNaN(camera.people)) {
      people = (Number.isNaN(people) ? 0 : people) + camera.people;
      peopleVariance += camera.peopleVariance;
    }
    if (!Number.isNaN(camera.inPerMin)) {
      inPerMin = (Number.isNaN(inPerMin) ? 0 : inPerMin) + camera.inPerMin;
      outPerMin = (Number.isNaN(outPerMin) ? 0 : outPerMin) + camera.outPerMin;
      rateVariance += camera.rateVariance;
    }
  }
  return {
    known, unknown: members.length - known, level,
    people, peopleSe: Math.sqrt(peopleVariance), inPerMin, outPerMin, rateSe: Math.sqrt(rateVariance),
  };
}

/** Pixels from the middle of a mark to its rim: by people of one camera, by number of several. */
export function radiusOf(mark: Mark, sum: Sum): number {
  if (mark.members.length > 1) return 13 + Math.min(6, Math.log2(mark.members.length) * 0.6);
  return Number.isNaN(sum.people) ? 8 : 8 + Math.min(9, 0.6 * Math.sqrt(Math.max(0, sum.people)));
}

/** The width of a flow's arrow, pixels: it grows as the root, so that a gate beside a station is still seen. */
export function arrowWidth(perMin: number): number {
  return Math.min(14, 0.5 + 1.3 * Math.sqrt(Math.max(0, perMin)));
}

export type Way = "left" | "right" | "up" | "down";

/** The nearest mark in a direction from a point: farther aside counts double. Null where there is none. */
export function nextMark(marks: readonly Mark[], x: number, y: number, way: Way | null, but: Mark | null): Mark | null {
  let [best, least] = [null as Mark | null, Infinity];
  for (const mark of marks) {
    if (mark === but) continue;
    const [dx, dy] = [mark.x - x, mark.y - y];
    const along = way === "left" ? -dx : way === "right" ? dx : way === "up" ? -dy : dy;
    const aside = way === "left" || way === "right" ? Math.abs(dy) : Math.abs(dx);
    if (way !== null && along <= aside * 0.5) continue;
    const far = way === null ? Math.hypot(dx, dy) : along + 2 * aside;
    if (far < least) [best, least] = [mark, far];
  }
  return best;
}
