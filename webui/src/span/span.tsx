import { SpanStrip } from "./SpanStrip";
import { live } from "../live/store";
import { t, word } from "../i18n";
import { Section } from "../kit/Field";
import type { Noun } from "../noun/noun";
import { SpanHealth } from "./SpanHealth";

const stateOf = (id: number) => live.value.spans.find((span) => span.span === id);

export const span: Noun<"span"> = {
  name: "span",
  path: "/spans",
  icon: "span",
  columns: [
    { name: t("span/name"), cell: (span) => span.name },
    { name: t("span/side"), cell: (span) => word("span/side", span.side) },
    { name: t("span/dialect"), cell: (span) => word("span/dialect", span.dialect) },
    { name: t("span/framing"), cell: (span) => `${word("span/framing", span.framing)}, ${word("span/line_code", span.line_code)}` },
    { name: t("now"), cell: (span) => (span.enabled ? <SpanHealth span={stateOf(span.id)} /> : t("switchedOff")) },
  ],
  state: (span) => <SpanHealth span={stateOf(span.id)} />,
  now: (span) => {
    const state = stateOf(span.id);
    return state && <SpanStrip span={state} />;
  },
  form: (f) => (
    <>
      <Section title={t("span.who")} lede={t("span.whoWhy")}>
        {f.text("/name")}
        {f.toggle("/enabled")}
      </Section>
      <Section title={t("span.isdn")} lede={t("span.isdnWhy")}>
        {f.choice("/side", ["user", "network"], { cards: true })}
        {f.choice("/dialect", ["euro_isdn", "ni2", "ni1", "att5ess", "att4ess", "dms100", "qsig"])}
        {f.toggle("/overlap")}
      </Section>
      <Section title={t("span.layer1")} lede={t("span.layer1Why")}>
        {f.choice("/framing", ["crc4", "basic", "esf", "d4"])}
        {f.choice("/line_code", ["hdb3", "b8zs", "ami"])}
        {f.number("/timing", 0, 15)}
      </Section>
    </>
  ),
};
