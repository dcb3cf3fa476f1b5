/** What needs somebody's attention now, worst first. Pure. */

import { HIGHEST } from "../../core/service.ts";
import { type Camera, LEVELS, type Network, type Place, blindSinceS, reasonOf, secondsOf, sightOf } from "./network.ts";
import type { AlarmWire } from "./wire.ts";

export type Item =
  | { readonly kind: "alarm"; readonly alarm: AlarmWire; readonly acknowledged: boolean }
  /** A zone at level E or F. */
  | { readonly kind: "dense"; readonly place: Place }
  /** Cameras that see nothing for one reason, or whose numbers stopped coming. */
  | { readonly kind: "blind" | "stopped"; readonly cameras: readonly Camera[]; readonly reason: string; readonly sinceS: number }
  /** An alarm that nobody can rely on now. */
  | { readonly kind: "unwatched"; readonly alarm: AlarmWire };

const E = LEVELS.indexOf("E");
/** Above this a zone is not at level A. */
const FREE = HIGHEST[0]?.[1] ?? 0;
/** So many cameras of one reason are told one by one, more of them together. */
const APART = 3;
const SEVERITIES = ["notice", "warning", "danger"] as const;

/**
 * Everything that needs attention.
 *
 * A zone counts where its density is of level E or F and its margin does not reach down to level A, so that noise alone puts no empty
 * zone on the list. Where the connection is broken no camera's numbers are said to have stopped: all have, and the page says so.
 */
export function attentionOf(network: Network, alarms: Iterable<AlarmWire>, nowS: number, connected: boolean): readonly Item[] {
  const items: Item[] = [];
  const ringing = new Set<string>();
  for (const alarm of alarms) {
    if (alarm.state === "ringing") {
      items.push({ kind: "alarm", alarm, acknowledged: (alarm.acknowledged ?? null) !== null });
      ringing.add(keyOf(alarm.camera, alarm.place));
    } else if (alarm.state === "cannot tell" || alarm.state === "unknown") items.push({ kind: "unwatched", alarm });
  }
  const blind = new Map<string, Camera[]>();
  const stopped: Camera[] = [];
  for (const camera of network.cameras) {
    const sight = sightOf(camera, nowS);
    if (sight === "unknown") add(blind, reasonOf(camera), camera);
    else if (sight === "stopped" && connected) stopped.push(camera);
    else if (sight === "known" && camera.level >= E) {
      for (const place of camera.places) {
        if (isDense(place) && !ringing.has(keyOf(camera.name, place.name))) items.push({ kind: "dense", place });
      }
    }
  }
  for (const [reason, cameras] of blind) items.push(...gathered("blind", cameras, reason));
  items.push(...gathered("stopped", stopped, ""));
  return items
    .map((item) => [item, rankOf(item), withinOf(item)] as const)
    .sort((a, b) => b[1] - a[1] || b[2] - a[2])
    .map(([item]) => item);
}

export function isDense({ density, densitySe }: Place): boolean {
  return density > (HIGHEST[E - 1]?.[1] ?? 0) && density - 2 * densitySe > FREE;
}

/** A name for an item that stays while it is the same trouble. */
export function idOf(item: Item): string {
  if (item.kind === "alarm" || item.kind === "unwatched") return `alarm ${item.alarm.name}`;
  if (item.kind === "dense") return `dense ${keyOf(item.place.camera.name, item.place.name)}`;
  return `${item.kind} ${item.reason} ${item.cameras.length === 1 ? (item.cameras[0]?.name ?? "") : ""}`;
}

function rankOf(item: Item): number {
  switch (item.kind) {
    case "alarm": return item.acknowledged ? 0 : [5, 8, 9][SEVERITIES.indexOf(item.alarm.severity)] ?? 0;
    case "dense": return item.place.density > (HIGHEST[E]?.[1] ?? 0) ? 7 : 6;
    case "blind": return 4;
    case "stopped": return 3;
    case "unwatched": return 2;
  }
}

/** The order within a rank: the denser, the larger group, the newer. */
function withinOf(item: Item): number {
  switch (item.kind) {
    case "alarm":
    case "unwatched": return item.alarm.since === null ? 0 : secondsOf(item.alarm.since);
    case "dense": return item.place.density;
    case "blind":
    case "stopped": return item.cameras.length > 1 ? 1e12 + item.cameras.length : item.sinceS;
  }
}

function gathered(kind: "blind" | "stopped", cameras: readonly Camera[], reason: string): Item[] {
  if (cameras.length > APART) return [{ kind, cameras, reason, sinceS: Math.min(...cameras.map(blindSinceS)) }];
  return cameras.map((camera) => ({ kind, cameras: [camera], reason, sinceS: blindSinceS(camera) }));
}

function add(to: Map<string, Camera[]>, key: string, camera: Camera): void {
  const before = to.get(key);
  if (before === undefined) to.set(key, [camera]);
  else before.push(camera);
}

function keyOf(camera: string, place: string): string {
  return `${camera}\n${place}`;
}
