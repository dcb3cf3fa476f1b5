/** What was drawn as the site file's tables, for cameras that stand there. Pure. */

import type { Pair } from "./homography.ts";
import { type Drawing, wireOf } from "./shapes.ts";
import type { XY } from "./wire.ts";

/** Lines and zones, to stand below the camera's [[camera]] table. */
export function placesToml(drawing: Drawing): string {
  const { line, zone } = wireOf(drawing);
  const lines = line.map(({ name, from, to }) => `[[camera.line]]\nname = ${text(name)}\nfrom = ${point(from)}\nto = ${point(to)}\n`);
  const zones = zone.map(({ name, corners }) => `[[camera.zone]]\nname = ${text(name)}\ncorners = ${points(corners)}\n`);
  return [...lines, ...zones].join("\n");
}

/** A calibration, likewise. */
export function metresToml(pairs: readonly Pair[], lens: "auto" | "none"): string {
  const bend = lens === "auto" ? "" : 'lens = "none"\n';
  return `[camera.calibration]\npoints_px = ${points(pairs.map(({ px }) => px))}\npoints_m = ${points(pairs.map(({ m }) => m))}\n${bend}`;
}

/** A name holds no character that TOML's basic strings want written otherwise: the rules for names see to that. */
function text(name: string): string {
  return JSON.stringify(name);
}

function points(several: readonly XY[]): string {
  return `[${several.map(point).join(", ")}]`;
}

function point([x, y]: XY): string {
  return `[${x}, ${y}]`;
}
