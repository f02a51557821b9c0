import { config, find, loaded, system } from "../api/config";
import { t, word } from "../i18n";
import { LinkButton } from "../kit/Button";
import { Lamp } from "../kit/Lamp";
import { Empty, Page, Panel } from "../kit/Page";
import { lights } from "../live/lights";
import { place, portKind, simulated } from "../live/ports";
import { callAt, live, type LiveLine } from "../live/store";
import { SpanHealth } from "../span/SpanHealth";
import { SpanStrip } from "../span/SpanStrip";
import { TrunkState } from "../trunk/trunk";
import { DeviceState } from "../device/device";
import { LiveCalls } from "../call/LiveCalls";
import { attention } from "./attention";
import "./dashboard.css";

/** The face of the instrument: everything that lives, at a glance. */
export function Dashboard() {
  const { spans, lines } = live.value;
  const phones = config.device.value.filter((device) => device.kind.type === "sip");
  if (!loaded.value) return null;
  return (
    <Page title={t("dashboard.title")} lede={system.value?.name} actions={<Reading />}>
      <Panel title={t("dashboard.live")}>
        <LiveCalls />
      </Panel>

      {spans.map((span) => (
        <Panel key={span.span} title={find("span", span.span)?.name ?? t("spanName", { span: span.span })} aside={<SpanHealth span={span} />}>
          <SpanStrip span={span} />
        </Panel>
      ))}
      {spans.length > 0 && <Legend />}

      <div class="board">
        <Ports title={t("dashboard.lines")} lines={lines.filter((line) => !isPhonePort(line))} />
        <Ports title={t("dashboard.analogPhones")} lines={lines.filter(isPhonePort)} />
        <Panel title={t("dashboard.phones")}>
          {phones.length > 0 ? (
            <ul class="readings">
              {phones.map((device) => (
                <li key={device.id}>
                  <a href={`/devices/${device.id}`}>{device.name}</a>
                  <DeviceState device={device} />
                </li>
              ))}
            </ul>
          ) : (
            <Empty icon="phone" title={t("device.empty")} action={<LinkButton href="/devices/new">{t("device.new")}</LinkButton>}>
              {t("device.emptyWhy")}
            </Empty>
          )}
        </Panel>
        <Panel title={t("dashboard.trunks")}>
          <ul class="readings">
            {config.trunk.value.map((trunk) => (
              <li key={trunk.id}>
                <a href={`/trunks/${trunk.id}`}>{trunk.name}</a>
                {trunk.enabled ? <TrunkState id={trunk.id} /> : <Lamp light="off">{t("switchedOff")}</Lamp>}
              </li>
            ))}
          </ul>
        </Panel>
        {simulated.value.length > 0 && (
          <Panel title={t("dashboard.dial")} class="wide">
            <p class="panel-lede">{t("dashboard.dialWhy")}</p>
            <ul class="dial-list">
              {simulated.value.map(({ number, name }) => (
                <li key={number}>
                  <code>{number}</code>
                  <span>{name}</span>
                </li>
              ))}
            </ul>
          </Panel>
        )}
      </div>
    </Page>
  );
}

/** The two things one looks for first: how much goes on, and what is wrong. */
function Reading() {
  const { calls } = live.value;
  const wrong = attention();
  return (
  <div class="reading">
    <p class="reading-number">
      <b>{calls.length}</b>
      <span>{t("dashboard.calls", { n: calls.length })}</span>
    </p>
    <ul class="reading-words" aria-label={t("dashboard.attention")}>
      {wrong.length === 0 ? (
        <li>
          <Lamp light="talk">{t("dashboard.allWell")}</Lamp>
        </li>
      ) : (
        wrong.map(({ href, text }) => (
          <li key={href + text}>
            <a href={href}>
              <Lamp light="fault">{text}</Lamp>
            </a>
          </li>
        ))
      )}
    </ul>
  </div>
  );
}

const isPhonePort = (line: LiveLine) => line.device != null || portKind(line.channel) === "fxs";

function Ports({ title, lines }: { title: string; lines: LiveLine[] }) {
  if (lines.length === 0) return null;
  return (
    <Panel title={title}>
      <ul class="readings">
        {lines.map((port) => {
          const call = callAt.value.get(place(port.channel));
          const href = port.device != null ? `/devices/${port.device}` : port.line != null ? `/lines/${port.line}` : null;
          const name = find("device", port.device)?.name ?? find("line", port.line)?.name ?? t("port", { place: place(port.channel) });
          return (
            <li key={place(port.channel)}>
              {href ? <a href={href}>{name}</a> : <span>{name}</span>}
              <Lamp light={lights[port.state]}>{call ? <a href={`/calls/${call.call}`}>{word("state", port.state)}</a> : word("state", port.state)}</Lamp>
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}

function Legend() {
  return (
    <ul class="legend" aria-label={t("dashboard.legend")}>
      {(["idle", "ringing", "dialling", "busy", "guard", "down"] as const).map((state) => (
        <li key={state}>
          <Lamp light={lights[state]}>{word("state", state)}</Lamp>
        </li>
      ))}
    </ul>
  );
}

