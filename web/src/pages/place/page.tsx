/** A place over time, and the way to it. */

import "uplot/dist/uPlot.min.css";
import "./place.css";
import type { JSX } from "preact";
import type { PageProps } from "../../shell/app.ts";
import { Chooser } from "./chooser.tsx";
import { Place } from "./place.tsx";
import { viewOf } from "./span.ts";

export default function Page({ app, params }: PageProps): JSX.Element {
  const view = viewOf(params);
  if (view.camera === "" && view.place === "") return <Chooser app={app} find={params["find"] ?? ""} />;
  return <Place key={`${view.camera}\n${view.place}`} app={app} view={view} />;
}
