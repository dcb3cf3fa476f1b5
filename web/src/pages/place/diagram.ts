/**
 * Speed and specific flow against density: the fundamental diagram of a zone. Pure.
 *
 * The curve to compare with is that of U. Weidmann, Transporttechnik der Fussgänger, 1993.
 */

import type { Series } from "./curve.ts";

export interface Estimate {
  readonly value: number;
  readonly error: number;
}

/** Density (people/m2), and speed (m/s) or specific flow (people/(m s)). */
export interface Point {
  readonly density: Estimate;
  readonly other: Estimate;
}

/** The mean of the points of a range of densities. */
export interface Bin extends Point {
  readonly count: number;
}

const FREE_MPS = 1.34;
const JAM_PER_M2 = 5.4;
const GAMMA_PER_M2 = 1.913;

/** Weidmann's speed at a density, m/s. */
export function weidmannSpeed(density: number): number {
  if (density <= 0) return FREE_MPS;
  return Math.max(0, FREE_MPS * (1 - Math.exp(-GAMMA_PER_M2 * (1 / density - 1 / JAM_PER_M2))));
}

/** Weidmann's specific flow at a density, people/(m s). */
export function weidmannFlow(density: number): number {
  return density * weidmannSpeed(density);
}

/** The moments at which both are known. */
export function pointsOf(density: Series, speed: Series): readonly Point[] {
  const at = new Map(speed.startS.map((startS, i) => [startS, i]));
  return density.startS.flatMap((startS, i) => {
    const j = at.get(startS) ?? -1;
    const [d, dError, v, vError] = [density.values[i], density.errors[i], speed.values[j], speed.errors[j]];
    if (d == null || dError == null || v == null || vError == null) return [];
    return [{ density: { value: Math.max(0, d), error: dError }, other: { value: Math.max(0, v), error: vError } }];
  });
}

/** The specific flow of points of speed: density times speed, with the error of both to first order. */
export function flowsOf(points: readonly Point[]): readonly Point[] {
  return points.map(({ density, other }) => ({
    density,
    other: {
      value: density.value * other.value,
      error: Math.hypot(density.error * other.value, density.value * other.error),
    },
  }));
}

/**
 * Means by density, in bins of one width.
 *
 * The noise of neighbouring ticks hangs together, in a way that differs between mechanisms. So the standard error of a mean is given as
 * the mean of the standard errors: more it can never be, however they hang together.
 */
export function binsOf(points: readonly Point[], widthPerM2: number): readonly Bin[] {
  const byBin = new Map<number, Point[]>();
  for (const point of points) {
    const bin = Math.floor(point.density.value / widthPerM2);
    const of = byBin.get(bin);
    if (of === undefined) byBin.set(bin, [point]);
    else of.push(point);
  }
  return [...byBin.entries()]
    .sort(([a], [b]) => a - b)
    .map(([, of]) => ({ density: meanOf(of.map(({ density }) => density)), other: meanOf(of.map(({ other }) => other)), count: of.length }));
}

/** A round width that cuts the densities into a dozen bins or fewer. */
export function binWidthOf(points: readonly Point[]): number {
  const highest = points.reduce((most, { density }) => Math.max(most, density.value), 0);
  return [0.02, 0.05, 0.1, 0.2, 0.5].find((width) => highest / width <= 12) ?? 1;
}

function meanOf(estimates: readonly Estimate[]): Estimate {
  const mean = (of: (one: Estimate) => number): number => estimates.reduce((sum, one) => sum + of(one), 0) / estimates.length;
  return { value: mean(({ value }) => value), error: mean(({ error }) => error) };
}
