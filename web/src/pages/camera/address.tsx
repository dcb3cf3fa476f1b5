/** A camera's address and login: typed once, sent, and let go. They never stand in the page's state, and never come back. */

import { type JSX, cloneElement } from "preact";
import { useId, useRef, useState } from "preact/hooks";
import { Refused } from "../../core/hub.ts";
import type { App } from "../../shell/app.ts";
import { Link } from "../../shell/shell.tsx";
import { orElse, useAsked } from "./asked.ts";
import { isName } from "./rules.ts";
import { type Registered, type SiteWire, bodyOf, registryPath } from "./wire.ts";
import { say } from "./words.ts";

const NEW_SITE = "+";

/** What is typed of a camera that is not there yet, but its address and login: there still when one comes back. */
const typed = { name: "", site: "", newSite: "", sensor: "", detector: "auto" };

interface Choices {
  readonly sites: readonly SiteWire[];
  readonly sensors: readonly { readonly name: string; readonly site: string; readonly state: string }[];
}

export function AddPage({ app }: { app: App }): JSX.Element {
  return (
    <>
      <p><Link app={app} class="back" address={{ page: "camera", params: {} }}>{`‹ ${say("cameras")}`}</Link></p>
      <h1>{say("addCamera")}</h1>
      <section class="card narrow">
        {app.may("administrator", "") ? <AddressForm app={app} camera={null} onSaved={(camera) => app.go({ page: "camera", params: { camera: camera.name, step: "plate" } })} />
          : <p>{say("onlyAdministrators")}</p>}
      </section>
    </>
  );
}

