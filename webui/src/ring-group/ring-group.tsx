import { find, title } from "../api/config";
import { showList, t, word } from "../i18n";
import { Section } from "../kit/Field";
import { freeNumber } from "../extension/extension";
import type { Noun } from "../noun/noun";

export const ringGroup: Noun<"ring_group"> = {
  name: "ring_group",
  path: "/ring-groups",
  icon: "group",
  columns: [
    { name: t("ring_group/number"), mono: true, tight: true, cell: (group) => group.number },
    { name: t("ring_group/name"), cell: (group) => group.name },
    {
      name: t("ring_group/extensions"),
      cell: (group) =>
        showList(group.extensions.map((id) => {
          const extension = find("extension", id);
          return extension ? title("extension", extension) : `${id}`;
        })) || t("nobody"),
    },
    { name: t("ring_group/strategy"), cell: (group) => word("ring_group/strategy", group.strategy) },
  ],
  blank: () => ({ id: 0, number: freeNumber(), name: "", extensions: [], strategy: "all", each_s: 15 }),
  form: (f) => (
    <>
      <Section title={t("ring_group.who")}>
        {f.text("/number", { mono: true })}
        {f.text("/name")}
      </Section>
      <Section title={t("ring_group.rings")} lede={t("ring_group.ringsWhy")}>
        {f.choice("/strategy", ["all", "in_order"], { cards: true })}
        {f.value.strategy === "in_order" && f.number("/each_s", 5, 120, t("seconds"))}
        {f.refs("/extensions", "extension", f.value.strategy === "in_order")}
      </Section>
    </>
  ),
};
