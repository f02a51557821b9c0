import { config, find, title, type Nouns } from "../api/config";
import { causeText } from "../call/cause";
import { t } from "../i18n";
import { Section } from "../kit/Field";
import type { Noun } from "../noun/noun";

/** Who answers, in words. */
export function answers({ destination }: Nouns["inbound_route"]): string {
  switch (destination.type) {
    case "internal":
      return t(destination.strip > 0 ? "toInternalStrip" : "toInternal", { n: destination.strip });
    case "reject":
      return t("toReject", { cause: causeText(destination.cause) });
    default: {
      const thing = find(destination.type, destination.id);
      return thing ? title(destination.type, thing) : t("gone");
    }
  }
}

/** The trunk of a private exchange, when there is one. */
const exchange = () => config.trunk.value.find(({ kind }) => kind.type === "pri" && kind.private) ?? config.trunk.value[0];

const first = (noun: "extension" | "ring_group" | "service") => () => ({ id: config[noun].value[0]?.id ?? 0 });

export const inboundRoute: Noun<"inbound_route"> = {
  name: "inbound_route",
  path: "/inbound-routes",
  icon: "inbound",
  ordered: true,
  columns: [
    { name: t("inbound_route/name"), cell: (route) => route.name },
    { name: t("inbound_route/trunk"), cell: (route) => (route.trunk == null ? t("anyTrunk") : (find("trunk", route.trunk)?.name ?? t("gone"))) },
    { name: t("inbound_route/called"), mono: true, cell: (route) => route.called },
    { name: t("inbound_route/caller"), mono: true, cell: (route) => route.caller ?? t("anybody") },
    { name: t("inbound_route/destination"), cell: answers },
  ],
  blank: () => ({
    id: 0,
    name: "",
    trunk: null,
    called: "",
    caller: null,
    destination: config.extension.value[0] ? { type: "extension", id: config.extension.value[0].id } : { type: "reject", cause: 21 },
  }),
  form: (f) => {
    const { type } = f.value.destination;
    return (
      <>
        <Section title={t("inbound_route.which")} lede={t("inbound_route.whichWhy")}>
          {f.text("/name")}
          {f.text("/called", { mono: true, placeholder: "+44207946090X" })}
          {f.ref("/trunk", "trunk", t("anyTrunk"))}
          {f.text("/caller", { mono: true, optional: true, placeholder: t("anybody") })}
        </Section>
        <Section title={t("inbound_route.who")} lede={t("inbound_route.whoWhy")}>
          {f.variant("/destination", {
            extension: first("extension"),
            ring_group: first("ring_group"),
            service: first("service"),
            internal: () => ({ strip: 0 }),
            trunk: () => ({ id: exchange()?.id ?? 0, strip: 0 }),
            reject: () => ({ cause: 21 }),
          })}
          {(type === "extension" || type === "ring_group" || type === "service" || type === "trunk") && f.ref("/destination/id", type)}
          {(type === "internal" || type === "trunk") && f.number("/destination/strip", 0, 20, t("digits"))}
          {type === "reject" && f.cause("/destination/cause")}
        </Section>
      </>
    );
  },
};
