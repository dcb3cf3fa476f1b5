/** The addresses of the pages: what a view shows stands in its address, so that it can be shared. Pure. */

export type PageName = "now" | "place" | "alarms" | "camera" | "privacy";

/** A page and what it shows, as the parameters of its address. */
export interface Address {
  readonly page: PageName;
  readonly params: Readonly<Record<string, string>>;
}

const PATHS: Readonly<Record<PageName, string>> = {
  now: "/",
  place: "/place",
  alarms: "/alarms",
  camera: "/camera",
  privacy: "/privacy",
};

/** The page of a path and query; null where it is none of the dashboard's. */
export function addressOf(path: string, query: string): Address | null {
  const page = (Object.keys(PATHS) as PageName[]).find((name) => PATHS[name] === path);
  return page === undefined ? null : { page, params: Object.fromEntries(new URLSearchParams(query)) };
}

/** The path and query of a page; parameters that are empty are left out. */
export function hrefOf({ page, params }: Address): string {
  const query = new URLSearchParams(Object.entries(params).filter(([, value]) => value !== "")).toString();
  return query === "" ? PATHS[page] : `${PATHS[page]}?${query}`;
}
