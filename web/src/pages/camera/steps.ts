/** What a camera still lacks, and the steps to set it up. Pure. */

import type { Registered } from "./wire.ts";

export const STEPS = ["address", "plate", "draw", "metres", "check"] as const;
export type Step = (typeof STEPS)[number];
export type Lack = "places" | "metres" | "plate" | "check";

/** What is known beside the registry; null where it is not yet, or may not be. */
export interface Known {
  readonly hasPlate: boolean | null;
  readonly isChecked: boolean | null;
}

/** What a camera lacks, in the order in which it is set up; what is not known is not said. */
export function lacksOf(camera: Pick<Registered, "line" | "zone" | "calibration">, { hasPlate, isChecked }: Known): readonly Lack[] {
  const places = camera.line.length + camera.zone.length > 0;
  return [
    ...(hasPlate === false ? (["plate"] as const) : []),
    ...(places ? [] : (["places"] as const)),
    ...(camera.calibration === null ? (["metres"] as const) : []),
    ...(places && isChecked === false ? (["check"] as const) : []),
  ];
}

/** The step that an address names; null: the camera as a whole. */
export function stepOf(text: string | undefined): Step | null {
  return STEPS.find((step) => step === text) ?? null;
}

/** Where to go on after a step. */
export function nextOf(step: Step): Step | null {
  return STEPS[STEPS.indexOf(step) + 1] ?? null;
}

/** Cameras whose name, site or sensor has all words of a text in it, whatever their case. */
export function found<Each extends Pick<Registered, "name" | "site" | "sensor">>(cameras: readonly Each[], text: string): readonly Each[] {
  const words = text.normalize("NFC").toLocaleLowerCase().split(/\s+/).filter((word) => word !== "");
  return cameras.filter(({ name, site, sensor }) => {
    const all = `${name}\n${site}\n${sensor}`.normalize("NFC").toLocaleLowerCase();
    return words.every((word) => all.includes(word));
  });
}
