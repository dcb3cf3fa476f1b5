/** What was drawn or typed and is not saved yet: kept in the page while one goes to another step, or signs in again. */

import type { Pair } from "./homography.ts";
import type { Drawing, History, Size } from "./shapes.ts";
import type { Registered } from "./wire.ts";

export interface Draft<Value> {
  /** The camera as it was looked at. */
  readonly base: Registered;
  readonly history: History<Value>;
}

export const drawings = new Map<string, Draft<Drawing>>();
export const pairings = new Map<string, Draft<readonly Pair[]>>();
/** The size of a camera's picture as somebody told it, where there is no plate to tell. */
export const sizes = new Map<string, Size>();
