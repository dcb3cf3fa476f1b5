/** One camera: what it counts, and the steps to set it up, which can be left and come back to. */

import type { JSX } from "preact";
import type { App, PageProps } from "../../shell/app.ts";
import { Link } from "../../shell/shell.tsx";
import { AddressForm } from "./address.tsx";
import { useAsked } from "./asked.ts";
import { CheckStep } from "./check.tsx";
import { DrawStep } from "./draw.tsx";
import { State, checkedOf } from "./list.tsx";
import { MetresStep } from "./metres.tsx";
import { Overview } from "./overview.tsx";
import { usePlate } from "./picture.tsx";
import { PlateStep } from "./plate.tsx";
import { type Known, type Step, STEPS, lacksOf, nextOf, stepOf } from "./steps.ts";
import { type CameraState, type PlateState, type Registered, hasPlate, registryPath } from "./wire.ts";
import { say } from "./words.ts";

/** What every step is given. */
export interface StepProps {
  readonly app: App;
  readonly camera: Registered;
  readonly plate: PlateState | null;
  readonly params: Readonly<Record<string, string>>;
  /** Why this person may not change lines, zones and metres here; empty where he may. */
  readonly barred: string;
  onSaved(camera: Registered): void;
  onPlate(state: PlateState): void;
}

const LACK_OF = { plate: "plate", draw: "places", metres: "metres", check: "check" } as const;

export function CameraPage({ app, name, params }: PageProps & { name: string }): JSX.Element {
  const [camera, setCamera] = useAsked(app, () => app.hub.ask<Registered>("GET", registryPath(name)));
  const [states] = useAsked(app, () => app.hub.ask<CameraState[]>("GET", "/api/v1/cameras"), [params["step"]]);
  const [checked] = useAsked(app, () => checkedOf(app, name), [params["step"]]);
  const [plate, setPlate] = usePlate(app, name);
  const step = stepOf(params["step"]);
  const state = states?.find((each) => each.name === name);
  return (
    <>
      <p><Link app={app} class="back" address={{ page: "camera", params: {} }}>{`‹ ${say("cameras")}`}</Link></p>
      <div class="head">
        <h1>{name}</h1>
        {camera !== null && <p class="label">{camera.site} · {camera.sensor || say("ownMachine")} · <State state={state} /></p>}
      </div>
      {camera === null ? <p class="loading">{say("loading")}</p> : (
        <>
          <Steps app={app} camera={camera} step={step} known={{ hasPlate: plate === null ? null : hasPlate(plate), isChecked: checked === null ? null : checked.has(name) }} />
          <StepView app={app} camera={camera} plate={plate} params={params} barred={barredOf(app, camera)} hasHeat={state?.extras.heat === true}
            step={step} onSaved={setCamera} onPlate={setPlate} />
        </>
      )}
    </>
  );
}

function Steps({ app, camera, step, known }: { app: App; camera: Registered; step: Step | null; known: Known }): JSX.Element {
  const lacks = lacksOf(camera, known);
  return (
    <nav class="steps" aria-label={say("steps")}>
      <Link app={app} current={step === null} address={{ page: "camera", params: { camera: camera.name } }}>{say("overview")}</Link>
      {STEPS.filter((each) => each !== "address" || app.may("administrator", "")).map((each) => {
        const isLacking = each !== "address" && lacks.some((lack) => lack === LACK_OF[each]);
        return (
          <Link key={each} app={app} current={step === each} address={{ page: "camera", params: { camera: camera.name, step: each } }}>
            <>{say(`step-${each}`)}{isLacking && <span class="open">{" "}<span aria-hidden="true">○</span><span class="unseen">{say("open")}</span></span>}</>
          </Link>
        );
      })}
    </nav>
  );
}

function StepView({ step, hasHeat, ...props }: StepProps & { step: Step | null; hasHeat: boolean }): JSX.Element {
  if (step === null) return <Overview {...props} hasHeat={hasHeat} />;
  if (step === "plate") return <PlateStep {...props} />;
  if (step === "draw") return <DrawStep {...props} />;
  if (step === "metres") return <MetresStep {...props} />;
  if (step === "check") return <CheckStep {...props} />;
  return <AddressStep {...props} />;
}

function AddressStep({ app, camera, onSaved }: StepProps): JSX.Element {
  const barred = camera.of_file ? say("ofFile") : app.may("administrator", "") ? "" : say("onlyAdministrators");
  return <section class="card narrow">{barred !== "" ? <p>{barred}</p> : <AddressForm app={app} camera={camera} onSaved={onSaved} />}</section>;
}

/** The way on, after a step. */
export function Next({ app, camera, step }: { app: App; camera: string; step: Step }): JSX.Element {
  const next = nextOf(step);
  const params: Record<string, string> = next === null ? { camera } : { camera, step: next };
  return <Link app={app} class="button" address={{ page: "camera", params }}>{`${say(next === null ? "overview" : `step-${next}`)} ›`}</Link>;
}

function barredOf(app: App, camera: Registered): string {
  if (app.me() === null) return "";
  if (!app.may("operator", camera.site)) return say("onlyOperators");
  return camera.of_file ? say("ofFile") : "";
}
