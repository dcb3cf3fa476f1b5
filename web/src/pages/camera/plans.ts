/** A site's plan before it is sent: how far it is made smaller, and how many metres it is wide. Pure. */

import type { Size } from "./shapes.ts";
import type { XY } from "./wire.ts";

const MOST_PX = 4096;
export const MOST_BYTES = 4 * 1024 * 1024;
export const WIDEST_M = 100_000;

/** The size at which a picture is sent: its own, or so much smaller that no side is longer than the hub takes. */
export function sentSize({ width, height }: Size): Size {
  const share = Math.min(1, MOST_PX / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * share)), height: Math.max(1, Math.round(height * share)) };
}

/** How many metres a picture is wide, of which a line on it is so many metres long; null where the line says nothing. */
export function metresWide(from: XY, to: XY, lengthM: number, width: number): number | null {
  const pixels = Math.hypot(to[0] - from[0], to[1] - from[1]);
  const metres = (lengthM * width) / pixels;
  return pixels > 0 && metres >= 1 && metres <= WIDEST_M ? Math.round(100 * metres) / 100 : null;
}
