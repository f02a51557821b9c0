import { config, type Nouns } from "../api/config";
import { t, word } from "../i18n";
import { Fold, Section } from "../kit/Field";
import { Lamp } from "../kit/Lamp";
import { LiveState } from "../live/LiveState";
import { freePorts, place, shownPlace } from "../live/ports";
import { live } from "../live/store";
import type { Noun } from "../noun/noun";
import { Button } from "../kit/Button";
import { showAccount } from "./Account";

const stateOf = (id: number) => live.value.devices.find((device) => device.device === id);

/** Whether a phone can be rung now. */
export function DeviceState({ device }: { device: Nouns["device"] }) {
  if (device.kind.type === "fxs") return <LiveState state={live.value.lines.find((line) => line.device === device.id)?.state} />;
  const state = stateOf(device.id);
  return <Lamp light={state?.reachable ? "talk" : "off"}>{state?.reachable ? t("registered", { n: state.contacts.length }) : t("notRegistered")}</Lamp>;
}

function Contacts({ id }: { id: number }) {
  const contacts = stateOf(id)?.contacts ?? [];
  if (contacts.length === 0) return <p class="hint">{t("device.nowhere")}</p>;
  return (
    <ul class="contacts">
      {contacts.map((contact) => (
        <li key={contact.uri}>
          <span class="mono">{contact.source}</span>
          {contact.user_agent && <span>{contact.user_agent}</span>}
        </li>
      ))}
    </ul>
  );
}

export function freeUsername(): string {
  const used = new Set(config.device.value.map((device) => (device.kind.type === "sip" ? device.kind.username : "")));
  for (let number = 201; ; number++) if (!used.has(String(number))) return String(number);
}

const features = { hot_line: null, hot_line_after_s: 0, distinctive_ring: false, flash: "country", transfer_on_hang_up: true, message_lamp: true };
const sip = () => ({ username: freeUsername(), password: "", max_contacts: 3 });
const fxs = () => ({ channel: freePorts("fxs")[0] ?? { span: 1, slot: 1 }, reverse_on_answer: false, open_loop_on_hangup: true, features });

export const device: Noun<"device"> = {
  name: "device",
  path: "/devices",
  icon: "phone",
  columns: [
    { name: t("device/name"), cell: (device) => device.name },
    { name: t("device/kind"), cell: (device) => word("device/kind", device.kind.type) },
    { name: t("device.where"), mono: true, cell: ({ kind }) => (kind.type === "sip" ? kind.username : shownPlace(kind.channel)) },
    {
      name: t("device.rings"),
      cell: (device) =>
        config.extension.value
          .filter((extension) => extension.devices.includes(device.id))
          .map((extension) => extension.number)
          .join(", ") || "–",
    },
    { name: t("now"), cell: (device) => <DeviceState device={device} /> },
  ],
  blank: () => ({ id: 0, name: "", kind: { type: "sip", ...sip() } }),
  state: (device) => <DeviceState device={device} />,
  now: (device) =>
    device.kind.type === "sip" && (
      <>
        <Contacts id={device.id} />
        <Button icon="key" onClick={() => showAccount(device.id)}>
          {t("account.show")}
        </Button>
      </>
    ),
  saved: (device, created) => {
    if (created && device.kind.type === "sip") void showAccount(device.id);
  },
  form: (f) => {
    const { kind } = f.value;
    return (
      <>
        <Section title={t("device.who")} lede={t("device.whoWhy")}>
          {f.text("/name")}
          {f.variant("/kind", { sip, fxs })}
        </Section>
        {kind.type === "sip" ? (
          <Section title={t("device.account")} lede={t("device.accountWhy")}>
            {f.text("/kind/username", { mono: true })}
            {f.secret("/kind/password", f.value.id === 0 ? t("account.made") : t("unchanged"))}
            {f.number("/kind/max_contacts", 1, 10)}
          </Section>
        ) : (
          <>
            <Section title={t("device.port")} lede={t("device.portWhy")}>
              {f.channel("/kind/channel", freePorts("fxs").map((port) => ({ value: place(port), label: t("port", { place: place(port) }) })))}
            </Section>
            <Section title={t("device.user")} lede={t("device.userWhy")}>
              {f.choice("/kind/features/flash", ["country", "digits", "plain", "off"], { cards: true })}
              {f.toggle("/kind/features/transfer_on_hang_up")}
              {f.toggle("/kind/features/message_lamp")}
              {f.toggle("/kind/features/distinctive_ring")}
            </Section>
            <Fold title={t("device.more")} lede={t("device.moreWhy")}>
              <Section title={t("device.hotLine")} lede={t("device.hotLineWhy")}>
                {f.text("/kind/features/hot_line", { mono: true, tel: true, optional: true, placeholder: t("off") })}
                {kind.features?.hot_line != null && f.number("/kind/features/hot_line_after_s", 0, 14, t("seconds"))}
              </Section>
              <Section title={t("device.wire")} lede={t("device.wireWhy")}>
                {f.toggle("/kind/reverse_on_answer")}
                {f.toggle("/kind/open_loop_on_hangup")}
              </Section>
            </Fold>
          </>
        )}
      </>
    );
  },
};
