import type { Schemas } from "../api/client";
import { find, title, type NounName } from "../api/config";
import { maybe, t, type Key } from "../i18n";

type Change = Schemas["ConfigChange"];

const nounOf: Record<string, NounName> = {
  lines: "line",
  spans: "span",
  trunks: "trunk",
  devices: "device",
  extensions: "extension",
  ring_groups: "ring_group",
  services: "service",
  inbound_routes: "inbound_route",
  outbound_routes: "outbound_route",
};

/** A difference of the configuration in words: `Trunk Telco: order of use, from … to …`. */
export function sentence({ path, before, after }: Change): string {
  const [list = "", step, ...rest] = path.split("/").slice(1);
  const noun = nounOf[list];
  if (list === "system") return changed(t("system.title"), label("system", [step, ...rest]), before, after);
  if (!noun) return changed("", path.slice(1), before, after);
  if (step === "order") return t("change.order", { what: t(`${noun}.many` as Key) });
  const id = Number(step?.replace("id=", ""));
  const whole = (after ?? before) as { name?: string } | undefined;
  if (rest.length === 0 && (before == null || after == null)) {
    return t(before == null ? "change.added" : "change.deleted", { what: t(`${noun}.one` as Key), name: whole?.name ?? String(id) });
  }
  const thing = find(noun, id);
  return changed(`${t(`${noun}.one` as Key)} ${thing ? title(noun, thing) : id}`, label(noun, rest), before, after);
}

/** The name that the form gives to a place, or the nearest part of it that has one. */
function label(noun: string, steps: (string | undefined)[]): string {
  for (let length = steps.length; length > 0; length--) {
    const words = maybe(`${noun}/${steps.slice(0, length).join("/")}`);
    if (words) return words;
  }
  return steps.join(" ");
}

const changed = (what: string, field: string, before: unknown, after: unknown): string =>
  t("change.field", { what: what ? `${what}: ` : "", field: field.charAt(0).toLowerCase() + field.slice(1), before: value(before), after: value(after) });

function value(part: unknown): string {
  if (part === null || part === undefined || part === "") return t("change.nothing");
  if (typeof part === "boolean") return t(part ? "change.on" : "change.off");
  if (Array.isArray(part)) return part.length > 0 ? part.map(value).join(", ") : t("change.nothing");
  if (typeof part === "object") return Object.values(part).map(value).join(" ");
  return String(part);
}
