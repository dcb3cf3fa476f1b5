/** Small makers of what the tests feed in. */

import {
  type Alarm,
  type CameraInfo,
  type CameraState,
  EMPTY,
  type Heat,
  type LiveTick,
  type Row,
  type State,
  applyCameras,
  applyTick,
  connected,
} from "../src/model.ts";

/** A time on a whole hour, Unix seconds. */
export const T0 = 1_795_514_400;

export const NO_EXTRAS = { speedNow: false, dwell: false, heat: false } as const;

/** A heat map of the hour after T0. */
export function heat(values: Heat["values"], more: Partial<Heat> = {}): Heat {
  return { startS: T0, values, standardError: values === null ? null : 1, unknown: "", ...more };
}

export function camera(name: string, places: CameraInfo["places"], more: Partial<CameraInfo> = {}): CameraInfo {
  return { name, phase: "live", reason: "", sinceS: T0, tickS: 60, extras: NO_EXTRAS, places, ...more };
}

/** A quiet alarm, last judged ten minutes after T0. */
export function alarm(name: string, more: Partial<Alarm> = {}): Alarm {
  const sentence = "north, hall: 1.0 people/m2 (between 0.8 and 1.2)";
  return { name, severity: "danger", state: "quiet", sinceS: T0, atS: minute(10), unseen: "", sentence, ...more };
}

export const HALL = { name: "hall", kind: "zone", inMetres: false } as const;
export const STAIRS = { name: "stairs", kind: "zone", inMetres: false } as const;
export const DOOR = { name: "door", kind: "line", inMetres: false } as const;
export const GATE = { name: "gate", kind: "line", inMetres: false } as const;

type Given = Readonly<Record<string, readonly [value: number, standardError: number]>>;

/** The tick that began `minute` minutes after T0; `given` maps "place quantity" to value and standard error. */
export function tick(name: string, minute: number, given: Given | string): LiveTick {
  const unknown = typeof given === "string" ? given : "";
  const rows = typeof given === "string" ? [row(name, minute, "hall", "occupancy", null, given)] : rowsOf(name, minute, given);
  return { camera: name, startS: T0 + 60 * minute, tickS: 60, unknown, rows };
}

export function rowsOf(name: string, minute: number, given: Given): readonly Row[] {
  return Object.entries(given).map(([key, [value, standardError]]) => {
    const [place = "", quantity = ""] = key.split(" ");
    return row(name, minute, place, quantity, [value, standardError], "");
  });
}

export function row(
  name: string,
  minute: number,
  place: string,
  quantity: string,
  estimate: readonly [number, number] | null,
  unknown: string,
): Row {
  return {
    camera: name,
    place,
    quantity,
    startS: T0 + 60 * minute,
    tickS: 60,
    value: estimate?.[0] ?? null,
    standardError: estimate?.[1] ?? null,
    unknown,
  };
}

export function live(infos: readonly CameraInfo[], ticks: readonly LiveTick[] = []): State {
  return ticks.reduce(applyTick, applyCameras(connected(EMPTY), infos));
}

export function cameraIn(state: State, name: string): CameraState {
  const found = state.cameras?.get(name);
  if (found === undefined) throw new Error(`no camera ${name}`);
  return found;
}

export function minute(n: number): number {
  return T0 + 60 * n;
}
