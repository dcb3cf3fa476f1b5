/** What a pointer does on the drawing: chooses, drags a point, pulls a new corner out of a side, or places. */

import { useRef } from "preact/hooks";
import type { Pointer } from "./picture.tsx";
import { type Drawing, type Size, hitAt, inserted, kept, middleOf, moved } from "./shapes.ts";
import type { XY } from "./wire.ts";

const REACH = 14;
/** A press that moved less than this, CSS pixels, is a click. */
const STILL = 6;

interface Pointing {
  readonly drawing: Drawing;
  readonly size: Size;
  readonly chosen: number | null;
  readonly isEditable: boolean;
  readonly isPlacing: boolean;
  onPlace(place: XY, unit: number): void;
  onChoose(id: number | null, point?: number): void;
  onEdit(drawing: Drawing, key: string): void;
}

export function usePointer(props: Pointing): { down: (pointer: Pointer) => void; move: (pointer: Pointer) => void; up: (pointer: Pointer) => void } {
  const held = useRef<{ id: number; at: number; key: string } | null>(null);
  const began = useRef<XY>([0, 0]);
  const drags = useRef(0);
  const take = (pointer: Pointer, id: number, at: number): void => {
    held.current = { id, at, key: `drag ${++drags.current}` };
    (pointer.event.currentTarget as Element).setPointerCapture(pointer.event.pointerId);
    pointer.event.preventDefault();
    props.onChoose(id, at);
  };
  return {
    down(pointer) {
      const { place, unit, event } = pointer;
      began.current = [event.clientX, event.clientY];
      if (event.button !== 0 || props.isPlacing) return;
      const hit = hitAt(props.drawing, place, REACH * unit);
      const shape = props.drawing.find(({ id }) => id === hit?.id);
      if (hit === null || shape === undefined) return props.onChoose(null);
      if (!props.isEditable || hit.what === "inside") return props.onChoose(hit.id);
      if (hit.what === "point") return take(pointer, hit.id, hit.at);
      const here = shape.points[hit.at] ?? [0, 0];
      const middle = middleOf(here, shape.points[(hit.at + 1) % shape.points.length] ?? here);
      if (shape.kind !== "zone" || props.chosen !== hit.id || Math.hypot(place[0] - middle[0], place[1] - middle[1]) > REACH * unit) return props.onChoose(hit.id);
      take(pointer, hit.id, hit.at + 1);
      props.onEdit(inserted(props.drawing, hit.id, hit.at, kept(place, props.size)), held.current?.key ?? "");
    },
    move({ place }) {
      if (held.current === null) return;
      const { id, at, key } = held.current;
      props.onEdit(moved(props.drawing, id, at, kept(place, props.size)), key);
    },
    up({ place, unit, event }) {
      const isClick = Math.hypot(event.clientX - began.current[0], event.clientY - began.current[1]) < STILL;
      if (props.isPlacing && isClick && event.type === "pointerup" && event.button === 0) props.onPlace(place, unit);
      held.current = null;
    },
  };
}
