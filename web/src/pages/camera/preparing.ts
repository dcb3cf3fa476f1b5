/** A picture file made into what the hub takes as a plan: drawn anew, so that nothing else of the file goes with it. */

import { MOST_BYTES, sentSize } from "./plans.ts";
import type { Size } from "./shapes.ts";

export interface Prepared {
  readonly picture: Blob;
  readonly size: Size;
}

/** How well it is kept, from one try to the next, until it is small enough. */
const QUALITIES = [0.92, 0.8, 0.6, 0.4];

/** Throws where the file is no picture, or too large for this machine. */
export async function prepared(file: Blob): Promise<Prepared> {
  const bitmap = await createImageBitmap(file);
  const size = sentSize(bitmap);
  const canvas = new OffscreenCanvas(size.width, size.height);
  const pen = canvas.getContext("2d");
  if (pen === null) throw new Error("this browser draws nothing");
  pen.imageSmoothingQuality = "high";
  pen.drawImage(bitmap, 0, 0, size.width, size.height);
  bitmap.close();
  let picture = new Blob();
  for (const quality of QUALITIES) {
    picture = await canvas.convertToBlob({ type: "image/webp", quality });
    if (picture.size <= MOST_BYTES) break;
  }
  return { picture, size };
}
