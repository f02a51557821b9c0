import { usePoll } from "../api/poll";
import { showDuration, t } from "../i18n";
import { Lamp } from "../kit/Lamp";
import { Empty, Notice, Page, Panel } from "../kit/Page";
import { NetworkTrial } from "./NetworkTrial";
import { Exposure } from "./Exposure";
import { machine, readMachine, type MachineStatus } from "./machine";
import { Power } from "./Power";
import { Update } from "./Update";
import "./appliance.css";

/** The unit as a machine: how it does, its version, what it answers to, and its switches. */
export function AppliancePage() {
  const { again } = usePoll(readMachine, 2000);
  const status = machine.value;
  return (
    <Page title={t("appliance.title")} lede={t("appliance.lede")}>
      {status ? (
        <>
          <NetworkTrial status={status} onChange={again} />
          <State status={status} />
          <Update status={status} onChange={again} />
          <Exposure exposure={status.exposure} />
          <Power />
        </>
      ) : (
        <Empty icon="appliance" title={t("appliance.none")}>
          {t("appliance.noneWhy")}
        </Empty>
      )}
    </Page>
  );
}

const gib = (octets: number) => `${(octets / 2 ** 30).toFixed(1)} GiB`;

function State({ status }: { status: MachineStatus }) {
  const short = status.data_size > 0 && status.data_free / status.data_size < 0.1;
  const crashed = status.services.filter((service) => !service.running || service.crashes > 0);
  const facts: [string, string][] = [
    [t("appliance.version"), status.version],
    [t("appliance.slot"), status.slot ?? "–"],
    [t("appliance.uptime"), showDuration(status.uptime_s * 1000)],
    [t("appliance.clock"), t(status.clock_synchronised ? "appliance.clockSet" : "appliance.clockUnset")],
    [t("appliance.nameServers"), (status.name_servers ?? []).join(", ") || t("appliance.noNameServers")],
    [t("appliance.data"), t("appliance.free", { free: gib(status.data_free), size: gib(status.data_size) })],
    [t("appliance.watchdog"), t(status.watchdog ? "appliance.fed" : "appliance.noWatchdog")],
  ];
  return (
    <Panel title={t("appliance.state")} aside={<Lamp light={status.healthy ? "talk" : "fault"}>{t(status.healthy ? "appliance.healthy" : "appliance.ill")}</Lamp>}>
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {(short || crashed.length > 0) && (
        <div class="panel-note">
          {short && <Notice kind="problem">{t("appliance.full")}</Notice>}
          {crashed.map((service) => (
            <Notice key={service.name} kind={service.running ? "warn" : "problem"}>
              <strong>{service.name}</strong>: {t(service.running ? "appliance.crashed" : "appliance.stopped", { n: service.crashes })} {service.last_exit}
            </Notice>
          ))}
        </div>
      )}
      <ul class="interfaces" aria-label={t("appliance.interfaces")}>
        {status.interfaces.map((port) => (
          <li key={port.name}>
            <Lamp light={port.up ? "talk" : "off"}>
              <b class="mono">{port.name}</b>
            </Lamp>
            <span class="mono">{port.addresses.join("  ") || "–"}</span>
            <span class="mono hint">{port.mac}</span>
          </li>
        ))}
      </ul>
      {status.fingerprint && (
        <p class="hint fingerprint">
          {t("appliance.fingerprint")} <span class="mono">{status.fingerprint}</span>
        </p>
      )}
    </Panel>
  );
}
