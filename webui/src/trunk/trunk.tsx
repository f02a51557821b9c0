import { config, find } from "../api/config";
import { UpState } from "../live/LiveState";
import { live } from "../live/store";
import { causeOptions } from "../call/cause";
import { showList, t, word } from "../i18n";
import { Fold, Section } from "../kit/Field";
import type { Fields } from "../noun/fields";
import type { Noun } from "../noun/noun";
import type { Nouns } from "../api/config";
import { TemplateField } from "./Template";

type F = Fields<"trunk", Nouns["trunk"]>;

const stateOf = (id: number) => live.value.trunks.find((trunk) => trunk.trunk === id);

function madeOf({ kind }: Nouns["trunk"]): string {
  if (kind.type === "sip") return `${kind.host}:${kind.port}`;
  const names = kind.type === "pri" ? kind.spans.map((id) => find("span", id)?.name ?? `${id}`) : kind.lines.map((id) => find("line", id)?.name ?? `${id}`);
  return showList(names) || t("nothing");
}

export function TrunkState({ id }: { id: number }) {
  const state = stateOf(id);
  const load = state && state.up && t(state.capacity == null ? "trunkLoad" : "trunkLoadOf", { n: state.calls, of: state.capacity ?? 0 });
  return <UpState up={state?.up} why={state?.reason} good={load || undefined} />;
}

const hunts = ["ascending", "descending", "round_robin", "least_recent"];

export const trunk: Noun<"trunk"> = {
  name: "trunk",
  path: "/trunks",
  icon: "trunk",
  columns: [
    { name: t("trunk/name"), cell: (trunk) => trunk.name },
    { name: t("trunk/kind"), cell: (trunk) => word("trunk/kind", trunk.kind.type) },
    { name: t("trunk.madeOf"), cell: madeOf },
    { name: t("now"), cell: (trunk) => (trunk.enabled ? <TrunkState id={trunk.id} /> : t("switchedOff")) },
  ],
  blank: () => ({ id: 0, name: "", enabled: true, kind: config.span.value.length > 0 ? pri() : config.line.value.length > 0 ? fxo() : sip() }),
  state: (trunk) => <TrunkState id={trunk.id} />,
  form: (f) => {
    const { type } = f.value.kind;
    return (
      <>
        <Section title={t("trunk.who")}>
          {f.text("/name")}
          {f.toggle("/enabled")}
        </Section>
        <Section title={t("trunk.made")} lede={t("trunk.madeWhy")}>
          {f.variant("/kind", { pri, fxo, sip })}
          {type === "pri" && f.refs("/kind/spans", "span")}
          {type === "fxo" && f.refs("/kind/lines", "line")}
          {type !== "sip" && f.choice("/kind/hunt", hunts)}
          {type === "pri" && f.toggle("/kind/private")}
          {type === "sip" && (
            <>
              {f.value.id === 0 && <TemplateField f={f} />}
              <div class="two">
                {f.text("/kind/host", { mono: true, placeholder: "sip.example.net" })}
                {f.number("/kind/port", 1, 65535)}
              </div>
              {f.choice("/kind/transport", ["udp", "tcp"])}
            </>
          )}
        </Section>
        {type === "sip" && (
          <Section title={t("trunk.account")} lede={t("trunk.accountWhy")}>
            {f.text("/kind/username", { mono: true })}
            {f.secret("/kind/password")}
            {f.toggle("/kind/register")}
          </Section>
        )}
        {type === "pri" && <Isdn f={f} />}
        {type === "sip" && <MoreSip f={f} />}
      </>
    );
  },
};

const forms = {
  mirror: () => ({}),
  national: () => ({}),
  international: () => ({}),
  dialled: () => ({}),
  table: () => ({ rules: [{ prefix: "", strip: 0, prepend: "", ton: 0, npi: 1 }] }),
};

