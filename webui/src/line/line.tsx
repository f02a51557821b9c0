import { live } from "../live/store";
import { LiveState } from "../live/LiveState";
import { freePorts, place, shownPlace } from "../live/ports";
import { t, word } from "../i18n";
import { FindingsOf } from "../finding/Autopilot";
import { Pin, pinChanged } from "../finding/Pin";
import { Fold, Section } from "../kit/Field";
import type { Noun } from "../noun/noun";

const stateOf = (id: number) => live.value.lines.find((line) => line.line === id)?.state;

export const line: Noun<"line"> = {
  name: "line",
  path: "/lines",
  icon: "line",
  columns: [
    { name: t("line/name"), cell: (line) => line.name },
    { name: t("line/channel"), mono: true, cell: (line) => shownPlace(line.channel) },
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
    caller_id_start: null,
    pulse: false,
    dial_tone_wait_ms: 1500,
    guard_ms: 1000,
    ring_debounce_ms: 0,
    distinctive: [],
    hangup_tone: null,
    silence_s: 0,
    flash_ms: null,
    start: "kewl",
    receive_gain_db: 0,
    transmit_gain_db: 0,
    pinned: [],
  }),
  state: (line) => <LiveState state={stateOf(line.id)} />,
  below: (line) => <FindingsOf subjects={[{ subject: { subject: "line", channel: line.channel } }]} />,
  beside: (f, at) => <Pin f={f} at={at} />,
  before: (was, draft) => pinChanged("line", was, draft),
  form: (f) => (
    <>
      <Section title={t("line.who")} lede={t("line.whoWhy")}>
        {f.text("/name")}
        {f.channel("/channel", freePorts("fxo").map((port) => ({ value: place(port), label: t("port", { place: place(port) }) })))}
        {f.text("/number", { mono: true, tel: true, placeholder: "+442079460981" })}
      </Section>
      <Section title={t("line.calls")} lede={t("line.callsWhy")}>
        {f.choice("/answer", ["polarity", "voice", "after_dialling"], { cards: true })}
        <div class="two">
          {f.choice("/caller_id", ["bell202", "v23", "v23_japan", "dtmf"], { none: t("line.found") })}
          {f.choice("/caller_id_start", ["after_polarity", "after_first_ring", "before_ring"], { none: t("line.found") })}
        </div>
      </Section>
      <Section title={t("line.dialling")} lede={t("line.diallingWhy")}>
        {f.toggle("/pulse")}
        <div class="two">
          {f.number("/dial_tone_wait_ms", 0, 10000, t("ms"))}
          {f.number("/guard_ms", 0, 10000, t("ms"))}
        </div>
      </Section>
      <Fold title={t("line.more")} lede={t("line.moreWhy")}>
        <Section title={t("line.electric")} lede={t("line.electricWhy")}>
          {f.yesNo("/probe", t("line.probeUsual"))}
          {f.choice("/start", ["kewl", "loop", "ground"], { cards: true })}
          <div class="two">
            {f.number("/receive_gain_db", -24, 12, t("db"))}
            {f.number("/transmit_gain_db", -24, 12, t("db"))}
            {f.number("/ring_debounce_ms", 0, 1000, t("ms"))}
            {f.numberOr("/flash_ms", 50, 1000, t("asCountryShort"), t("ms"))}
          </div>
        </Section>
        <Section title={t("line.end")} lede={t("line.endWhy")}>
          {f.number("/silence_s", 0, 3600, t("seconds"))}
          {f.present("/hangup_tone", () => ({ f1: 425, f2: 0, on_ms: 500, off_ms: 500 }))}
          {f.value.hangup_tone && (
            <div class="two">
              {f.number("/hangup_tone/f1", 200, 2000, t("hz"))}
              {f.number("/hangup_tone/f2", 0, 2000, t("hz"))}
              {f.number("/hangup_tone/on_ms", 50, 2000, t("ms"))}
              {f.number("/hangup_tone/off_ms", 50, 2000, t("ms"))}
            </div>
          )}
        </Section>
        <Section title={t("line.several")} lede={t("line.severalWhy")}>
          {f.rows(
            "/distinctive",
            [
              { key: "cadence", label: t("line.cadence"), list: true, placeholder: "800, 400, 800", share: 1.2 },
              { key: "number", label: t("line/number"), placeholder: "+442079460982" },
            ],
            () => ({ cadence: [800, 400, 800], number: "" }),
            { most: 8 },
          )}
        </Section>
      </Fold>
    </>
  ),
};
