/** Where in the picture people were in one hour: levels to draw, and the same in words. Pure. */

import type { Heat } from "./model.ts";
import { BAND } from "./curve.ts";
import { capitalised, clock, listed, withMargin } from "./format.ts";

/** How many levels are told apart by eye, beside the one that is no more than noise. */
export const LEVELS = 4;

const ROWS = ["upper", "middle", "lower"];
const COLUMNS = ["left", "middle", "right"];
const HOUR_S = 3600;
/** How long after the beginning of its hour a map is shown, seconds: the next one ends its hour with a tick that may be long. */
const SHOWN_S = 3 * HOUR_S;

/** The level of each cell, row by row: 0 where it cannot be told from the noise, else by its share of the largest. */
export function levelsOf(heat: Heat): readonly (readonly number[])[] {
  const top = topOf(heat);
  const least = BAND * (heat.standardError ?? 0);
  return (heat.values ?? []).map((row) => row.map((value) => (value <= least ? 0 : Math.ceil((LEVELS * value) / top))));
}

/** What the map shows, for everyone: the hour, where most people were, and how many in the fullest cell. */
export function heatSentence(heat: Heat, nowS: number): string {
  if (heat.startS === null) return "Where people were: the first map comes when an hour has ended.";
  if (nowS > heat.startS + SHOWN_S) return "Where people were: no new map has come from this camera.";
  const hour = `Where people were, ${clock(heat.startS, nowS)} to ${clock(heat.startS + HOUR_S, nowS)}`;
  if (heat.values === null || heat.standardError === null) return `${hour}: unknown. ${capitalised(heat.unknown)}.`;
  const top = { value: topOf(heat), standardError: heat.standardError };
  if (levelsOf(heat).flat().every((level) => level === 0)) return `${hour}: too few people to tell.`;
  return `${hour}: ${placesSentence(heat)}. Fullest cell: ${withMargin(top)} people.`;
}

/** Whether the map may still be shown as the newest. */
export function isNew(heat: Heat, nowS: number): boolean {
  return heat.values !== null && heat.startS !== null && nowS <= heat.startS + SHOWN_S;
}

function topOf(heat: Heat): number {
  return Math.max(...(heat.values ?? []).flat());
}

interface Part {
  readonly name: string;
  readonly people: number;
  readonly cells: number;
}

/** The ninths of the picture that hold most people; several where the noise leaves open which of them does. */
function placesSentence(heat: Heat): string {
  const parts = partsOf(heat).sort((a, b) => b.people - a.people);
  const most = parts.filter((part) => {
    const [first] = parts;
    return first !== undefined && first.people - part.people <= BAND * errorOf(heat, first.cells + part.cells);
  });
  return most.length > 3 ? "no part of the picture stands out" : `most people ${listed(most.map((part) => part.name))}`;
}

function errorOf(heat: Heat, cells: number): number {
  return Math.sqrt(cells) * (heat.standardError ?? 0);
}

function partsOf({ values }: Heat): Part[] {
  const rows = values ?? [];
  return ROWS.flatMap((rowName, i) =>
    COLUMNS.map((columnName, j) => {
      const cells = rows.filter((_, row) => third(row, rows.length) === i).flatMap((row) => row.filter((_, at) => third(at, row.length) === j));
      const name = i === 1 && j === 1 ? "in the middle" : `${rowName} ${columnName}`;
      return { name, people: cells.reduce((total, value) => total + value, 0), cells: cells.length };
    }),
  );
}

/** Which third of a side a cell's middle lies in. */
function third(cell: number, cells: number): number {
  return Math.floor((3 * (cell + 0.5)) / cells);
}
