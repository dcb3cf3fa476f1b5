/** Which language the reader reads, and the words of a page in it. Each page brings its own words, in all six. */

export const LANGUAGES = ["en", "de", "nl", "fr", "es", "zh"] as const;
export type Language = (typeof LANGUAGES)[number];

/** A phrase with {names} in it, or one for each grammatical number, chosen by the value called `count`. */
export type Phrase = string | { readonly one: string; readonly other: string };
export type Words<Key extends string> = Readonly<Record<Language, Readonly<Record<Key, Phrase>>>>;
export type Values = Readonly<Record<string, string | number>>;
export type Say<Key extends string> = (key: Key, values?: Values) => string;

const KEPT_AS = "throng-language";

/** The first language of a list that there is, as "de-AT" is German; English where none is. */
export function chosenOf(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const found = LANGUAGES.find((language) => tag.toLowerCase().split("-")[0] === language);
    if (found !== undefined) return found;
  }
  return "en";
}

/** What says the phrases of some words in a language. Numbers among the values are written as the language writes them. */
export function speaker<Key extends string>(words: Words<Key>, language: Language = reading()): Say<Key> {
  const own = words[language];
  const plural = new Intl.PluralRules(language);
  const number = new Intl.NumberFormat(localeOf(language), { maximumFractionDigits: 2 });
  return (key, values = {}) => {
    const phrase = own[key];
    const text = typeof phrase === "string" ? phrase : plural.select(Number(values["count"])) === "one" ? phrase.one : phrase.other;
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = values[name];
      return value === undefined ? whole : typeof value === "number" ? number.format(value) : value;
    });
  };
}

/** The locale for times and numbers: the reader's own variant of the language where he has one. */
export function localeOf(language: Language, wanted: readonly string[] = browserWants()): string {
  return wanted.find((tag) => tag.toLowerCase().split("-")[0] === language) ?? (language === "en" ? "en-GB" : language);
}

/** The language of this page, which is fixed until it is loaded anew. */
export function reading(): Language {
  return (current ??= chosenOf([kept(), ...browserWants()]));
}

/** Read another language from now on, here and on the server's own pages: the page must be loaded anew. */
export function keepLanguage(language: Language): void {
  document.cookie = `${KEPT_AS}=${language}; path=/; max-age=31536000; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
}

let current: Language | undefined;

function kept(): string {
  const cookies = typeof document === "undefined" ? "" : document.cookie;
  return cookies.split("; ").find((cookie) => cookie.startsWith(`${KEPT_AS}=`))?.slice(KEPT_AS.length + 1) ?? "";
}

function browserWants(): readonly string[] {
  return typeof navigator === "undefined" ? [] : (navigator.languages ?? []);
}
