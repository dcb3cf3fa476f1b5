/**
 * From the picture to flat ground and back, out of pairs of points: the normalised direct linear transform (Hartley and
 * Zisserman 2004, Multiple View Geometry, algorithm 4.2). The hub's `ground` room has the last word; this is to see while dragging.
 */

import type { XY } from "./wire.ts";

/** Row by row. Maps (x, y, 1) in pixels to metres up to scale; signed so that the third is positive on the ground's side. */
export type Matrix = readonly [number, number, number, number, number, number, number, number, number];

export interface Pair {
  readonly px: XY;
  readonly m: XY;
}

export const FEWEST_PAIRS = 4;
export const MOST_PAIRS = 100;

export type Fit =
  | { readonly kind: "fits"; readonly matrix: Matrix; readonly missedM: readonly number[] }
  /** Fewer than four; on one line or on each other; or the horizon runs between them. */
  | { readonly kind: "few" | "narrow" | "twisted" };

/** Determinant of the map between normalised points, scaled to length one, below which it squashes the picture onto a line. */
const LEAST_DETERMINANT = 1e-9;
/** From so many pairs on a wrong one can be told: without it the others must still be more than always fit. */
const FEWEST_TO_TELL = 6;
/** From so many on, leaving out each in turn takes too long while somebody drags. */
const MOST_TO_TELL = 40;

export function fitOf(pairs: readonly Pair[]): Fit {
  if (pairs.length < FEWEST_PAIRS) return { kind: "few" };
  const [image, ground] = [normalised(pairs.map(({ px }) => px)), normalised(pairs.map(({ m }) => m))];
  if (image === null || ground === null || isThin(image.points) || isThin(ground.points)) return { kind: "narrow" };
  const unit = transform(image.points, ground.points);
  if (!(Math.abs(determinant(unit)) > LEAST_DETERMINANT)) return { kind: "narrow" };
  const depths = image.points.map((point) => depth(unit, point));
  if (!depths.every((each) => Math.sign(each) === Math.sign(depths[0] ?? 0))) return { kind: "twisted" };
  const whole = product(product(ground.undo, unit), image.matrix);
  const sign = Math.sign(depth(whole, pairs[0]?.px ?? [0, 0]));
  const size = sign * Math.hypot(...whole);
  const matrix = whole.map((each) => each / size) as unknown as Matrix;
  const missedM = pairs.map(({ px, m }) => {
    const mapped = toGround(matrix, px);
    return mapped === null ? Number.POSITIVE_INFINITY : Math.hypot(mapped[0] - m[0], mapped[1] - m[1]);
  });
  return { kind: "fits", matrix, missedM };
}

/** Where on the ground a point of the picture lies; null on or above the horizon. */
export function toGround(matrix: Matrix, point: XY): XY | null {
  const w = depth(matrix, point);
  const least = Number.EPSILON * (Math.abs(matrix[6] * point[0]) + Math.abs(matrix[7] * point[1]) + Math.abs(matrix[8]));
  if (!(w > least)) return null;
  const [x, y] = point;
  return [(matrix[0] * x + matrix[1] * y + matrix[2]) / w, (matrix[3] * x + matrix[4] * y + matrix[5]) / w];
}

/** The pair that is most likely wrong: without it the others agree best. Null where there are too few to tell, or all agree. */
export function worstOf(pairs: readonly Pair[], fit: Fit): number | null {
  if (fit.kind !== "fits" || pairs.length < FEWEST_TO_TELL || rms(fit.missedM) < 0.01) return null;
  if (pairs.length > MOST_TO_TELL) return fit.missedM.indexOf(Math.max(...fit.missedM));
  const without = pairs.map((_, at) => {
    const others = fitOf(pairs.toSpliced(at, 1));
    return others.kind === "fits" ? rms(others.missedM) : Number.POSITIVE_INFINITY;
  });
  return without.indexOf(Math.min(...without));
}

function rms(values: readonly number[]): number {
  return Math.hypot(...values) / Math.sqrt(values.length);
}

/** The inverse map, ground to picture, whose third coordinate is positive in front of the camera; null where there is none. */
export function inverse(matrix: Matrix): Matrix | null {
  const [a, b, c, d, e, f, g, h, i] = matrix;
  const cofactors = [e * i - f * h, c * h - b * i, b * f - c * e, f * g - d * i, a * i - c * g, c * d - a * f, d * h - e * g, b * g - a * h, a * e - b * d];
  const size = determinant(matrix);
  return size === 0 ? null : (cofactors.map((each) => each / size) as unknown as Matrix);
}

function determinant([a, b, c, d, e, f, g, h, i]: Matrix): number {
  return a * (e * i - f * h) + b * (f * g - d * i) + c * (d * h - e * g);
}

export function depth(matrix: Matrix, [x, y]: XY): number {
  return matrix[6] * x + matrix[7] * y + matrix[8];
}

