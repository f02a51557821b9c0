import { answer, api } from "../api/client";
import { showDuration, t, word } from "../i18n";
import { Button } from "../kit/Button";
import { ask } from "../kit/Dialog";
import { Icon } from "../kit/Icon";
import { Lamp, type Light } from "../kit/Lamp";
import { live, now, type LiveCall } from "../live/store";
import { tell } from "../shell/tell";

export async function hangUp(call: LiveCall): Promise<void> {
  const go = await ask({
    title: t("hangUpTitle"),
    body: <p>{t("hangUpWhy", { caller: call.caller || t("unknownCaller"), called: call.called })}</p>,
    go: t("hangUp"),
    danger: true,
  });
  if (go) await tell(answer(api.DELETE("/api/calls/{id}", { params: { path: { id: call.call } } })));
}

export function callLight(call: LiveCall): Light {
  if (call.answered_ms != null) return call.legs.some((leg) => leg.state === "held") ? "rest" : "talk";
  return call.legs.some((leg) => leg.state === "alerting") ? "ring" : "dial";
}

export function callWords(call: LiveCall): string {
  if (call.answered_ms != null) return call.legs.some((leg) => leg.state === "held") ? word("leg", "held") : word("leg", "active");
  return call.legs.some((leg) => leg.state === "alerting") ? word("leg", "alerting") : word("leg", "setup");
}

/** The calls that are up, each with its time running. */
export function LiveCalls() {
  const { calls } = live.value;
  if (calls.length === 0) {
    return (
      <p class="quiet-line">
        <Icon name="calls" />
        {t("noCalls")}
      </p>
    );
  }
  return (
    <ul class="live-calls">
      {calls.map((call) => (
        <li key={call.call}>
          <a class="live-who" href={`/calls/${call.call}`}>
            <span class={call.caller ? "mono" : undefined}>{call.caller || t("unknownCaller")}</span>
            <Icon name="next" size={16} />
            <span class="mono">{call.called || "…"}</span>
          </a>
          <span class="live-legs">{call.legs.map((leg) => `${leg.name} ${leg.place}`).join("  ·  ")}</span>
          <Lamp light={callLight(call)}>{callWords(call)}</Lamp>
          <time class="mono live-time">{showDuration(now.value - (call.answered_ms ?? call.started_ms))}</time>
          <Button icon="hangup" look="danger" bare onClick={() => hangUp(call)}>
            {t("hangUp")}
          </Button>
        </li>
      ))}
    </ul>
  );
}
