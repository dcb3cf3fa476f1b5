/** The form of an outlet: what was typed, what is wrong with it, and what is sent. A secret is written and never read. Pure. */

import { isName, nameOf } from "./draft.ts";
import { type Severity, SEVERITIES, secondsOf } from "./model.ts";

export type Kind = "webhook" | "email" | "mqtt";
export const KINDS: readonly Kind[] = ["webhook", "email", "mqtt"];
export type Encryption = "starttls" | "tls";

/** An outlet as the hub tells it, and how it does. */
export interface Outlet {
  readonly name: string;
  readonly kind: Kind;
  readonly severities: readonly Severity[];
  /** None: of all sites. */
  readonly sites: readonly string[];
  readonly host: string;
  readonly port: number;
  readonly encryption: string;
  readonly user: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly hasAuthority: boolean;
  readonly version: number;
  readonly waiting: number;
  readonly sentS: number | null;
  readonly failedS: number | null;
  readonly failure: string;
}

export interface OutletDraft {
  readonly name: string;
  readonly kind: Kind;
  readonly severities: readonly Severity[];
  readonly sites: readonly string[];
  readonly url: string;
  readonly secret: string;
  readonly host: string;
  readonly port: string;
  readonly encryption: Encryption;
  readonly user: string;
  readonly password: string;
  readonly from: string;
  /** With commas between them. */
  readonly to: string;
  readonly authority: string;
  /** 0 for a new one. */
  readonly version: number;
}

export type OutletMistake = "nameMissing" | "nameWrong" | "severityMissing" | "urlWrong" | "secretShort" | "hostMissing" | "portWrong" | "fromWrong" | "toWrong";
export type OutletMistakes = Readonly<Partial<Record<"name" | "severities" | "url" | "secret" | "host" | "port" | "from" | "to", OutletMistake>>>;

export const NEW_OUTLET: OutletDraft = {
  name: "", kind: "webhook", severities: ["danger", "warning"], sites: [], url: "", secret: "", host: "", port: "", encryption: "starttls",
  user: "", password: "", from: "", to: "", authority: "", version: 0,
};

const SHORTEST_SECRET = 16;

type Told = Omit<Outlet, "hasAuthority" | "sentS" | "failedS"> & { readonly has_authority: boolean; readonly sent: string | null; readonly failed: string | null };

export function outletsOf(wire: unknown): readonly Outlet[] {
  return (wire as readonly Told[]).map(({ has_authority: hasAuthority, sent, failed, ...outlet }) => (
    { ...outlet, hasAuthority, sentS: sent === null ? null : secondsOf(sent), failedS: failed === null ? null : secondsOf(failed) }
  ));
}

/** An outlet to be changed: its secrets are not known here, and stay as they are where none is typed. */
export function outletDraftOf({ name, kind, severities, sites, host, port, encryption, user, from, to, version }: Outlet): OutletDraft {
  const known = { name, kind, severities, sites, host, user, from, version };
  return { ...NEW_OUTLET, ...known, port: String(port), encryption: encryption === "tls" ? "tls" : "starttls", to: to.join(", ") };
}

export function outletMistakesOf(draft: OutletDraft): OutletMistakes {
  const { kind, version, url, secret, port } = draft;
  const isHook = kind === "webhook";
  const isMail = kind === "email";
  const found: { -readonly [Field in keyof OutletMistakes]: OutletMistake | false } = {
    name: nameOf(draft.name) === "" ? "nameMissing" : !isName(nameOf(draft.name)) && "nameWrong",
    severities: draft.severities.length === 0 && "severityMissing",
    url: isHook && (version === 0 || url.trim() !== "") && !/^https?:\/\/[!-~]+$/i.test(url.trim()) && "urlWrong",
    secret: isHook && (version === 0 || secret !== "") && secret.length < SHORTEST_SECRET && "secretShort",
    host: !isHook && draft.host.trim() === "" && "hostMissing",
    port: !isHook && port.trim() !== "" && !isPort(port.trim()) && "portWrong",
    from: isMail && !isMailbox(draft.from.trim()) && "fromWrong",
    to: isMail && (mailboxesOf(draft.to).length === 0 || !mailboxesOf(draft.to).every(isMailbox)) && "toWrong",
  };
  return Object.fromEntries(Object.entries(found).filter(([, mistake]) => mistake !== false));
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535;
}

function isMailbox(text: string): boolean {
  return /^[^\s@]+@[^\s@]+$/.test(text);
}

function mailboxesOf(text: string): readonly string[] {
  return text.split(/[,;\s]+/).filter((each) => each !== "");
}

/** What is sent of a draft without mistakes: what its kind has, and no secret that was not typed. */
export function outletBodyOf(draft: OutletDraft): Readonly<Record<string, unknown>> {
  const { kind, severities, sites, version } = draft;
  const typed = (entries: Readonly<Record<string, string>>): Record<string, string> => Object.fromEntries(Object.entries(entries).filter(([, text]) => text !== ""));
  const common = {
    version, kind, severities: SEVERITIES.filter((each) => severities.includes(each)), sites, ...typed({ authority: draft.authority.trim() }),
  };
  if (kind === "webhook") return { ...common, ...typed({ url: draft.url.trim(), secret: draft.secret }) };
  const port = draft.port.trim();
  const server = { ...common, host: draft.host.trim(), ...(port === "" ? {} : { port: Number(port) }), ...typed({ user: draft.user.trim(), password: draft.password }) };
  return kind === "mqtt" ? server : { ...server, encryption: draft.encryption, from: draft.from.trim(), to: mailboxesOf(draft.to) };
}
