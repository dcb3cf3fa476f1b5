/** What the hub answers about cameras that are set up. Pure. */

/** A point in pixels of the picture from its upper left corner, or in metres on the ground. */
export type XY = readonly [number, number];

export interface LineWire {
  readonly name: string;
  readonly from: XY;
  readonly to: XY;
}

export interface ZoneWire {
  readonly name: string;
  readonly corners: readonly XY[];
}

/** The site file's calibration table. Keys that this page does not edit are carried through as they are. */
export interface CalibrationWire {
  readonly points_px?: readonly XY[];
  readonly points_m?: readonly XY[];
  readonly points_deg?: readonly XY[];
  readonly length?: readonly unknown[];
  readonly view?: unknown;
  readonly lens?: "auto" | "none";
  readonly width_px?: number | null;
  readonly height_px?: number | null;
}

export interface Where {
  readonly lat?: number | null;
  readonly lon?: number | null;
  readonly x?: number | null;
  readonly y?: number | null;
}

/** A camera of the registry: its address and login are written and never come back. */
export interface Registered {
  readonly name: string;
  readonly site: string;
  readonly sensor: string;
  readonly where: Where | null;
  readonly scheme: string;
  readonly has_login: boolean;
  readonly detector: string;
  readonly tiles: string | null;
  readonly anchor: string;
  readonly rate_hz: number;
  readonly tick_s: number | null;
  readonly line: readonly LineWire[];
  readonly zone: readonly ZoneWire[];
  readonly calibration: CalibrationWire | null;
  readonly version: number;
  readonly of_file: boolean;
}

export interface Plan {
  readonly width: number;
  readonly height: number;
  readonly metres_wide: number;
  readonly version: number;
}

export interface SiteWire {
  readonly name: string;
  readonly title: string;
  readonly cameras: number;
  readonly version: number;
  readonly of_file: boolean;
  readonly plan?: Plan | null;
}

export interface CameraState {
  readonly name: string;
  readonly site: string;
  readonly state: string;
  readonly reason: string;
  readonly extras: { readonly heat: boolean };
}

export interface PlateState {
  readonly state: "none" | "waiting" | "ready";
  readonly since: string | null;
  readonly made: string | null;
  readonly width: number | null;
  readonly height: number | null;
  /** How many parts are hatched over. */
  readonly covered: number | null;
  readonly reason: string;
}

/** Whether there is a plate to show, be it that a newer one is waited for. */
export function hasPlate({ made }: PlateState): boolean {
  return made !== null;
}

export const registryPath = (name: string): string => `/api/v1/registry/cameras/${encodeURIComponent(name)}`;
export const platePath = (name: string): string => `/api/v1/plates/${encodeURIComponent(name)}`;
export const planPath = (site: string): string => `/api/v1/sites/${encodeURIComponent(site)}/plan`;

/** A calibration table as it may be sent back: without what is empty, which the table's own rules refuse. */
export function withoutEmpty(table: CalibrationWire): CalibrationWire {
  const told = Object.entries(table).filter(([, value]) => value !== null && value !== undefined && !(Array.isArray(value) && value.length === 0));
  return Object.fromEntries(told) as CalibrationWire;
}

/** Whether a calibration knows more than pairs of points: known lengths, or a view. */
export function hasOthers({ length, view }: CalibrationWire): boolean {
  return (length?.length ?? 0) > 0 || (view !== null && view !== undefined);
}

/** All of a camera that its record holds, to be sent back with some of it changed: what is left out would take its default. */
export function bodyOf(camera: Registered, changed: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const { version, site, sensor, where, detector, tiles, anchor, rate_hz, tick_s, line, zone, calibration } = camera;
  const table = calibration === null ? null : withoutEmpty(calibration);
  return { version, site, sensor, where, detector, tiles, anchor, rate_hz, tick_s, line, zone, calibration: table, ...changed };
}
