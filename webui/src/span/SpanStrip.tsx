import { t, word } from "../i18n";
import { lights } from "../live/lights";
import { hardware } from "../live/ports";
import { callAt, type ChannelState, type LiveSpan } from "../live/store";
import "./span.css";

/** Every timeslot of a span, side by side as on the face of an instrument. */
export function SpanStrip({ span }: { span: LiveSpan }) {
  const ports = hardware.value.find((found) => found.id === span.span)?.ports ?? [];
  const signalling = ports.filter((port) => port.kind === "d_channel").map((port) => ({ slot: port.channel.slot, state: undefined }));
  const slots = [...span.channels.map(({ slot, state }) => ({ slot, state: state as ChannelState | undefined })), ...signalling];
  slots.sort((a, b) => a.slot - b.slot);
  return (
    <ol class="strip" aria-label={t("stripName", { span: span.span })}>
      {slots.map(({ slot, state }) =>
        state === undefined ? (
          <li key="d" class={`slot d ${span.d_channel_up ? "up" : "fault"}`} title={`${t("dChannel", { slot })}: ${span.d_channel_up ? t("up") : t("notUp")}`}>
            <i aria-hidden="true" />
            <b aria-hidden="true">D</b>
            <span class="unseen">
              {t("dChannel", { slot })}: {span.d_channel_up ? t("up") : t("notUp")}
            </span>
          </li>
        ) : (
          <Slot key={slot} place={`${span.span}/${slot}`} slot={slot} state={state} />
        ),
      )}
    </ol>
  );
}

function Slot({ place, slot, state }: { place: string; slot: number; state: ChannelState }) {
  const call = callAt.value.get(place);
  const words = `${t("timeslot", { slot })}: ${word("state", state)}${call ? `, ${call.caller} → ${call.called}` : ""}`;
  const inside = (
    <>
      <i aria-hidden="true" />
      <b aria-hidden="true">{slot}</b>
      <span class="unseen">{words}</span>
    </>
  );
  return (
    <li class={`slot ${lights[state]}`} title={words}>
      {call ? <a href={`/calls/${call.call}`}>{inside}</a> : inside}
    </li>
  );
}
