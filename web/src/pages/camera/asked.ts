/** What a view asks the hub for when it opens, and again when its reader has signed in again. */

import { useEffect, useState } from "preact/hooks";
import { Refused } from "../../core/hub.ts";
import type { App } from "../../shell/app.ts";

/** An answer, null until it is there, and how to put another in its place. `ask` is run anew when one of `on` changes. */
export function useAsked<Value>(app: App, ask: () => Promise<Value>, on: readonly unknown[] = []): [Value | null, (value: Value) => void] {
  const [value, setValue] = useState<Value | null>(null);
  useEffect(() => {
    let isOver = false;
    const load = (): void => void ask().then((answer) => { if (!isOver) setValue(() => answer); }, (error: unknown) => { if (!isOver) app.failed(error); });
    load();
    const forget = app.onReturn(load);
    return () => { isOver = true; forget(); };
  }, on);
  return [value, (next) => setValue(() => next)];
}

/** An answer, or another value where the hub has none of it or does not know the question. */
export async function orElse<Value>(answer: Promise<Value>, missing: Value): Promise<Value> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Refused && (error.status === 404 || error.status === 405)) return missing;
    throw error;
  }
}

/** Ask whether to leave while something typed is not saved yet. */
export function useUnsaved(isUnsaved: boolean): void {
  useEffect(() => {
    if (!isUnsaved) return undefined;
    const stay = (event: BeforeUnloadEvent): void => event.preventDefault();
    addEventListener("beforeunload", stay);
    return () => removeEventListener("beforeunload", stay);
  }, [isUnsaved]);
}
