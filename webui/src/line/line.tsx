import { live } from "../live/store";
import { LiveState } from "../live/LiveState";
import { freePorts, place } from "../live/ports";
import { t, word } from "../i18n";
import { Section } from "../kit/Field";
import type { Noun } from "../noun/noun";

const stateOf = (id: number) => live.value.lines.find((line) => line.line === id)?.state;

export const line: Noun<"line"> = {
  name: "line",
  path: "/lines",
  icon: "line",
  columns: [
    { name: t("line/name"), cell: (line) => line.name },
    { name: t("line/channel"), mono: true, cell: (line) => place(line.channel) },
    { name: t("line/number"), mono: true, cell: (line) => line.number || "–" },
    { name: t("line/answer"), cell: (line) => word("line/answer", line.answer) },
    { name: t("now"), cell: (line) => <LiveState state={stateOf(line.id)} /> },
  ],
  blank: () => ({
    id: 0,
    name: "",
    channel: freePorts("fxo")[0] ?? { span: 1, slot: 1 },
    number: "",
    answer: "after_dialling",
    caller_id: null,
    pulse: false,
    dial_tone_wait_ms: 1500,
    guard_ms: 1000,
  }),
  state: (line) => <LiveState state={stateOf(line.id)} />,
  form: (f) => (
    <>
      <Section title={t("line.who")} lede={t("line.whoWhy")}>
        {f.text("/name")}
        {f.channel("/channel", freePorts("fxo").map((port) => ({ value: place(port), label: t("port", { place: place(port) }) })))}
        {f.text("/number", { mono: true, tel: true, placeholder: "+442079460981" })}
      </Section>
      <Section title={t("line.calls")} lede={t("line.callsWhy")}>
        {f.choice("/answer", ["polarity", "voice", "after_dialling"], { cards: true })}
        {f.choice("/caller_id", ["bell202", "v23", "v23_japan", "dtmf"], { none: t("asCountry") })}
      </Section>
      <Section title={t("line.dialling")} lede={t("line.diallingWhy")}>
        {f.toggle("/pulse")}
        {f.number("/dial_tone_wait_ms", 0, 10000, t("ms"))}
        {f.number("/guard_ms", 0, 10000, t("ms"))}
      </Section>
    </>
  ),
};
