import { FindingsOf } from "../finding/Autopilot";
import { Pin, pinChanged } from "../finding/Pin";
import { live } from "../live/store";
import { hardware } from "../live/ports";
import { t, word } from "../i18n";
import { Fold, Section } from "../kit/Field";
import type { Fields } from "../noun/fields";
import type { Noun } from "../noun/noun";
import type { Nouns } from "../api/config";
import { PortsField } from "./PortsField";
import { SpanHealth } from "./SpanHealth";
import { SpanStrip } from "./SpanStrip";

type F = Fields<"span", Nouns["span"]>;

const stateOf = (id: number) => live.value.spans.find((span) => span.span === id);
const kindOf = (id: number) => hardware.value.find((span) => span.id === id)?.kind;

const isT1 = (span: Nouns["span"]) => span.framing === "esf" || span.framing === "d4";

export const span: Noun<"span"> = {
  name: "span",
  path: "/spans",
  icon: "span",
  columns: [
    { name: t("span/name"), cell: (span) => span.name },
    { name: t("span/signalling"), cell: (span) => word("span/signalling", span.signalling?.type ?? "isdn") },
    { name: t("span/side"), cell: (span) => word("span/side", span.side) },
    { name: t("span/framing"), cell: (span) => `${word("span/framing", span.framing)}, ${word("span/line_code", span.line_code)}` },
    { name: t("now"), cell: (span) => (span.enabled ? <SpanHealth span={stateOf(span.id)} /> : t("switchedOff")) },
  ],
  state: (span) => <SpanHealth span={stateOf(span.id)} />,
  now: (span) => {
    const state = stateOf(span.id);
    return (
      state && (
        <>
          <SpanStrip span={state} />
          <a href={`/hardware/${span.id}`}>{t("span.layer1Now")}</a>
        </>
      )
    );
  },
  below: (span) => <FindingsOf subjects={[{ subject: { subject: "span", span: span.id } }]} />,
  beside: (f, at) => <Pin f={f} at={at} />,
  before: (was, draft) => pinChanged("span", was, draft),
  form: (f) => {
    const signalling = f.value.signalling?.type ?? "isdn";
    return (
      <>
        <Section title={t("span.who")} lede={t("span.whoWhy")}>
          {f.text("/name")}
          {f.toggle("/enabled")}
        </Section>
        <Section title={t("span.signalling")} lede={t("span.signallingWhy")}>
          {f.variant("/signalling", kinds(f.value), { list: true })}
          {signalling === "isdn" && <Isdn f={f} />}
          {signalling === "r2" && <R2 f={f} />}
          {signalling === "e_and_m" && (
            <>
              {f.choice("/e_and_m/start", ["wink", "immediate", "delay"], { cards: true })}
              <div class="two">
                {f.number("/e_and_m/digits", 0, 15, t("digits"))}
                {f.number("/e_and_m/digit_timeout_ms", 500, 15000, t("ms"))}
              </div>
            </>
          )}
          {signalling === "channel_bank" && <PortsField f={f} />}
        </Section>
        <Section title={t("span.layer1")} lede={t("span.layer1Why")}>
          {kindOf(f.value.id) !== "bri" && f.choice("/line_mode", ["e1", "t1"], { none: t("span.asCard") })}
          <div class="two">
            {f.choice("/framing", ["crc4", "basic", "esf", "d4"])}
            {f.choice("/line_code", ["hdb3", "b8zs", "ami"])}
          </div>
          {f.number("/timing", 0, 15)}
          {isT1(f.value) && f.choice("/build_out", ["0", "1", "2", "3", "4", "5", "6", "7"], { whole: true })}
        </Section>
        {signalling === "isdn" && <MoreIsdn f={f} />}
        {signalling === "r2" && <MoreR2 f={f} />}
      </>
    );
  },
};

/** Kinds of signalling, and what each begins with. */
function kinds(span: Nouns["span"]) {
  const ports = Array.from({ length: isT1(span) ? 24 : 31 }, () => "fxs");
  return {
    isdn: () => ({}),
    ...(span.signalling?.type === "bearers" && { bearers: () => ({}) }),
    r2: () => ({}),
    e_and_m: () => ({}),
    channel_bank: () => ({ ports }),
  };
}

function Isdn({ f }: { f: F }) {
  const basic = kindOf(f.value.id) === "bri" || f.value.isdn?.access !== "primary_rate";
  return (
    <>
      {basic && f.choice("/isdn/access", ["primary_rate", "basic_rate_ptp", "basic_rate_ptmp"], { cards: true })}
      {f.choice("/side", ["user", "network"], { cards: true })}
      {f.choice("/dialect", ["euro_isdn", "ni2", "ni1", "att5ess", "att4ess", "dms100", "qsig"])}
      {f.toggle("/overlap")}
    </>
  );
}

