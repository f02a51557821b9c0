import { t } from "../i18n";
import { Icon } from "../kit/Icon";
import type { Fields } from "../noun/fields";
import { differences } from "../noun/pointer";
import { withPin } from "./change";
import { ofLine, ofSpan, settingName, type Setting } from "./setting";
import "./finding.css";

interface Pinned {
  pinned?: Setting[];
}

const table = { span: ofSpan, line: ofLine };

/** The setting of the autopilot that a field of a form is. */
const settingAt = (noun: "span" | "line", at: string): Setting | undefined =>
  (Object.keys(table[noun]) as Setting[]).find((setting) => {
    const place = table[noun][setting]?.at;
    return place === at || place === `${at}/type`;
  });

/** Says beside a field whose it is, the autopilot's or the admin's, and changes that. */
export function Pin<N extends "span" | "line", T extends Pinned>({ f, at }: { f: Fields<N, T>; at: string }) {
  const setting = settingAt(f.noun, at);
  if (!setting) return null;
  const pinned = f.value.pinned?.includes(setting) === true;
  return (
    <button type="button" class="pin" aria-pressed={pinned} title={t(pinned ? "findings.unpinWhy" : "findings.pinWhy")} onClick={() => f.set("/pinned" as never, withPin(f.value.pinned, setting, !pinned))}>
      {pinned && <Icon name="pin" size={16} />}
      {t(pinned ? "findings.pinned" : "findings.auto")}
      <span class="unseen"> {settingName(setting)}</span>
    </button>
  );
}

/** What an admin changes by hand stays: the autopilot leaves it alone. */
export function pinChanged<T extends Pinned>(noun: "span" | "line", before: T, after: T): T {
  const settings = differences(before, after)
    .map((at) => settingAt(noun, `/${at.split("/")[1] ?? ""}`))
    .filter((setting) => setting !== undefined);
  // Who takes a pin away and changes the value as well wants it so.
  const fresh = settings.filter((setting) => !after.pinned?.includes(setting) && !before.pinned?.includes(setting));
  return fresh.length > 0 ? { ...after, pinned: [...(after.pinned ?? []), ...new Set(fresh)] } : after;
}
