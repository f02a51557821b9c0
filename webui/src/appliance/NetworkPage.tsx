import { useMemo } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { answer, api, type Schemas } from "../api/client";
import { appliance } from "../api/config";
import { usePoll } from "../api/poll";
import { match, saveForm } from "../api/write";
import { showTime, t } from "../i18n";
import { Fold, Section, SelectField } from "../kit/Field";
import { Page } from "../kit/Page";
import { say } from "../kit/Toast";
import { skew } from "../live/store";
import { Fields } from "../noun/fields";
import { FormShell, useForm } from "../noun/FormShell";
import { InterfacesField } from "./InterfacesField";
import { machine, readMachine } from "./machine";
import { NetworkTrial } from "./NetworkTrial";
import { WaitingKeys } from "./WaitingKeys";
import "./appliance.css";

type Appliance = Schemas["Appliance"];
export type ApplianceFields = Fields<"appliance", Appliance>;

/** The unit in its network: names, addresses, who may reach it. */
export function NetworkPage() {
  const { again } = usePoll(readMachine, 2000);
  if (!appliance.value) return null;
  return (
    <Page title={t("network.title")} lede={t("network.lede")}>
      {machine.value && <NetworkTrial status={machine.value} onChange={again} />}
      {machine.value && <WaitingKeys status={machine.value} />}
      <Editor value={appliance.value} />
    </Page>
  );
}

const put = (body: Appliance, base: number): Promise<Appliance> => answer(api.PUT("/api/appliance", { params: { header: match(base) }, body }));

function Editor({ value }: { value: Appliance }) {
  const form = useForm(value);
  const f = useMemo(() => new Fields<"appliance", Appliance>("appliance", form), [form]);
  async function submit() {
    if (await saveForm("appliance", form, put, () => appliance.peek() ?? undefined)) say(t("network.saved"));
  }
  return (
    <FormShell form={form} onSubmit={submit}>
      <Section title={t("network.name")} lede={t("network.nameWhy")}>
        {f.text("/hostname", { mono: true })}
      </Section>
      <Section title={t("network.interfaces")} lede={t("network.interfacesWhy")}>
        <InterfacesField f={f} />
      </Section>
      <Section title={t("network.servers")} lede={t("network.serversWhy")}>
        {f.texts("/dns", true)}
        {f.texts("/ntp", true)}
      </Section>
      <Section title={t("network.sip")} lede={t("network.sipWhy")}>
        {f.texts("/sip_sources")}
      </Section>
      <Section title={t("network.update")} lede={t("network.updateWhy")}>
        {f.text("/update/url", { mono: true, optional: true, placeholder: t("network.noUrl") })}
        {f.numberOr("/update/hour", 0, 23, t("network.noHour"), t("network.utc"))}
      </Section>
      <Fold title={t("network.more")} lede={t("network.moreWhy")}>
        <Section title={t("network.syslog")} lede={t("network.syslogWhy")}>
          {f.present("/syslog", () => ({ host: "", port: 514 }))}
          {f.value.syslog && (
            <div class="two">
              {f.text("/syslog/host", { mono: true })}
              {f.number("/syslog/port", 1, 65535)}
            </div>
          )}
        </Section>
        <Section title={t("network.ssh")} lede={t("network.sshWhy")}>
          <SshUntil f={f} />
          {f.texts("/ssh/keys")}
        </Section>
      </Fold>
    </FormShell>
  );
}

/** How long a remote shell may be open, from now on. */
const spans = [1, 8, 24, 72, 168] as const;

function SshUntil({ f }: { f: ApplianceFields }) {
  const chosen = useSignal("");
  const until = f.value.ssh.enabled_until;
  const now = () => Math.floor((Date.now() - skew.value) / 1000);
  const open = until != null && until > now();
  // It is open for nobody as long as no key of the configuration is confirmed.
  const shut = machine.value?.ssh_until == null && (machine.value?.ssh_waiting ?? []).length > 0;
  const options = [
    { value: "", label: open ? t(shut ? "network.openOnce" : "network.openUntil", { time: showTime(until * 1000) }) : t("network.closed") },
    ...(open ? [{ value: "0", label: t("network.close") }] : []),
    ...spans.map((hours) => ({ value: String(hours), label: t("network.openFor", { n: hours }) })),
  ];
  function choose(value: string) {
    chosen.value = "";
    if (value !== "") f.set("/ssh/enabled_until", value === "0" ? null : now() + Number(value) * 3600 - 5);
  }
  const error = f.form.faults.value.find((fault) => fault.at === "/ssh/enabled_until")?.message;
  return <SelectField label={t("appliance/ssh/enabled_until")} error={error} value={chosen.value} options={options} onChange={choose} />;
}