function MoreIsdn({ f }: { f: F }) {
  const { isdn } = f.value;
  return (
    <Fold title={t("span.more")} lede={t("span.moreWhy")}>
      <Section title={t("span.layers")} lede={t("span.layersWhy")}>
        {f.choice("/isdn/layer_2", ["usual", "keep_up", "leave_down"])}
        {f.choice("/isdn/layer_1", ["usual", "required", "may_sleep"])}
        {f.number("/isdn/restart_min", 0, 10080, t("minutes"))}
        {f.toggle("/isdn/service_messages")}
        {f.toggle("/isdn/supplementary")}
        {(isdn?.access === "basic_rate_ptmp" || (isdn?.own_numbers?.length ?? 0) > 0) && f.texts("/isdn/own_numbers")}
      </Section>
      {(isT1(f.value) || isdn?.nfas) && (
        <Section title={t("span.nfas")} lede={t("span.nfasWhy")}>
          {f.present("/isdn/nfas", () => ({ group: 1, interface: 0, d_channel: "none" }))}
          {isdn?.nfas && (
            <>
              <div class="two">
                {f.number("/isdn/nfas/group", 1, 255)}
                {f.number("/isdn/nfas/interface", 0, 127)}
              </div>
              {f.choice("/isdn/nfas/d_channel", ["primary", "backup", "none"], { cards: true })}
            </>
          )}
        </Section>
      )}
      <Section title={t("span.timers")} lede={t("span.timersWhy")}>
        <div class="two">
          {f.numberOr("/isdn/timers/t200_ms", 100, 60000, "1000", t("ms"))}
          {f.numberOr("/isdn/timers/t203_ms", 1000, 3600000, "10000", t("ms"))}
          {f.numberOr("/isdn/timers/n200", 1, 20, "3")}
          {f.numberOr("/isdn/timers/k", 1, 127, isdn?.access === "primary_rate" ? "7" : "1")}
          {f.numberOr("/isdn/timers/t301_s", 30, 3600, "180", t("seconds"))}
          {f.numberOr("/isdn/timers/t302_s", 3, 60, "10", t("seconds"))}
          {f.numberOr("/isdn/timers/t303_ms", 1000, 60000, "4000", t("ms"))}
          {f.numberOr("/isdn/timers/t304_s", 5, 120, "30", t("seconds"))}
          {f.numberOr("/isdn/timers/t305_ms", 1000, 120000, "30000", t("ms"))}
          {f.numberOr("/isdn/timers/t306_s", 1, 300, "30", t("seconds"))}
          {f.numberOr("/isdn/timers/t308_ms", 1000, 60000, "4000", t("ms"))}
          {f.numberOr("/isdn/timers/t309_s", 1, 600, "6", t("seconds"))}
          {f.numberOr("/isdn/timers/t310_s", 5, 600, f.value.side === "network" ? "40" : "120", t("seconds"))}
          {f.numberOr("/isdn/timers/t313_ms", 1000, 60000, "4000", t("ms"))}
          {f.numberOr("/isdn/timers/t316_ms", 1000, 600000, "120000", t("ms"))}
          {f.numberOr("/isdn/timers/n316", 1, 10, "2")}
        </div>
      </Section>
    </Fold>
  );
}

const variants = ["itu", "argentina", "brazil", "china", "colombia", "czech", "ecuador", "indonesia", "mexico", "philippines", "venezuela"];

function R2({ f }: { f: F }) {
  return (
    <>
      {f.choice("/r2/variant", variants)}
      <div class="two">
        {f.number("/r2/max_dnis", 1, 32, t("digits"))}
        {f.number("/r2/max_ani", 0, 32, t("digits"))}
      </div>
      {f.choice("/r2/category", ["national", "national_priority", "international", "international_priority", "test"])}
    </>
  );
}

function MoreR2({ f }: { f: F }) {
  return (
    <Fold title={t("span.moreR2")} lede={t("span.moreWhy")}>
      <Section title={t("span.register")} lede={t("span.registerWhy")}>
        {f.yesNo("/r2/ani_first", t("asCountry"))}
        {f.toggle("/r2/skip_category")}
        {f.toggle("/r2/immediate_accept")}
        <div class="two">
          {f.numberOr("/r2/digit_timeout_ms", 500, 20000, "5000", t("ms"))}
          {f.numberOr("/r2/metering_pulse_ms", 0, 2000, t("asCountryShort"), t("ms"))}
        </div>
      </Section>
      <Section title={t("span.charges")}>
        {f.toggle("/r2/charge_calls")}
        {f.toggle("/r2/allow_collect_calls")}
        {f.toggle("/r2/double_answer")}
        {f.toggle("/r2/forced_release")}
      </Section>
    </Fold>
  );
}
