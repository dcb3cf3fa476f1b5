/** The frame around every page: where one is, whether the numbers are live, and the page itself, loaded when it is opened. */

import { type ComponentType, type JSX, Component } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { type Address, type PageName, hrefOf } from "../core/addresses.ts";
import { LANGUAGES, keepLanguage, reading } from "../core/language.ts";
import { formatsOf } from "../core/numbers.ts";
import type { Connection } from "../core/stream.ts";
import type { App, PageProps } from "./app.ts";
import { DeviceDialog } from "./device.tsx";
import { say } from "./words.ts";

export const PAGES: Readonly<Record<PageName, () => Promise<{ default: ComponentType<PageProps> }>>> = {
  now: () => import("../pages/now/page.tsx"),
  place: () => import("../pages/place/page.tsx"),
  alarms: () => import("../pages/alarms/page.tsx"),
  camera: () => import("../pages/camera/page.tsx"),
  privacy: () => import("../pages/privacy/page.tsx"),
};
const ORDER: readonly PageName[] = ["now", "place", "alarms", "camera", "privacy"];
const ENDONYMS = { en: "English", de: "Deutsch", nl: "Nederlands", fr: "Français", es: "Español", zh: "中文" } as const;

interface Props {
  readonly app: App;
  readonly address: Address | null;
  readonly message: { readonly text: string; readonly isFailure: boolean };
  readonly connection: Connection | null;
  readonly sessionEnded: boolean;
  readonly title: string;
  onReturned(): void;
  onSignOut(): void;
}

export function Shell(props: Props): JSX.Element {
  const { app, address, message, connection, sessionEnded, title } = props;
  const [device, setDevice] = useState(false);
  return (
    <>
      <a class="skip" href="#content">{say("skip")}</a>
      <header class="bar">
        <p class="site-name">{title}</p>
        <nav aria-label={say("navigation")}>
          {ORDER.filter((page) => page !== "camera" || app.me() === null || app.may("operator")).map((page) => (
            <Link key={page} app={app} address={{ page, params: {} }} current={address?.page === page}>{say(page)}</Link>
          ))}
          <a class="tab" href="/admin">{say("administration")}</a>
        </nav>
        <div class="bar-end">
          <ConnectionText state={sessionEnded ? { kind: "ended" } : connection} />
          <Menu>
            <label>
              {say("language")}
              <select value={reading()} onChange={(event) => { keepLanguage(event.currentTarget.value as (typeof LANGUAGES)[number]); location.reload(); }}>
                {LANGUAGES.map((each) => <option key={each} value={each} lang={each}>{ENDONYMS[each]}</option>)}
              </select>
            </label>
            <button type="button" onClick={() => setDevice(true)}>{say("device")}</button>
          </Menu>
          <button type="button" onClick={props.onSignOut}>{say("signOut")}</button>
        </div>
      </header>
      {sessionEnded && (
        <div class="banner" role="alert" data-kind="ended">
          <span>{say("sessionEnded")}</span>{" "}
          <a href="/sign-in" target="_blank" rel="noopener">{say("signIn")}</a>{" "}
          <button type="button" onClick={props.onReturned}>{say("goOn")}</button>
        </div>
      )}
      {!sessionEnded && connection?.kind === "broken" && (
        <div class="banner" role="alert" data-kind="broken">
          {say("brokenSince", { time: formatsOf().clock(connection.sinceS, app.hub.clock.nowS(), true) })}
        </div>
      )}
      <p class="message" role="status" data-kind={message.isFailure ? "failed" : "told"} hidden={message.text === ""}>{message.text}</p>
      <main id="content" tabIndex={-1}>
        <Safe key={address?.page ?? "none"}>
          {address === null ? <p>{say("noPage")}</p> : <Page key={address.page} name={address.page} app={app} params={address.params} />}
        </Safe>
      </main>
      {device && <DeviceDialog app={app} onClose={() => setDevice(false)} />}
    </>
  );
}

/** A link to another page of the dashboard, which opens without loading all anew. */
export function Link(props: { app: App; address: Address; current?: boolean; class?: string; children: JSX.Element | string }): JSX.Element {
  const open = (event: MouseEvent): void => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    props.app.go(props.address);
  };
  return (
    <a class={props.class ?? "tab"} href={hrefOf(props.address)} aria-current={props.current === true ? "page" : undefined} onClick={open}>
      {props.children}
    </a>
  );
}

/** What is seldom needed, out of the way until it is asked for. */
function Menu({ children }: { children: JSX.Element[] }): JSX.Element {
  const menu = useRef<HTMLDetailsElement>(null);
  const shut = (): void => menu.current?.removeAttribute("open");
  return (
    <details class="menu" ref={menu}
      onKeyDown={(event) => { if (event.key === "Escape") { shut(); menu.current?.querySelector("summary")?.focus(); } }}
      onFocusOut={(event) => { if (event.relatedTarget instanceof Node && !event.currentTarget.contains(event.relatedTarget)) shut(); }}>
      <summary>{say("more")}</summary>
      <div class="card">{children}</div>
    </details>
  );
}

function ConnectionText({ state }: { state: Connection | null }): JSX.Element | null {
  if (state === null) return null;
  return <span class="connection" data-kind={state.kind}>{say(state.kind)}</span>;
}

function Page({ name, app, params }: { name: PageName } & PageProps): JSX.Element {
  const [Loaded, setLoaded] = useState<ComponentType<PageProps> | null>(null);
  useEffect(() => {
    PAGES[name]().then((loaded) => setLoaded(() => loaded.default), (error: unknown) => app.failed(error));
  }, [name]);
  return Loaded === null ? <p class="loading">{say("loading")}</p> : <Loaded app={app} params={params} />;
}

/** A fault of one page leaves the frame as it is. */
class Safe extends Component<{ children: JSX.Element }, { broken: boolean }> {
  override state = { broken: false };

  override componentDidCatch(error: unknown): void {
    console.error(error);
    this.setState({ broken: true });
  }

  override render(): JSX.Element {
    return this.state.broken ? <p role="alert">{say("failed")}</p> : this.props.children;
  }
}

