import { answer, api, type Schemas } from "../api/client";
import { find } from "../api/config";
import { usePoll } from "../api/poll";
import { FindingsOf } from "../finding/Autopilot";
import { t, word } from "../i18n";
import { LinkButton } from "../kit/Button";
import { Lamp } from "../kit/Lamp";
import { Empty, Page, Panel } from "../kit/Page";
import { Table } from "../kit/Table";
import { LiveState } from "../live/LiveState";
import { hardware, place } from "../live/ports";
import { live } from "../live/store";
import { Channels } from "./Channels";
import { portsOf, SpanNow } from "./Hardware";
import { Layer1 } from "./Layer1";
import "./hardware.css";

/** One span of a card: how its wire does, and each of its channels. */
export function SpanPage({ id }: { id: number }) {
  const span = hardware.value.find((span) => span.id === id);
  const back = { href: "/hardware", label: t("hardware.title") };
  if (!span) {
    return (
      <Page title={t("spanName", { span: id })} back={back}>
        <Empty icon="card" title={t("hardware.noSpan")}>
          {t("hardware.noSpanWhy")}
        </Empty>
      </Page>
    );
  }
  const settings = find("span", id);
  const lines = span.ports.map(({ channel }) => ({ subject: { subject: "line" as const, channel }, name: lineName(channel) }));
  return (
    <Page
      title={span.name}
      back={back}
      lede={
        <>
          <SpanNow span={span} /> · {word("kind", span.kind)}, {portsOf(span)}
        </>
      }
      actions={
        settings && (
          <LinkButton href={`/spans/${id}`} icon="system">
            {t("hardware.settings")}
          </LinkButton>
        )
      }
    >
      {span.kind === "analog" ? <Ports span={span} /> : <Digital span={span} />}
      <FindingsOf subjects={span.kind === "analog" ? lines : [{ subject: { subject: "span", span: id } }]} />
    </Page>
  );
}

const lineAt = (channel: Schemas["ChannelId"]) => live.value.lines.find((line) => place(line.channel) === place(channel));
const lineName = (channel: Schemas["ChannelId"]) => find("line", lineAt(channel)?.line)?.name ?? t("port", { place: place(channel) });

function Digital({ span }: { span: Schemas["HardwareSpan"] }) {
  const { reading } = usePoll(() => answer(api.GET("/api/spans/{id}/status", { params: { path: { id: span.id } } })), 2000, [span.id]);
  return (
    <>
      <Layer1 status={reading.value.value} problem={reading.value.problem} />
      <Channels span={span} />
    </>
  );
}

/** The analog ports of a card, and what each of them is used for. */
function Ports({ span }: { span: Schemas["HardwareSpan"] }) {
  return (
    <Panel title={t("hardware.ports")}>
      <Table
        label={t("hardware.ports")}
        rows={span.ports}
        id={(port) => place(port.channel)}
        columns={[
          { name: t("hardware.port"), mono: true, tight: true, cell: (port) => place(port.channel) },
          { name: t("hardware.kind"), cell: (port) => word("port", port.kind) },
          { name: t("hardware.use"), cell: (port) => <Use channel={port.channel} /> },
          { name: t("now"), cell: (port) => <LiveState state={lineAt(port.channel)?.state} /> },
        ]}
      />
    </Panel>
  );
}

function Use({ channel }: { channel: Schemas["ChannelId"] }) {
  const state = lineAt(channel);
  const line = find("line", state?.line);
  const device = find("device", state?.device);
  if (line) return <a href={`/lines/${line.id}`}>{line.name}</a>;
  if (device) return <a href={`/devices/${device.id}`}>{device.name}</a>;
  return <Lamp light="off">{t("hardware.unused")}</Lamp>;
}
