/** A site's plan as a picture to draw on: white paper in a dark room would blind, so there it is drawn light on dark. */

/** Of a larger picture so many pixels a side are kept, as each frame draws it anew. */
const MOST_PX = 3000;

/** The plan as it is drawn in the light, or for the dark as a negative. */
export function sheetOf(image: HTMLImageElement, isDark: boolean): HTMLCanvasElement {
  const shrink = Math.min(1, MOST_PX / Math.max(image.naturalWidth, image.naturalHeight));
  const sheet = document.createElement("canvas");
  sheet.width = Math.max(1, Math.round(image.naturalWidth * shrink));
  sheet.height = Math.max(1, Math.round(image.naturalHeight * shrink));
  const ctx = sheet.getContext("2d");
  if (ctx === null) return sheet;
  ctx.fillStyle = "#ffffff"; // paper behind a drawing without a ground of its own
  ctx.fillRect(0, 0, sheet.width, sheet.height);
  ctx.drawImage(image, 0, 0, sheet.width, sheet.height);
  if (!isDark) return sheet;
  ctx.globalCompositeOperation = "difference"; // from white: what was light is dark
  ctx.fillRect(0, 0, sheet.width, sheet.height);
  ctx.globalCompositeOperation = "screen";
  ctx.fillStyle = "#141d23";
  ctx.fillRect(0, 0, sheet.width, sheet.height);
  return sheet;
}
