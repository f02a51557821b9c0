import { config, find } from "../api/config";
import { UpState } from "../live/LiveState";
import { live } from "../live/store";
import { showList, t, word } from "../i18n";
import { Section } from "../kit/Field";
import type { Noun } from "../noun/noun";
import type { Nouns } from "../api/config";

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
          {type === "sip" && (
            <>
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
      </>
    );
  },
};

function pri() {
  return { type: "pri" as const, spans: config.span.value.map((span) => span.id), hunt: "descending" as const };
}
function fxo() {
  return { type: "fxo" as const, lines: config.line.value.map((line) => line.id), hunt: "descending" as const };
}
function sip() {
  return { type: "sip" as const, host: "", port: 5060, transport: "udp" as const, username: "", password: "", register: false };
}
