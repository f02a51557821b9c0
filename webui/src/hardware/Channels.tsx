import { answer, api, type Schemas } from "../api/client";
import { find } from "../api/config";
import { t } from "../i18n";
import { Button } from "../kit/Button";
import { ask } from "../kit/Dialog";
import { Panel } from "../kit/Page";
import { say } from "../kit/Toast";
import { LiveState } from "../live/LiveState";
import { callAt, live, type ChannelState } from "../live/store";
import { SpanStrip } from "../span/SpanStrip";
import { tell } from "../shell/tell";

type Channel = Schemas["LiveChannel"];

/** The channels of a digital span; one that is stuck can be restarted, one with a call cannot. */
export function Channels({ span }: { span: Schemas["HardwareSpan"] }) {
  const state = live.value.spans.find((state) => state.span === span.id);
  if (!state) return null;
  const isdn = (find("span", span.id)?.signalling?.type ?? "isdn") === "isdn" && span.ports.some((port) => port.kind === "bearer");
  return (
    <Panel title={t("channels.title")}>
      <SpanStrip span={state} />
      <ul class="channels" aria-label={t("channels.title")}>
        {state.channels.map((channel) => (
          <Row key={channel.slot} span={span.id} channel={channel} isdn={isdn} />
        ))}
      </ul>
    </Panel>
  );
}

const free: ChannelState[] = ["idle", "down"];

function Row({ span, channel, isdn }: { span: number; channel: Channel; isdn: boolean }) {
  const { slot, state, alarm } = channel;
  const call = callAt.value.get(`${span}/${slot}`);
  async function restart() {
    const go = await ask({ title: t("channels.restartTitle", { slot }), body: <p>{t("channels.restartWhy")}</p>, go: t("channels.restart") });
    if (!go) return;
    const work = answer(api.POST("/api/spans/{id}/channels/{slot}/restart", { params: { path: { id: span, slot } } }));
    if (await tell(work)) say(t("channels.restarting", { slot }));
  }
  return (
    <li class={alarm ? "stuck" : call ? "called" : undefined}>
      <b class="mono">{slot}</b>
      <span>
        <LiveState state={state} />
        {call && (
          <a class="channel-call mono" href={`/calls/${call.call}`}>
            {call.caller || t("unknownCaller")} → {call.called}
          </a>
        )}
        {alarm && <small>{alarm}</small>}
      </span>
      {isdn && (
        <Button look="quiet" icon="restart" bare disabled={call !== undefined || !free.includes(state)} title={call ? t("channels.inCall") : t("channels.restart")} onClick={restart}>
          {t("channels.restartNamed", { slot })}
        </Button>
      )}
    </li>
  );
}
