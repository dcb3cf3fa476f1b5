/** The plate: the empty scene, asked of the camera's sensor, with honest words of what happens meanwhile. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { formatsOf } from "../../core/numbers.ts";
import { type StepProps, Next } from "./camera.tsx";
import { Board, plateAddress, sizeOf } from "./picture.tsx";
import { type PlateState, platePath } from "./wire.ts";
import { isUsual, reasonOf, say } from "./words.ts";

export function PlateStep({ app, camera, plate, onPlate }: StepProps): JSX.Element {
  const [isBusy, setBusy] = useState(false);
  const mayAsk = app.may("operator", camera.site);
  const source = plateAddress(camera.name, plate);
  const change = async (method: "POST" | "DELETE"): Promise<void> => {
    setBusy(true);
    try {
      await app.hub.ask(method, platePath(camera.name));
      onPlate(await app.hub.ask<PlateState>("GET", `${platePath(camera.name)}/state`));
    } catch (error) {
      app.failed(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <section class="card">
      <p>{say("plateWhat")}</p>
      <div role="status">{plate !== null && <Progress plate={plate} nowS={app.hub.clock.nowS()} />}</div>
      {source !== null && plate !== null && (
        <figure>
          <Board size={sizeOf(camera, plate).size} source={source} label={say("plateOf", { camera: camera.name })} class="still">{() => null}</Board>
          <figcaption class="label">
            {plate.made !== null && say("plateMade", { time: formatsOf().moment(Date.parse(plate.made) / 1000) })}{" "}
            {plate.covered !== null && plate.covered > 0 ? say("covered", { count: plate.covered }) : say("notCovered")}
          </figcaption>
        </figure>
      )}
      <div class="buttons">
        {mayAsk && plate?.state !== "waiting" && (
          <button type="button" class={source === null ? "strong" : ""} disabled={isBusy} onClick={() => void change("POST")}>{say(source === null ? "askPlate" : "askAnew")}</button>
        )}
        {mayAsk && source !== null && <button type="button" disabled={isBusy} onClick={() => void change("DELETE")}>{say("deletePlate")}</button>}
        <Next app={app} camera={camera.name} step="plate" />
      </div>
      {!mayAsk && app.me() !== null && <p class="label">{say("onlyOperators")}</p>}
      {source === null && <p class="label">{say("withoutPlate")}</p>}
    </section>
  );
}

function Progress({ plate, nowS }: { plate: PlateState; nowS: number }): JSX.Element | null {
  if (plate.state === "waiting") {
    return (
      <>
        <p class="waiting">{say("collecting")}</p>
        {plate.since !== null && <p class="label">{say("waitingFor", { span: formatsOf().span(Math.max(0, nowS - Date.parse(plate.since) / 1000)) })}</p>}
        {plate.reason !== "" && <p class={isUsual(plate.reason) ? "label" : "warn"}>{reasonOf(plate.reason)}</p>}
      </>
    );
  }
  return plate.reason === "" ? null : <p class="warn">{reasonOf(plate.reason)}</p>;
}