/** Points shifted and scaled to mean distance sqrt(2) from the origin, the map that does it and its inverse; null where all coincide. */
function normalised(points: readonly XY[]): { points: readonly XY[]; matrix: Matrix; undo: Matrix } | null {
  const count = points.length;
  const x = points.reduce((sum, point) => sum + point[0], 0) / count;
  const y = points.reduce((sum, point) => sum + point[1], 0) / count;
  const spread = points.reduce((sum, point) => sum + Math.hypot(point[0] - x, point[1] - y), 0) / count;
  if (!(spread > 0)) return null;
  const scale = Math.SQRT2 / spread;
  return {
    points: points.map((point) => [scale * (point[0] - x), scale * (point[1] - y)]),
    matrix: [scale, 0, -scale * x, 0, scale, -scale * y, 0, 0, 1],
    undo: [1 / scale, 0, x, 0, 1 / scale, y, 0, 0, 1],
  };
}

/** Whether all points, or all but one, lie on one line: they do not determine a map. */
function isThin(points: readonly XY[]): boolean {
  return points.some((_, left) => thickness(points.filter((_, at) => at !== left)) < 1e-3);
}

/** The smaller over the larger standard deviation of points along their principal axes. */
function thickness(points: readonly XY[]): number {
  const count = points.length;
  const [mx, my] = [points.reduce((sum, [x]) => sum + x, 0) / count, points.reduce((sum, [, y]) => sum + y, 0) / count];
  let [xx, xy, yy] = [0, 0, 0];
  for (const [x, y] of points) {
    xx += (x - mx) ** 2;
    xy += (x - mx) * (y - my);
    yy += (y - my) ** 2;
  }
  const [mean, gap] = [(xx + yy) / 2, Math.hypot((xx - yy) / 2, xy)];
  return mean + gap > 0 ? Math.sqrt(Math.max(0, mean - gap) / (mean + gap)) : 0;
}

/**
 * The vector h of length one that makes A h smallest, two rows of A a pair: the eigenvector of the smallest eigenvalue of the
 * 9 x 9 matrix A^T A, found by Jacobi's rotations, which lose no digits that matter in normalised coordinates.
 */
function transform(source: readonly XY[], target: readonly XY[]): Matrix {
  const normal = Array.from({ length: 9 }, () => new Float64Array(9));
  source.forEach(([x, y], at) => {
    const [u, v] = target[at] ?? [0, 0];
    for (const row of [[x, y, 1, 0, 0, 0, -u * x, -u * y, -u], [0, 0, 0, x, y, 1, -v * x, -v * y, -v]]) {
      row.forEach((left, i) => row.forEach((right, j) => ((normal[i] as Float64Array)[j]! += left * right)));
    }
  });
  const { values, vectors } = eigen(normal);
  const smallest = values.indexOf(Math.min(...values));
  return vectors.map((row) => row[smallest] ?? 0) as unknown as Matrix;
}

/** Eigenvalues and eigenvectors (columns) of a symmetric matrix, which is used up (Golub and Van Loan 2013, section 8.5). */
function eigen(matrix: Float64Array[]): { values: Float64Array; vectors: Float64Array[] } {
  const size = matrix.length;
  const vectors = matrix.map((_, at) => Float64Array.from({ length: size }, (_, other) => (at === other ? 1 : 0)));
  const cell = (i: number, j: number): number => matrix[i]?.[j] ?? 0;
  for (let sweep = 0; sweep < 40; sweep++) {
    let left = 0;
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++) {
        if (cell(p, q) === 0) continue;
        left += cell(p, q) ** 2;
        const theta = (cell(q, q) - cell(p, p)) / (2 * cell(p, q));
        const tangent = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
        const cosine = 1 / Math.hypot(tangent, 1);
        const sine = tangent * cosine;
        for (let k = 0; k < size; k++) rotate(matrix[k], p, q, cosine, sine);
        const [rowP, rowQ] = [matrix[p], matrix[q]] as [Float64Array, Float64Array];
        for (let k = 0; k < size; k++) {
          const [atP, atQ] = [rowP[k] ?? 0, rowQ[k] ?? 0];
          rowP[k] = cosine * atP - sine * atQ;
          rowQ[k] = sine * atP + cosine * atQ;
        }
        for (let k = 0; k < size; k++) rotate(vectors[k], p, q, cosine, sine);
      }
    }
    if (left < 1e-300) break;
  }
  return { values: Float64Array.from({ length: size }, (_, at) => cell(at, at)), vectors };
}

function rotate(row: Float64Array | undefined, p: number, q: number, cosine: number, sine: number): void {
  if (row === undefined) return;
  const [atP, atQ] = [row[p] ?? 0, row[q] ?? 0];
  row[p] = cosine * atP - sine * atQ;
  row[q] = sine * atP + cosine * atQ;
}

function product(one: Matrix, other: Matrix): Matrix {
  const cell = (row: number, column: number): number =>
    [0, 1, 2].reduce((sum, k) => sum + (one[3 * row + k] ?? 0) * (other[3 * k + column] ?? 0), 0);
  return [0, 1, 2].flatMap((row) => [0, 1, 2].map((column) => cell(row, column))) as unknown as Matrix;
}
