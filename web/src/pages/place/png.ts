/** What is drawn, with its title and legend, as a picture to take along. */

export interface Caption {
  readonly title: string;
  readonly lines: readonly string[];
  /** What is drawn in which colour, by the colour's name in the style sheet. */
  readonly keys: readonly (readonly [string, string])[];
}

const EDGE = 24;
const LINE = 20;

/** A PNG of a canvas under its caption, in the colours of the page. */
export async function pngOf(drawn: HTMLCanvasElement, { title, lines, keys }: Caption): Promise<Blob> {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const scale = drawn.clientWidth > 0 ? drawn.width / drawn.clientWidth : 1;
  const head = EDGE + 26 + LINE * (lines.length + Math.min(1, keys.length));
  const whole = document.createElement("canvas");
  whole.width = drawn.width + 2 * EDGE * scale;
  whole.height = drawn.height + (head + EDGE) * scale;
  const pen = whole.getContext("2d");
  if (pen === null) throw new Error("this browser draws no pictures");
  pen.fillStyle = colour("--surface");
  pen.fillRect(0, 0, whole.width, whole.height);
  pen.drawImage(drawn, EDGE * scale, head * scale);
  pen.scale(scale, scale);
  pen.fillStyle = colour("--ink");
  pen.font = "600 17px system-ui, sans-serif";
  pen.fillText(title, EDGE, EDGE + 14);
  pen.fillStyle = colour("--muted");
  pen.font = "13px system-ui, sans-serif";
  for (const [i, line] of lines.entries()) pen.fillText(line, EDGE, EDGE + 36 + LINE * i, whole.width / scale - 2 * EDGE);
  let x = EDGE;
  const y = EDGE + 36 + LINE * lines.length;
  for (const [text, name] of keys) {
    pen.fillStyle = colour(name);
    pen.fillRect(x, y - 6, 16, 3);
    pen.fillStyle = colour("--ink");
    pen.fillText(text, x + 22, y);
    x += 22 + pen.measureText(text).width + 20;
  }
  return new Promise((done, failed) => {
    whole.toBlob((blob) => (blob === null ? failed(new Error("the picture could not be made")) : done(blob)), "image/png");
  });
}

/** Hand a file to the reader. */
export function saved(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
