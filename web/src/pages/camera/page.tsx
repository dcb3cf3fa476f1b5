/** Cameras: all of them, and each set up step by step without ever showing a person. */

import type { JSX } from "preact";
import type { PageProps } from "../../shell/app.ts";
import { AddPage } from "./address.tsx";
import { CameraPage } from "./camera.tsx";
import { ListPage } from "./list.tsx";
import { PlanPage } from "./plan.tsx";
import "./page.css";

export default function Page(props: PageProps): JSX.Element {
  return <div class="camera-page"><View {...props} /></div>;
}

function View({ app, params }: PageProps): JSX.Element {
  const { camera, site, step } = params;
  if (camera !== undefined && camera !== "") return <CameraPage key={camera} app={app} name={camera} params={params} />;
  if (site !== undefined && site !== "" && step === "plan") return <PlanPage key={site} app={app} site={site} />;
  if (step === "address") return <AddPage app={app} />;
  return <ListPage app={app} params={params} />;
}
