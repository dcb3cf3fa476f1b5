/** Asking the hub: what went wrong in words that a page can show, and the hub's clock. */

/** The hub answered that nobody is signed in. */
export class SessionEnded extends Error {}

/** The hub could not be reached, or its answer broke off. */
export class HubAway extends Error {}

/** The hub refused, and says why in one sentence. */
export class Refused extends Error {
  readonly status: number;

  constructor(status: number, sentence: string) {
    super(sentence);
    this.status = status;
  }
}

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Longer than the hub takes for anything, such as to try whether a mail server answers. */
const TIMEOUT_MS = 30_000;

/** The hub's clock as far as this machine can tell: its own may be wrong. */
export class HubClock {
  #aheadS = 0;

  /** Unix time on the hub's clock. */
  nowS(): number {
    return Date.now() / 1000 + this.#aheadS;
  }

  /** Take over the hub's time from the date of an answer, which is exact to a second. */
  setFrom(date: string | null): void {
    const hubMs = date === null ? Number.NaN : Date.parse(date);
    if (!Number.isFinite(hubMs)) return;
    const aheadS = (hubMs + 500 - Date.now()) / 1000;
    this.#aheadS = Math.abs(aheadS) < 2 ? 0 : aheadS;
  }
}

export class Hub {
  readonly clock = new HubClock();

  /**
   * The hub's answer as JSON; null where it has none.
   *
   * Throws `SessionEnded`, `HubAway`, or `Refused` with the hub's own sentence.
   */
  async ask<Wire>(method: Method, path: string, query: Readonly<Record<string, string>> = {}, body?: unknown): Promise<Wire> {
    const answer = await this.fetch(method, withQuery(path, query), body === undefined ? null : JSON.stringify(body), "application/json");
    if (answer.status === 204) return null as Wire;
    try {
      return (await answer.json()) as Wire;
    } catch {
      throw new HubAway("the hub's answer broke off");
    }
  }

  /** The hub's answer of any kind, once it is a good one. */
  async fetch(method: Method, path: string, body: BodyInit | null = null, type = ""): Promise<Response> {
    let answer: Response;
    try {
      const headers: Record<string, string> = body === null || type === "" ? {} : { "content-type": type };
      answer = await fetch(path, { method, body, headers, redirect: "manual", signal: AbortSignal.timeout(TIMEOUT_MS) });
    } catch {
      throw new HubAway("the hub does not answer");
    }
    this.clock.setFrom(answer.headers.get("date"));
    if (answer.status === 401) throw new SessionEnded("the session has ended");
    if (answer.status >= 500 && answer.status !== 503) throw new HubAway(`the hub answered ${answer.status}`);
    if (!answer.ok) throw new Refused(answer.status, await sentenceOf(answer));
    return answer;
  }
}

export function withQuery(path: string, query: Readonly<Record<string, string>>): string {
  const told = new URLSearchParams(query).toString();
  return told === "" ? path : `${path}?${told}`;
}

/** The hub's reason: its `detail`, which of a wrong form is a list. */
async function sentenceOf(answer: Response): Promise<string> {
  try {
    const { detail } = (await answer.json()) as { detail?: unknown };
    if (typeof detail === "string") return detail;
    if (Array.isArray(detail)) return detail.map((each: { msg?: string }) => each.msg ?? "").join("; ");
  } catch {
    // Not JSON: the status has to do.
  }
  return `the hub answered ${answer.status}`;
}
