import "./style.css";
import { render } from "preact";
import { type Address, addressOf, hrefOf } from "./core/addresses.ts";
import { Hub, HubAway, Refused, SessionEnded } from "./core/hub.ts";
import { reading } from "./core/language.ts";
import type { Connection } from "./core/stream.ts";
import type { App, Me, Role, SiteFacts } from "./shell/app.ts";
import { PAGES, Shell } from "./shell/shell.tsx";
import { say } from "./shell/words.ts";

/** The dashboard: holds what the frame shows, and draws it anew when that changes. */
function start(root: HTMLElement): void {
  const hub = new Hub();
  const returned = new Set<() => void>();
  let message = { text: "", isFailure: false };
  let connection: Connection | null = null;
  let sessionEnded = false;
  let me: Me | null = null;
  let site: Promise<SiteFacts> | null = null;
  let title = "Throng";
  let address: Address | null = addressOf(location.pathname, location.search);

  const app: App = {
    hub,
    go(to, replace = false) {
      const another = to.page !== address?.page;
      if (replace) history.replaceState(null, "", hrefOf(to));
      else history.pushState(null, "", hrefOf(to));
      arrive(another);
    },
    say(text) {
      message = { text, isFailure: false };
      draw();
    },
    failed(error) {
      if (error instanceof SessionEnded) sessionEnded = true;
      else message = { text: sentenceOf(error), isFailure: true };
      draw();
    },
    connection(state) {
      connection = state;
      if (state.kind === "ended") sessionEnded = true;
      draw();
    },
    onReturn(then) {
      returned.add(then);
      return () => returned.delete(then);
    },
    me: () => me,
    may: (role, at) => me !== null && me.grants.some((grant) => reaches(grant.role, role) && (at === undefined || grant.site === EVERYWHERE || grant.site === at)),
    site: () => (site ??= hub.ask<SiteFacts>("GET", "/api/v1/site").catch((error: unknown) => {
      site = null;
      throw error;
    })),
  };

  const draw = (): void => {
    document.title = title === "Throng" ? title : `${address === null ? "" : `${say(address.page)} · `}${title} · Throng`;
    render(
      <Shell app={app} address={address} message={message} connection={connection} sessionEnded={sessionEnded} title={title}
        onReturned={() => void comeBack()} onSignOut={() => void signOut()} />,
      root,
    );
  };
  const arrive = (another: boolean): void => {
    address = addressOf(location.pathname, location.search);
    message = { text: "", isFailure: false };
    if (another) connection = null;
    draw();
    if (another) document.getElementById("content")?.focus({ preventScroll: true });
  };
  const comeBack = async (): Promise<void> => {
    try {
      me = await hub.ask<Me>("GET", "/api/v1/me");
    } catch (error) {
      app.failed(error);
      return;
    }
    sessionEnded = false;
    message = { text: "", isFailure: false };
    draw();
    for (const then of returned) then();
  };
  const signOut = async (): Promise<void> => {
    await hub.fetch("POST", "/sign-out").catch((error: unknown) => {
      if (!(error instanceof SessionEnded)) throw error;
    }).then(() => location.assign("/sign-in"), (error: unknown) => app.failed(error));
  };

  document.documentElement.lang = reading();
  if (address !== null) void PAGES[address.page](); // on its way while the rest starts
  draw();
  addEventListener("popstate", () => arrive(true));
  hub.ask<Me>("GET", "/api/v1/me").then((mine) => { me = mine; draw(); }, app.failed);
  app.site().then(({ name }) => { title = name.trim() === "" ? "Throng" : name; draw(); }, app.failed);
}

/** What went wrong, for whoever is at the page; a fault of ours is told to the console, too. */
function sentenceOf(error: unknown): string {
  if (error instanceof HubAway) return say("away");
  if (error instanceof Refused) return error.status === 403 ? say("notAllowed") : error.message;
  console.error(error);
  return say("failed");
}

/** How the hub tells that a role reaches every site. */
const EVERYWHERE = "*";

/** Whether whoever has a role may do what another may. */
function reaches(held: Role, wanted: Role): boolean {
  return held === wanted || (wanted === "viewer" && held !== "auditor") || (wanted === "operator" && held === "administrator");
}

const root = document.getElementById("page");
if (root !== null) start(root);