/** How calls travel on an ISDN trunk. */
function Isdn({ f }: { f: F }) {
  return (
    <Fold title={t("trunk.isdn")} lede={t("trunk.isdnWhy")}>
      <Section title={t("trunk.numbers")} lede={t("trunk.numbersWhy")}>
        <NumberForm f={f} at="called" />
        <NumberForm f={f} at="calling" />
      </Section>
      <Section title={t("trunk.received")} lede={t("trunk.receivedWhy")}>
        <div class="two">
          {f.text("/kind/isdn/received/international", { mono: true, optional: true, placeholder: "+" })}
          {f.text("/kind/isdn/received/national", { mono: true, optional: true, placeholder: t("trunk.usual") })}
          {f.text("/kind/isdn/received/subscriber", { mono: true, optional: true, placeholder: t("trunk.usual") })}
          {f.text("/kind/isdn/received/private", { mono: true, optional: true, placeholder: t("trunk.usual") })}
          {f.text("/kind/isdn/received/unknown", { mono: true, optional: true, placeholder: t("trunk.usual") })}
        </div>
      </Section>
      <Section title={t("trunk.services")} lede={t("trunk.servicesWhy")}>
        {f.choice("/kind/isdn/bearer", ["speech", "audio31k"], { cards: true })}
        {f.choice("/kind/isdn/data_calls", ["refuse", "transparent"], { cards: true })}
        {f.choice("/kind/isdn/hold", ["nothing", "notify", "hold"])}
        {f.toggle("/kind/isdn/send_name")}
        {f.toggle("/kind/isdn/send_redirecting")}
        {f.toggle("/kind/isdn/send_connected")}
        {f.toggle("/kind/isdn/transfer")}
        {f.toggle("/kind/isdn/ask_charge")}
      </Section>
    </Fold>
  );
}

const tons = ["0", "1", "2", "3", "4", "6"];
const npis = ["0", "1", "8", "9"];

/** In which type and plan numbers are sent. */
function NumberForm({ f, at }: { f: F; at: "called" | "calling" }) {
  const { kind } = f.value;
  const form = kind.type === "pri" ? (kind.isdn?.[at]?.form ?? "mirror") : "mirror";
  const named = (prefix: string, values: string[]) => values.map((value) => ({ value, label: word(prefix, value) }));
  return (
    <>
      {f.variant(`/kind/isdn/${at}`, forms, { list: true, tag: "form" })}
      {form === "table" &&
        f.rows(
          `/kind/isdn/${at}/rules`,
          [
            { key: "prefix", label: t("trunk.prefix"), placeholder: "+44" },
            { key: "strip", label: t("trunk.strip"), range: [0, 32], share: 0.7 },
            { key: "prepend", label: t("trunk.prepend") },
            { key: "ton", label: t("trunk.ton"), options: named("ton", tons), share: 1.4 },
            { key: "npi", label: t("trunk.npi"), options: named("npi", npis), share: 1.1 },
          ],
          () => ({ prefix: "", strip: 0, prepend: "", ton: 0, npi: 1 }),
          { ordered: true, most: 64 },
        )}
    </>
  );
}

const ways = ["both", "to_status", "from_status"];

function MoreSip({ f }: { f: F }) {
  return (
    <Fold title={t("trunk.moreSip")} lede={t("trunk.moreSipWhy")}>
      <Section title={t("trunk.peer")} lede={t("trunk.peerWhy")}>
        {f.number("/kind/qualify_s", 0, 3600, t("seconds"))}
        {f.choice("/kind/dtmf", ["telephone_event", "in_band"], { cards: true })}
        {f.choice("/kind/diversion", ["diversion", "history_info", "both", "none"])}
      </Section>
      {f.value.id !== 0 && (
        <Section title={t("template.title")} lede={t("template.lede")}>
          <TemplateField f={f} />
        </Section>
      )}
      <Section title={t("trunk.causes")} lede={t("trunk.causesWhy")}>
        {f.choice("/kind/cause_profile", ["rfc3398", "asterisk", "audiocodes"], { none: t("trunk.asGateway") })}
        {f.rows(
          "/kind/causes",
          [
            { key: "cause", label: t("trunk.cause"), options: causeOptions(), share: 2 },
            { key: "way", label: t("trunk.way"), options: ways.map((value) => ({ value, label: word("way", value) })), share: 1.3 },
            { key: "status", label: t("trunk.status"), range: [300, 699] },
          ],
          () => ({ cause: 34, way: "both" as const, status: 503 }),
          { most: 64 },
        )}
      </Section>
    </Fold>
  );
}

function pri() {
  const mirror = { form: "mirror" as const };
  const isdn = {
    called: mirror,
    calling: mirror,
    received: { international: null, national: null, subscriber: null, private: null, unknown: null },
    bearer: "speech" as const,
    data_calls: "refuse" as const,
    hold: "notify" as const,
    send_name: true,
    send_redirecting: true,
    send_connected: true,
    transfer: false,
    ask_charge: false,
  };
  return { type: "pri" as const, spans: config.span.value.map((span) => span.id), hunt: "descending" as const, isdn };
}
function fxo() {
  return { type: "fxo" as const, lines: config.line.value.map((line) => line.id), hunt: "descending" as const };
}
function sip() {
  return {
    type: "sip" as const,
    host: "",
    port: 5060,
    transport: "udp" as const,
    username: "",
    password: "",
    register: false,
    qualify_s: 30,
    dtmf: "telephone_event" as const,
    diversion: "diversion" as const,
    cause_profile: null,
    causes: [],
  };
}
