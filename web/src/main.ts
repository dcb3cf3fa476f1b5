import "uplot/dist/uPlot.min.css";
import { Hub, SessionEnded } from "./api.ts";
import { Live } from "./live.ts";
import { DeviceDialog, failureSentence } from "./view/device.ts";
import { PageView } from "./view/page.ts";

const REDRAW_MS = 5000;

function start(root: HTMLElement): void {
  const hub = new Hub();
  const page = new PageView(root);
  const dialog = new DeviceDialog();
  root.append(dialog.element);

  let drawing = false;
  const draw = (): void => {
    if (drawing) return;
    drawing = true;
    requestAnimationFrame(() => {
      drawing = false;
      page.update(live.state, hub.clock.nowS());
    });
  };
  const live = new Live(hub, draw);

  const pressed = (button: HTMLButtonElement, act: () => Promise<void>): void => {
    let busy = false;
    button.addEventListener("click", () => {
      if (busy) return;
      busy = true;
      page.say("");
      act()
        .catch((error: unknown) => {
          if (error instanceof SessionEnded) location.assign("/sign-in");
          else page.say(failureSentence(error));
        })
        .finally(() => {
          busy = false;
        });
    });
  };
  pressed(page.deviceButton, async () => {
    dialog.show(await hub.signInCode(), hub.clock.nowS());
  });
  pressed(page.signOutButton, async () => {
    await hub.signOut();
    location.assign("/sign-in");
  });

  const look = (): void => {
    live.check();
    draw();
  };
  setInterval(look, REDRAW_MS);
  document.addEventListener("visibilitychange", look);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    page.redrawAfresh();
  });
  live.start();
  draw();
}

const root = document.getElementById("page");
if (root !== null) start(root);
