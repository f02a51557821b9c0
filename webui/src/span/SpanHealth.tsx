import { find } from "../api/config";
import { showList, t, word } from "../i18n";
import { Lamp } from "../kit/Lamp";
import type { LiveSpan } from "../live/store";

/** The layers of a span below its calls, in words. */
export function SpanHealth({ span }: { span: LiveSpan | undefined }) {
  if (!span) return <Lamp light="off">{t("unknown")}</Lamp>;
  if (span.alarms.length > 0) return <Lamp light="fault">{showList(span.alarms.map((alarm) => word("alarm", alarm)))}</Lamp>;
  if (!span.d_channel_up) return <Lamp light="fault">{t("dChannelDown")}</Lamp>;
  const signalling = find("span", span.span)?.signalling?.type ?? "isdn";
  return <Lamp light="talk">{t(signalling === "isdn" ? "spanUp" : "up")}</Lamp>;
}