export function AddressForm({ app, camera: known, onSaved }: { app: App; camera: Registered | null; onSaved: (camera: Registered) => void }): JSX.Element {
  const [camera, setCamera] = useState(known);
  const [choices] = useAsked<Choices>(app, () => choicesOf(app));
  const [form, setForm] = useState(camera === null ? { ...typed } : { ...typed, name: camera.name, site: camera.site, sensor: camera.sensor, detector: camera.detector });
  const [wrong, setWrong] = useState("");
  const [isShown, setShown] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [address, user, password] = [useRef<HTMLInputElement>(null), useRef<HTMLInputElement>(null), useRef<HTMLInputElement>(null)];
  const site = form.site || (choices?.sites.length === 1 ? (choices.sites[0]?.name ?? "") : "");
  const set = (changed: Partial<typeof form>): void => {
    setForm({ ...form, ...changed });
    if (camera === null) Object.assign(typed, changed);
  };
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    const told = site === NEW_SITE ? form.newSite.trim() : site;
    if (!isName(form.name.trim())) return setWrong(say("nameRule"));
    if (!isName(told)) return setWrong(say("siteRule"));
    setBusy(true);
    setWrong("");
    try {
      if (site === NEW_SITE) await app.hub.ask("PUT", `/api/v1/sites/${encodeURIComponent(told)}`, {}, { version: 0 });
      const secret = { ...given("address", address.current), ...loginOf(user.current, password.current) };
      const own = { site: told, sensor: form.sensor, detector: form.detector.trim() || "auto" };
      const body = camera === null ? { version: 0, ...own, ...secret } : bodyOf(camera, { ...own, ...secret });
      const saved = await app.hub.ask<Registered>("PUT", registryPath(form.name.trim()), {}, body);
      for (const field of [address, user, password]) if (field.current !== null) field.current.value = "";
      if (camera === null) Object.assign(typed, { name: "", newSite: "" });
      setCamera(camera === null ? null : saved);
      onSaved(saved);
      app.say(say("savedAddress"));
    } catch (error) {
      if (camera !== null && error instanceof Refused && error.status === 409) await look(camera, error);
      else if (error instanceof Refused && error.status !== 403) setWrong(error.message);
      else app.failed(error);
    } finally {
      setBusy(false);
    }
  };
  /** Somebody else was first: what he changed beside this form is taken over, and what is typed stays. */
  const look = async (old: Registered, refused: Refused): Promise<void> => {
    const now = await app.hub.ask<Registered>("GET", registryPath(old.name)).catch(() => old);
    setCamera(now);
    setWrong(now.version === old.version ? refused.message : say("stale"));
  };
  const secret = (isShown ? "text" : "password") as "text"; // the types of inputs tell one kind from another
  return (
    <form class="fields" autocomplete="off" onSubmit={(event) => void send(event)}>
      <Field label={say("name")}>
        <input required maxLength={64} value={form.name} disabled={camera !== null} onInput={(event) => set({ name: event.currentTarget.value })} />
      </Field>
      <Field label={say("site")}>
        <select required value={site} onChange={(event) => set({ site: event.currentTarget.value })}>
          <option value="">{say("choose")}</option>
          {choices?.sites.map((each) => <option key={each.name} value={each.name}>{each.title || each.name}</option>)}
          <option value={NEW_SITE}>{say("newSite")}</option>
        </select>
      </Field>
      {site === NEW_SITE && <Field label={say("siteName")}><input required maxLength={64} value={form.newSite} onInput={(event) => set({ newSite: event.currentTarget.value })} /></Field>}
      <Field label={say("sensor")} hint={say("sensorHint")}>
        <select value={form.sensor} onChange={(event) => set({ sensor: event.currentTarget.value })}>
          <option value="">{say("ownMachine")}</option>
          {choices?.sensors.map((each) => <option key={each.name} value={each.name}>{each.name}</option>)}
        </select>
      </Field>
      <Field label={say("address")} hint={camera === null ? say("addressHint") : say("addressKept", { scheme: camera.scheme })}>
        <input ref={address} type={secret} required={camera === null} maxLength={2048} autocomplete="off" spellcheck={false} autocapitalize="off" placeholder="rtsp://10.0.0.5/stream" />
      </Field>
      <div class="pair">
        <Field label={say("user")}><input ref={user} type={secret} maxLength={255} autocomplete="off" spellcheck={false} autocapitalize="off" /></Field>
        <Field label={say("password")}><input ref={password} type={secret} maxLength={255} autocomplete="new-password" spellcheck={false} /></Field>
      </div>
      <label class="tick"><input type="checkbox" checked={isShown} onChange={(event) => setShown(event.currentTarget.checked)} /> {say("show")}</label>
      <Field label={say("detector")} hint={say("detectorHint")} beside={<datalist id="detectors"><option value="auto" /><option value="foreground" /></datalist>}>
        <input value={form.detector} maxLength={64} spellcheck={false} list="detectors" onInput={(event) => set({ detector: event.currentTarget.value })} />
      </Field>
      {wrong !== "" && <p class="wrong" role="alert">{wrong}</p>}
      <div class="buttons"><button type="submit" class="strong" disabled={isBusy}>{say("save")}</button></div>
    </form>
  );
}

/** A labelled field, with a hint that describes it but is no part of its name. */
export function Field({ label, hint, beside, children }: { label: string; hint?: string; beside?: JSX.Element; children: JSX.Element }): JSX.Element {
  const id = useId();
  return (
    <div class="field">
      <label class="field"><span>{label}</span>{hint === undefined ? children : cloneElement(children, { "aria-describedby": id })}</label>
      {beside}
      {hint !== undefined && <span class="label" id={id}>{hint}</span>}
    </div>
  );
}

function given(key: string, field: HTMLInputElement | null): Record<string, string> {
  const value = field?.value.trim() ?? "";
  return value === "" ? {} : { [key]: value };
}

/** The login, where any of it was typed: both parts are sent together. */
function loginOf(user: HTMLInputElement | null, password: HTMLInputElement | null): { login?: { user: string; password: string } } {
  const login = { user: user?.value ?? "", password: password?.value ?? "" };
  return login.user === "" && login.password === "" ? {} : { login };
}

async function choicesOf(app: App): Promise<Choices> {
  const [sites, sensors] = await Promise.all([
    app.hub.ask<SiteWire[]>("GET", "/api/v1/sites"),
    orElse(app.hub.ask<Choices["sensors"]>("GET", "/api/v1/sensors"), []),
  ]);
  return { sites: sites.filter(({ name }) => isName(name)), sensors };
}
