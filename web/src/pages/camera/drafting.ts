/** Something of a camera that is edited: undone and redone, kept in the page until it is saved, and saved beside what others do. */

import { useState } from "preact/hooks";
import { Refused } from "../../core/hub.ts";
import type { App } from "../../shell/app.ts";
import type { Draft } from "./drafts.ts";
import { begun, edited, redone, undone } from "./shapes.ts";
import { type Registered, registryPath } from "./wire.ts";

export interface Drafted<Value> {
  /** The camera as it was looked at. */
  readonly base: Registered;
  readonly value: Value;
  readonly isChanged: boolean;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  edit(next: Value, key?: string): void;
  undo(): void;
  redo(): void;
  /** Begin anew from a camera as it is now. */
  begin(camera: Registered): void;
}

/** A draft of what `read` finds in a camera; one that was left unsaved in `kept` is gone on with. */
export function useDraft<Value>(kept: Map<string, Draft<Value>>, camera: Registered, read: (camera: Registered) => Value): Drafted<Value> {
  const differs = ({ base, history }: Draft<Value>): boolean => JSON.stringify(history.now) !== JSON.stringify(read(base));
  const [draft, setDraft] = useState<Draft<Value>>(() => {
    const left = kept.get(camera.name);
    return left !== undefined && differs(left) ? left : { base: camera, history: begun(read(camera)) };
  });
  const { base, history } = draft;
  const put = (next: Draft<Value>): void => {
    kept.set(camera.name, next);
    setDraft(next);
  };
  return {
    base,
    value: history.now,
    isChanged: differs(draft),
    canUndo: history.past.length > 0,
    canRedo: history.future.length > 0,
    edit: (next, key = "") => put({ base, history: edited(history, next, key) }),
    undo: () => put({ base, history: undone(history) }),
    redo: () => put({ base, history: redone(history) }),
    begin: (from) => put({ base: from, history: begun(read(from)) }),
  };
}

export type Changed = Readonly<Record<string, unknown>>;

interface Meanwhile {
  onSaved(camera: Registered): void;
  /** Somebody else changed the camera: what to save on top without asking, or null where somebody must choose. */
  meanwhile(theirs: Registered): Changed | null;
}

export interface Saving {
  readonly isBusy: boolean;
  /** The hub's sentence why not; empty where there is none. */
  readonly wrong: string;
  save(from: Registered, changed: Changed): Promise<void>;
}

/** Saving parts of a camera. Nothing of somebody else is overwritten, and nothing of one's own is lost, when both save. */
export function useSaving(app: App, name: string, { onSaved, meanwhile }: Meanwhile): Saving {
  const [isBusy, setBusy] = useState(false);
  const [wrong, setWrong] = useState("");
  const send = async (from: Registered, changed: Changed): Promise<void> => {
    try {
      onSaved(await app.hub.ask<Registered>("PATCH", registryPath(name), {}, { version: from.version, ...changed }));
    } catch (error) {
      if (!(error instanceof Refused) || error.status === 403) throw error;
      const theirs = error.status === 409 ? await app.hub.ask<Registered>("GET", registryPath(name)) : from;
      if (theirs.version === from.version) return setWrong(error.message);
      const again = meanwhile(theirs);
      if (again !== null) await send(theirs, again);
    }
  };
  const save = async (from: Registered, changed: Changed): Promise<void> => {
    setBusy(true);
    setWrong("");
    await send(from, changed).catch(app.failed);
    setBusy(false);
  };
  return { isBusy, wrong, save };
}
