import type { Schemas } from "../api/client";
import { config, find, type Nouns } from "../api/config";
import { t, word, type Key } from "../i18n";
import { place } from "../live/ports";
import { read } from "../noun/pointer";
import { countryName } from "../system/countries";

export type Finding = Schemas["Finding"];
export type Setting = Schemas["Setting"];
export type Subject = Schemas["Subject"];

/** Where the configuration keeps what the autopilot finds out, and what can be chosen there. */
interface Place {
  at: string;
  values?: readonly string[];
}

export const ofSpan: Partial<Record<Setting, Place>> = {
  line_mode: { at: "/line_mode", values: ["e1", "t1"] },
  framing: { at: "/framing", values: ["crc4", "basic", "esf", "d4"] },
  line_code: { at: "/line_code", values: ["hdb3", "b8zs", "ami"] },
  timing: { at: "/timing", values: ["0", "1", "2", "3", "4"] },
  signalling: { at: "/signalling/type", values: ["isdn", "r2", "e_and_m"] },
  side: { at: "/side", values: ["user", "network"] },
  dialect: { at: "/dialect", values: ["euro_isdn", "ni2", "ni1", "att5ess", "att4ess", "dms100", "qsig"] },
  overlap: { at: "/overlap", values: ["true", "false"] },
};

export const ofLine: Partial<Record<Setting, Place>> = {
  answer: { at: "/answer", values: ["polarity", "voice", "after_dialling"] },
  caller_id: { at: "/caller_id", values: ["bell202", "v23", "v23_japan", "dtmf"] },
  caller_id_start: { at: "/caller_id_start", values: ["after_polarity", "after_first_ring", "before_ring"] },
  hangup_tone: { at: "/hangup_tone" },
};

/** The span or line of the configuration that a finding is about. */
export function configured(subject: Subject): { noun: "span"; thing: Nouns["span"] } | { noun: "line"; thing: Nouns["line"] } | undefined {
  if (subject.subject === "span") {
    const thing = find("span", subject.span);
    return thing && { noun: "span", thing };
  }
  const thing = config.line.value.find((line) => place(line.channel) === place(subject.channel));
  return thing && { noun: "line", thing };
}

export const placeOf = (subject: Subject, setting: Setting): Place | undefined => (subject.subject === "span" ? ofSpan : ofLine)[setting];

/** What is configured, as a finding would write it; none when nothing is. */
export function valueInForce(subject: Subject, setting: Setting): string | undefined {
  const at = placeOf(subject, setting)?.at;
  const found = configured(subject);
  const value = at && found ? read(found.thing, at) : undefined;
  return value == null || typeof value === "object" ? undefined : String(value);
}

/** A value in words. */
export function valueWords(setting: Setting, value: string): string {
  switch (setting) {
    case "timing":
      return value === "0" ? t("clockOurs") : t("clockSource", { n: value });
    case "country":
      return countryName(value);
    case "hangup_tone":
      return value === "country" ? t("asCountry") : toneWords(value);
    case "overlap":
    case "battery":
    case "dial_tone":
      return t(value === "true" ? "yes" : "no");
    case "answer":
    case "caller_id":
    case "caller_id_start":
      return word(`line/${setting}`, value);
    case "signalling":
      return word("span/signalling", value);
    case "line_mode":
    case "framing":
    case "line_code":
    case "side":
    case "dialect":
      return word(`span/${setting}`, value);
    default:
      return word(`setting/${setting}`, value);
  }
}

/** `425+0 480,480` as people say it. */
function toneWords(value: string): string {
  const [, f1, f2, on, off] = value.match(/^(\d+)\+(\d+) (\d+),(\d+)$/) ?? [];
  if (!f1) return value;
  return t("toneWords", { pitch: f2 === "0" ? f1 : `${f1} + ${f2}`, on: on ?? "", off: off ?? "" });
}

export const settingName = (setting: Setting): string => t(`setting=${setting}` as Key);
