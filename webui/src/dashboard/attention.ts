import { config, find } from "../api/config";
import { showList, t, word } from "../i18n";
import { cards } from "../live/ports";
import { live } from "../live/store";

/** A card that could work, but does not. */
const broken = ["not_driven", "firmware_missing", "gone"];

/** What needs a person: nothing when all is well. */
export function attention(): { href: string; text: string }[] {
  const { spans, lines, trunks } = live.value;
  return [
    ...(cards.value ?? []).flatMap(({ model, state }) => (broken.includes(state.state) ? [{ href: "/hardware", text: `${model}: ${word("card", state.state)}` }] : [])),
    ...spans.flatMap((span) => {
      const configured = find("span", span.span);
      if (!configured?.enabled || (span.alarms.length === 0 && span.d_channel_up)) return [];
      const why = span.alarms.length > 0 ? showList(span.alarms.map((alarm) => word("alarm", alarm))) : t("dChannelDown");
      return [{ href: `/spans/${span.span}`, text: `${configured.name}: ${why}` }];
    }),
    ...lines.flatMap((line) => {
      const configured = find("line", line.line);
      return configured && line.state === "down" ? [{ href: `/lines/${configured.id}`, text: t("lineUnplugged", { name: configured.name }) }] : [];
    }),
    ...config.trunk.value.flatMap((trunk) => {
      const state = trunks.find((state) => state.trunk === trunk.id);
      return trunk.enabled && state && !state.up ? [{ href: `/trunks/${trunk.id}`, text: `${trunk.name}: ${state.reason ?? t("notUp")}` }] : [];
    }),
  ];
}
