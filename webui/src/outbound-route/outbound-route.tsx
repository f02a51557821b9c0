import { config, find } from "../api/config";
import { showList, t, word } from "../i18n";
import { Section } from "../kit/Field";
import type { Noun } from "../noun/noun";

export const outboundRoute: Noun<"outbound_route"> = {
  name: "outbound_route",
  path: "/outbound-routes",
  icon: "outbound",
  ordered: true,
  columns: [
    { name: t("outbound_route/name"), cell: (route) => route.name },
    { name: t("outbound_route/patterns"), mono: true, cell: (route) => route.patterns.join("  ") },
    { name: t("outbound_route/trunks"), cell: (route) => showList(route.trunks.map((id) => find("trunk", id)?.name ?? t("gone"))) || t("nothing") },
    { name: t("outbound_route/format"), cell: (route) => word("outbound_route/format", route.format) },
  ],
  blank: () => ({
    id: 0,
    name: "",
    patterns: [],
    strip: 0,
    prepend: "",
    format: "as_dialled",
    trunks: config.trunk.value.map((trunk) => trunk.id),
    retry_causes: [34, 38, 41, 42, 44, 47],
    caller_id: { type: "extension" },
  }),
  form: (f) => (
    <>
      <Section title={t("outbound_route.which")} lede={t("outbound_route.whichWhy")}>
        {f.text("/name")}
        {f.texts("/patterns")}
      </Section>
      <Section title={t("outbound_route.number")} lede={t("outbound_route.numberWhy")}>
        <div class="two">
          {f.number("/strip", 0, 20, t("digits"))}
          {f.text("/prepend", { mono: true })}
        </div>
        {f.choice("/format", ["as_dialled", "national", "e164"], { cards: true })}
      </Section>
      <Section title={t("outbound_route.where")} lede={t("outbound_route.whereWhy")}>
        {f.refs("/trunks", "trunk")}
        {f.causes("/retry_causes")}
      </Section>
      <Section title={t("outbound_route.caller")} lede={t("outbound_route.callerWhy")}>
        {f.variant("/caller_id", { extension: () => ({}), fixed: () => ({ number: "" }), withhold: () => ({}) })}
        {f.value.caller_id.type === "fixed" && f.text("/caller_id/number", { mono: true, tel: true, placeholder: "+442079460900" })}
      </Section>
    </>
  ),
};
