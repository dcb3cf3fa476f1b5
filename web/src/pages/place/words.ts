/** The words of the page of a place. */

import { type Words, speaker } from "../../core/language.ts";
import { de, en, nl } from "./words_north.ts";
import { es, fr, zh } from "./words_south.ts";

const words = { en, de, nl, fr, es, zh } as const satisfies Words<keyof typeof en>;

export type Key = keyof typeof en;
export const say = speaker<Key>(words);
