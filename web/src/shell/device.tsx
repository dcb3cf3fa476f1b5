/** The dialogue that shows a one-time sign-in link for another device. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { formatsOf } from "../core/numbers.ts";
import type { App } from "./app.ts";
import { say } from "./words.ts";

export function DeviceDialog({ app, onClose }: { app: App; onClose: () => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const [link, setLink] = useState({ url: "", untilS: 0 });
  const [said, setSaid] = useState("");
  useEffect(() => {
    dialog.current?.showModal();
    app.hub.ask<{ url: string; expires_s: number }>("POST", "/api/v1/sign-in-codes").then(
      ({ url, expires_s }) => setLink({ url: new URL(url, location.href).href, untilS: app.hub.clock.nowS() + expires_s }),
      (error: unknown) => { dialog.current?.close(); app.failed(error); },
    );
  }, []);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(link.url).then(() => setSaid(say("copied")), () => undefined);
  };
  return (
    <dialog class="device" aria-labelledby="device-title" ref={dialog} onClose={onClose}>
      <h2 id="device-title">{say("device")}</h2>
      <p>{say("deviceHow")}</p>
      <input type="text" readOnly aria-label={say("device")} spellcheck={false} value={link.url} onFocus={(event) => event.currentTarget.select()} />
      {link.url !== "" && <p class="label">{say("linkUntil", { time: formatsOf().clock(link.untilS, app.hub.clock.nowS()) })}</p>}
      <div class="buttons">
        <button type="button" class="strong" disabled={link.url === ""} onClick={() => void copy()}>{say("copyLink")}</button>
        <button type="button" onClick={() => dialog.current?.close()}>{say("close")}</button>
      </div>
      <p class="label" role="status">{said}</p>
    </dialog>
  );
}
