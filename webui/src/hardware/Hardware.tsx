import type { Schemas } from "../api/client";
import { usePoll } from "../api/poll";
import { showList, t, word } from "../i18n";
import { Lamp, type Light } from "../kit/Lamp";
import { Empty, Notice, Page, Panel } from "../kit/Page";
import { Table } from "../kit/Table";
import { cards, hardware, readHardware } from "../live/ports";
import { live } from "../live/store";
import { SpanHealth } from "../span/SpanHealth";
import "./hardware.css";

type Card = Schemas["Card"];
type Span = Schemas["HardwareSpan"];

/** The cards that are plugged in, those that nothing drives among them. */
export function Hardware() {
  usePoll(readHardware, 5000);
  const plugged = cards.value;
  const onCards = new Set(plugged?.flatMap((card) => card.spans));
  const others = hardware.value.filter((span) => !onCards.has(span.id));
  return (
    <Page title={t("hardware.title")} lede={t("hardware.lede")}>
      {plugged?.map((card) => <CardPanel key={card.id} card={card} />)}
      {plugged && others.length > 0 && (
        <Panel title={t(plugged.length > 0 ? "hardware.others" : "hardware.simulated")} aside={<Lamp light="talk">{word("card", "working")}</Lamp>}>
          {plugged.length === 0 && <p class="panel-lede">{t("hardware.simulatedWhy")}</p>}
          <Spans spans={others} label={t("hardware.simulated")} />
        </Panel>
      )}
      {plugged?.length === 0 && others.length === 0 && (
        <Empty icon="card" title={t("hardware.none")}>
          {t("hardware.noneWhy")}
        </Empty>
      )}
    </Page>
  );
}

const lightOf: Record<Card["state"]["state"], Light> = { working: "talk", starting: "ring", not_driven: "fault", firmware_missing: "fault", unsupported: "off", gone: "fault" };
const hex = (n: number) => n.toString(16).padStart(4, "0");

function CardPanel({ card }: { card: Card }) {
  const { state } = card;
  const spans = hardware.value.filter((span) => card.spans.includes(span.id));
  const virtual = card.bus === "virtual";
  return (
    <Panel title={card.model} aside={<Lamp light={lightOf[state.state]}>{word("card", state.state)}</Lamp>}>
      <dl class="facts">
        <div>
          <dt>{t("hardware.place")}</dt>
          <dd class="mono">{card.id}</dd>
        </div>
        {!virtual && (
          <div>
            <dt>{t("hardware.identity", { bus: word("bus", card.bus) })}</dt>
            <dd class="mono">
              {hex(card.vendor)}:{hex(card.device)}
              {card.subvendor > 0 && ` (${hex(card.subvendor)}:${hex(card.subdevice)})`}
            </dd>
          </div>
        )}
        <div>
          <dt>{t("hardware.driver")}</dt>
          <dd class="mono">{card.driver ?? t("none")}</dd>
        </div>
      </dl>
      <State state={state} />
      {spans.length > 0 && <Spans spans={spans} label={t("hardware.spansOf", { card: card.model })} />}
    </Panel>
  );
}

/** Why a card does not work, and what to do about it. */
function State({ state }: { state: Card["state"] }) {
  switch (state.state) {
    case "starting":
      return (
        <div class="panel-note">
          <Notice>{state.stage}</Notice>
        </div>
      );
    case "not_driven":
    case "unsupported":
      return (
        <div class="panel-note">
          <Notice kind={state.state === "unsupported" ? "warn" : "problem"}>
            <strong>{state.reason}</strong>
            <p>{state.remedy}</p>
          </Notice>
        </div>
      );
    case "firmware_missing":
      return (
        <div class="panel-note">
          <Notice kind="problem">
            <strong>
              {t("hardware.firmware")} <code>{state.file}</code>
            </strong>
            <p>{state.remedy}</p>
          </Notice>
        </div>
      );
    case "gone":
      return (
        <div class="panel-note">
          <Notice kind="problem">{t("hardware.gone")}</Notice>
        </div>
      );
    default:
      return null;
  }
}

/** `30 bearers, one D channel`. */
export function portsOf(span: Span): string {
  const count = new Map<string, number>();
  for (const { kind } of span.ports) count.set(kind, (count.get(kind) ?? 0) + 1);
  return showList([...count].map(([kind, n]) => t(`ports=${kind as Schemas["PortKind"]}`, { n }))) || t("none");
}

function Spans({ spans, label }: { spans: Span[]; label: string }) {
  return (
    <Table
      label={label}
      rows={spans}
      id={(span) => span.id}
      columns={[
        {
          name: t("hardware.name"),
          cell: (span) => (
            <a class="row-link" href={`/hardware/${span.id}`}>
              {span.name}
            </a>
          ),
        },
        { name: t("span.one"), mono: true, tight: true, cell: (span) => span.id },
        { name: t("hardware.kind"), cell: (span) => word("kind", span.kind) },
        { name: t("hardware.ports"), cell: portsOf },
        { name: t("now"), cell: (span) => <SpanNow span={span} /> },
      ]}
    />
  );
}

/** How a span does: its alarms, or how many of its analog ports can be used. */
export function SpanNow({ span }: { span: Span }) {
  if (span.kind !== "analog") return <SpanHealth span={live.value.spans.find((state) => state.span === span.id)} />;
  const lines = live.value.lines.filter((line) => line.channel.span === span.id);
  const down = lines.filter((line) => line.state === "down").length;
  return <Lamp light={down > 0 ? "fault" : "talk"}>{down > 0 ? t("hardware.portsDown", { n: down }) : t("up")}</Lamp>;
}
