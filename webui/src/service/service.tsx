import { t, word } from "../i18n";
import { Section } from "../kit/Field";
import type { Noun } from "../noun/noun";

export const service: Noun<"service"> = {
  name: "service",
  path: "/services",
  icon: "service",
  columns: [
    { name: t("service/number"), mono: true, tight: true, cell: (service) => service.number },
    { name: t("service/name"), cell: (service) => service.name },
    { name: t("service/kind"), cell: (service) => word("service/kind", service.kind.type) },
  ],
  blank: () => ({ id: 0, number: "", name: "", kind: { type: "echo" } }),
  form: (f) => {
    const { type } = f.value.kind;
    return (
      <>
        <Section title={t("service.who")}>
          {f.text("/number", { mono: true, placeholder: "*43" })}
          {f.text("/name")}
        </Section>
        <Section title={t("service.does")} lede={t("service.doesWhy")}>
          {f.variant("/kind", {
            echo: () => ({}),
            milliwatt: () => ({}),
            digit_readback: () => ({}),
            delayed_answer: () => ({ after_s: 5 }),
            no_answer: () => ({}),
            announcement: () => ({}),
            reject: () => ({ cause: 17 }),
            reject_by_number: () => ({ base: 200 }),
            call_back: () => ({ number: "", caller: { number: null, name: null, presentation: "allowed" } }),
          })}
          {type === "delayed_answer" && f.number("/kind/after_s", 1, 60, t("seconds"))}
          {type === "reject" && f.cause("/kind/cause")}
          {type === "reject_by_number" && f.number("/kind/base", 0, 999)}
          {type === "call_back" && (
            <>
              {f.text("/kind/number", { mono: true, tel: true })}
              {f.text("/kind/caller/number", { mono: true, tel: true, optional: true })}
              {f.text("/kind/caller/name", { optional: true })}
              {f.choice("/kind/caller/presentation", ["allowed", "restricted", "unavailable"])}
            </>
          )}
        </Section>
      </>
    );
  },
};
