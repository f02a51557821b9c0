import { config, find } from "../api/config";
import { showList, t } from "../i18n";
import { Lamp } from "../kit/Lamp";
import { Section } from "../kit/Field";
import { live } from "../live/store";
import type { Noun } from "../noun/noun";

/** The lowest number from 201 up that nobody has. */
export function freeNumber(): string {
  const used = new Set([...config.extension.value, ...config.ring_group.value, ...config.service.value].map((thing) => thing.number));
  for (let number = 201; ; number++) if (!used.has(String(number))) return String(number);
}

function Reach({ devices }: { devices: number[] }) {
  const there = devices.filter((id) => live.value.devices.find((device) => device.device === id)?.reachable).length;
  if (devices.length === 0) return <Lamp light="off">{t("noPhones")}</Lamp>;
  return <Lamp light={there > 0 ? "talk" : "rest"}>{t("phonesThere", { n: there, of: devices.length })}</Lamp>;
}

const features = { forward_always: null, forward_busy: null, forward_no_answer: null, forward_after_s: 20, do_not_disturb: false, call_waiting: true, message_waiting: false };

export const extension: Noun<"extension"> = {
  name: "extension",
  path: "/extensions",
  icon: "number",
  columns: [
    { name: t("extension/number"), mono: true, tight: true, cell: (extension) => extension.number },
    { name: t("extension/name"), cell: (extension) => extension.name },
    { name: t("extension/devices"), cell: (extension) => showList(extension.devices.map((id) => find("device", id)?.name ?? `${id}`)) || "–" },
    { name: t("extension/outside_number"), mono: true, cell: (extension) => (extension.withhold ? t("withheld") : (extension.outside_number ?? t("ofTrunk"))) },
    { name: t("now"), cell: (extension) => <Reach devices={extension.devices} /> },
  ],
  blank: () => ({ id: 0, number: freeNumber(), name: "", devices: [], outside_number: null, outside_name: null, withhold: false, features }),
  state: (extension) => <Reach devices={extension.devices} />,
  form: (f) => (
    <>
      <Section title={t("extension.who")} lede={t("extension.whoWhy")}>
        {f.text("/number", { mono: true })}
        {f.text("/name")}
        {f.refs("/devices", "device", false)}
      </Section>
      <Section title={t("extension.outside")} lede={t("extension.outsideWhy")}>
        {f.text("/outside_number", { mono: true, tel: true, optional: true, placeholder: "+442079460901" })}
        {f.text("/outside_name", { optional: true })}
        {f.toggle("/withhold")}
      </Section>
      <Section title={t("extension.forward")} lede={t("extension.forwardWhy")}>
        {f.text("/features/forward_always", { mono: true, tel: true, optional: true, placeholder: t("off") })}
        {f.text("/features/forward_busy", { mono: true, tel: true, optional: true, placeholder: t("off") })}
        {f.text("/features/forward_no_answer", { mono: true, tel: true, optional: true, placeholder: t("off") })}
        {f.value.features?.forward_no_answer != null && f.number("/features/forward_after_s", 5, 120, t("seconds"))}
      </Section>
      <Section title={t("extension.calls")} lede={t("extension.callsWhy")}>
        {f.toggle("/features/do_not_disturb")}
        {f.toggle("/features/call_waiting")}
        {f.toggle("/features/message_waiting")}
      </Section>
    </>
  ),
};
