import { answer, api } from "../api/client";
import { match, retried } from "../api/write";
import type { Nouns } from "../api/config";
import { written } from "../noun/pointer";
import { tell } from "../shell/tell";
import { configured, placeOf, type Setting, type Subject } from "./setting";

/** Gives a setting to the admin, or back to the autopilot. */
export function pin(subject: Subject, setting: Setting, on: boolean): Promise<boolean> {
  return amend(subject, (thing) => ({ ...thing, pinned: withPin(thing.pinned, setting, on) }));
}

/** Sets a setting and pins it: the autopilot leaves it alone from now on. */
export function choose(subject: Subject, setting: Setting, value: string): Promise<boolean> {
  const at = placeOf(subject, setting)?.at;
  if (!at) return Promise.resolve(false);
  const part = setting === "timing" ? Number(value) : setting === "overlap" ? value === "true" : value;
  return amend(subject, (thing) => written({ ...thing, pinned: withPin(thing.pinned, setting, true) }, at, part));
}

export const withPin = (pinned: readonly Setting[] | undefined, setting: Setting, on: boolean): Setting[] => [...(pinned ?? []).filter((other) => other !== setting), ...(on ? [setting] : [])];

type Thing = Nouns["span"] | Nouns["line"];

async function amend(subject: Subject, change: <T extends Thing>(thing: T) => T): Promise<boolean> {
  const work = () => {
    const found = configured(subject);
    const params = { path: { id: found?.thing.id ?? 0 }, header: match() };
    return found?.noun === "span"
      ? answer(api.PUT("/api/spans/{id}", { params, body: change(found.thing) }))
      : answer(api.PUT("/api/lines/{id}", { params, body: change(found!.thing as Nouns["line"]) }) as never);
  };
  return tell(retried(work));
}
