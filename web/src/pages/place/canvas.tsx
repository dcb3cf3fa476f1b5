/** A canvas that is drawn anew when its size, its colours or what it shows change. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

export interface Pen {
  readonly ctx: CanvasRenderingContext2D;
  /** CSS pixels. */
  readonly width: number;
  readonly height: number;
  readonly dark: boolean;
  colour(name: string): string;
}

interface Props {
  readonly label: string;
  readonly height: (width: number) => number;
  readonly draw: (pen: Pen) => void;
  readonly onCanvas?: (canvas: HTMLCanvasElement | null) => void;
  readonly onPointerMove?: (event: PointerEvent) => void;
  readonly onPointerLeave?: () => void;
  readonly onClick?: (event: MouseEvent) => void;
}

export function Canvas({ label, height, draw, onCanvas, ...pointer }: Props): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const [dark, setDark] = useState(false);
  useEffect(() => {
    const watch = new ResizeObserver(() => setWidth(box.current?.clientWidth ?? 0));
    if (box.current !== null) watch.observe(box.current);
    const query = matchMedia("(prefers-color-scheme: dark)");
    const look = (): void => setDark(query.matches);
    look();
    query.addEventListener("change", look);
    onCanvas?.(canvas.current);
    return () => {
      watch.disconnect();
      query.removeEventListener("change", look);
      onCanvas?.(null);
    };
  }, []);
  useEffect(() => {
    const [element, ctx] = [canvas.current, canvas.current?.getContext("2d")];
    if (element == null || ctx == null || width === 0) return;
    const tall = height(width);
    element.width = Math.round(width * devicePixelRatio);
    element.height = Math.round(tall * devicePixelRatio);
    element.style.height = `${tall}px`;
    ctx.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    const style = getComputedStyle(element);
    draw({ ctx, width, height: tall, dark, colour: (name) => style.getPropertyValue(name).trim() });
  }, [width, dark, draw]);
  return <div class="canvas" ref={box}><canvas ref={canvas} role="img" aria-label={label} {...pointer} /></div>;
}
