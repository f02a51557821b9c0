import { en } from "./en";

/** The name of a text. Every catalogue has them all. */
export type Key = keyof typeof en;
export type Catalogue = Record<Key, string>;

const catalogue: Catalogue = en;
export const locale = "en-GB";
const plural = new Intl.PluralRules(locale);

/** A text, with `{name}` filled in. `one|many` is chosen by the parameter `n`. */
export function t(key: Key, params: Record<string, string | number> = {}): string {
  let text = catalogue[key];
  if (typeof params.n === "number" && text.includes("|")) {
    const [one = "", many = ""] = text.split("|");
    text = plural.select(params.n) === "one" ? one : many;
  }
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(params[name] ?? ""));
}

/** A text that may be missing: hints, and names of values that a newer gateway may send. */
export function maybe(key: string): string | undefined {
  return (catalogue as Record<string, string>)[key];
}

/** The name of a value, or the value itself when it is new to us. */
export function word(prefix: string, value: string): string {
  return maybe(`${prefix}=${value}`) ?? value;
}

const dateTime = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium" });
const list = new Intl.ListFormat(locale, { type: "conjunction" });

export const showTime = (ms: number): string => dateTime.format(ms);
export const showList = (items: string[]): string => list.format(items);

/** `0:07`, `12:40`, `1:02:03`. */
export function showDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number) => String(n).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
