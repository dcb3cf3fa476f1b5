/** What the hub sends for this page, as it comes. */

import type { PlaceKind } from "./network.ts";

export interface PlanWire {
  readonly width: number;
  readonly height: number;
  readonly metres_wide: number;
  readonly version: string | number;
}

export interface SiteWire {
  readonly name: string;
  readonly title: string;
  readonly plan: PlanWire | null;
}

export interface ZoneWire {
  readonly place: string;
  readonly people: number;
  readonly people_se: number;
  readonly density: number | null;
  readonly density_se: number | null;
}

export interface LineWire {
  readonly place: string;
  readonly in_per_min: number | null;
  readonly out_per_min: number | null;
  readonly per_min_se: number | null;
}

/** One tick of one camera; a zone that is unknown is left out. */
export interface TickWire {
  readonly camera: string;
  readonly time: string;
  readonly tick_s: number;
  readonly unknown: string;
  readonly zones: readonly ZoneWire[];
  readonly lines: readonly LineWire[];
}

export interface CameraWire {
  readonly camera: string;
  readonly site: string;
  readonly lat: number | null;
  readonly lon: number | null;
  readonly x: number | null;
  readonly y: number | null;
  readonly state: "starting" | "live" | "unknown";
  readonly reason: string;
  readonly since: string;
  readonly tick_s: number;
  readonly places: readonly { readonly place: string; readonly kind: PlaceKind; readonly in_metres: boolean }[];
  readonly now: TickWire | null;
}

export interface NowWire {
  readonly time: string;
  readonly sites: readonly SiteWire[];
  readonly cameras: readonly CameraWire[];
}

/** A camera's state as the live `cameras` event tells it. */
export interface StateWire {
  readonly name: string;
  readonly site: string;
  readonly state: "starting" | "live" | "unknown";
  readonly reason: string;
  readonly since: string;
  readonly places: readonly { readonly name: string; readonly kind: PlaceKind; readonly in_metres: boolean }[];
}

export interface AlarmWire {
  readonly name: string;
  readonly camera: string;
  readonly place: string;
  readonly quantity: string;
  readonly direction: "above" | "below";
  readonly threshold: number;
  readonly severity: "notice" | "warning" | "danger";
  readonly state: "quiet" | "pending" | "ringing" | "cannot tell" | "unknown";
  readonly since: string | null;
  readonly value: number | null;
  readonly standard_error: number | null;
  readonly unseen: string;
  readonly acknowledged?: { readonly by: string; readonly at: string; readonly note: string } | null;
}
