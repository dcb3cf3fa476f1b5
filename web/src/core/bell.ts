/** What calls somebody when an alarm begins to ring: a tone and a notification of the browser, both off until they are switched on. */

export interface BellChoice {
  readonly sound: boolean;
  readonly notify: boolean;
}

interface Rings {
  readonly name: string;
  readonly state: string;
}

const SOUND_AS = "throng-bell-sound";
const NOTIFY_AS = "throng-bell-notify";
const TONES_HZ = [880, 660, 880];

/** The names of the alarms that ring. */
export function ringingOf(alarms: Iterable<Rings>): Set<string> {
  return new Set([...alarms].filter(({ state }) => state === "ringing").map(({ name }) => name));
}

/** The alarms that ring and did not before; none where nothing was known before, as when the page has just been opened. */
export function begunOf<Alarm extends Rings>(before: ReadonlySet<string> | null, alarms: Iterable<Alarm>): readonly Alarm[] {
  return before === null ? [] : [...alarms].filter(({ name, state }) => state === "ringing" && !before.has(name));
}

export class Bell {
  #context: AudioContext | null = null;
  choice: BellChoice = { sound: kept(SOUND_AS), notify: kept(NOTIFY_AS) && allowed() };

  /** Switch the tone on or off; on is heard at once. Call it from a click: browsers allow no sound before one. */
  setSound(on: boolean): void {
    this.choice = { ...this.choice, sound: on };
    localStorage.setItem(SOUND_AS, on ? "1" : "");
    if (on) void this.#sound();
  }

  /** Switch notifications on or off; gives whether the browser lets them be on. */
  async setNotify(on: boolean): Promise<boolean> {
    const may = !on || (typeof Notification !== "undefined" && (await Notification.requestPermission()) === "granted");
    this.choice = { ...this.choice, notify: on && may };
    localStorage.setItem(NOTIFY_AS, on && may ? "1" : "");
    return may;
  }

  /** Call somebody; a second notification of the same `tag` takes the first one's place. */
  ring(title: string, text: string, tag: string): void {
    if (this.choice.sound) void this.#sound();
    if (!this.choice.notify || !allowed()) return;
    try {
      new Notification(title, { body: text, tag });
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // a phone's browser shows none from a page
    }
  }

  /** Whether the tone is on but the browser keeps it silent until somebody clicks on the page. */
  async isSilenced(): Promise<boolean> {
    if (!this.choice.sound) return false;
    const context = this.#opened();
    if (context.state !== "running") await Promise.race([context.resume(), new Promise((done) => setTimeout(done, 300))]);
    return context.state !== "running";
  }

  async close(): Promise<void> {
    await this.#context?.close();
    this.#context = null;
  }

  #opened(): AudioContext {
    return (this.#context ??= new AudioContext());
  }

  async #sound(): Promise<void> {
    if (await this.isSilenced()) return;
    const context = this.#opened();
    TONES_HZ.forEach((pitch, i) => {
      const startS = context.currentTime + 0.22 * i;
      const tone = new OscillatorNode(context, { frequency: pitch });
      const loudness = new GainNode(context, { gain: 0 });
      // Swelling and fading, as a tone that is cut off clicks.
      loudness.gain.setValueAtTime(0, startS);
      loudness.gain.linearRampToValueAtTime(0.2, startS + 0.02);
      loudness.gain.linearRampToValueAtTime(0, startS + 0.2);
      tone.connect(loudness).connect(context.destination);
      tone.start(startS);
      tone.stop(startS + 0.2);
    });
  }
}

function kept(name: string): boolean {
  return localStorage.getItem(name) === "1";
}

function allowed(): boolean {
  return typeof Notification !== "undefined" && Notification.permission === "granted";
}
