/** What every page is given: the hub, where to go, and what to do when something fails. */

import type { Address } from "../core/addresses.ts";
import type { Hub } from "../core/hub.ts";
import type { Connection } from "../core/stream.ts";

export interface Me {
  readonly name: string;
  readonly kind: string;
  readonly grants: readonly { readonly role: Role; readonly site: string }[];
}
export type Role = "viewer" | "operator" | "administrator" | "auditor";

export interface SiteFacts {
  readonly name: string;
  readonly tick_s: number;
  readonly version: string;
  readonly budget: {
    readonly mechanism: string;
    readonly rho_per_day: number | null;
    readonly epsilon_per_day: number | null;
    readonly passage_counters: number;
    readonly pieces: number;
    readonly shares: Readonly<Record<"speed_now" | "dwell" | "heat", number>>;
  };
}

export interface App {
  readonly hub: Hub;
  /** Open a page; with `replace` the one before is not gone back to, as when a view is only moved. */
  go(address: Address, replace?: boolean): void;
  /** Tell the person something, which a screen reader reads out. An empty text takes it away. */
  say(text: string): void;
  /** A promise failed: says so in the reader's language, asks to sign in again where the session has ended. */
  failed(error: unknown): void;
  /** The state of the page's live stream, which the header shows. */
  connection(state: Connection): void;
  /** Run something each time the person has signed in again; gives how to stop that. */
  onReturn(then: () => void): () => void;
  /** Who is signed in; null until that is known. */
  me(): Me | null;
  /** Whether somebody may do at a site what a role may; an empty site is every site, and any of them where none is told. */
  may(role: Role, site?: string): boolean;
  site(): Promise<SiteFacts>;
}

export interface PageProps {
  readonly app: App;
  /** The parameters of the address. */
  readonly params: Readonly<Record<string, string>>;
}
