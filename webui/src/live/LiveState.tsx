import { t, word } from "../i18n";
import { Lamp } from "../kit/Lamp";
import { lights } from "./lights";
import type { ChannelState } from "./store";

/** What a line does now. */
export function LiveState({ state }: { state: ChannelState | undefined }) {
  if (!state) return <Lamp light="off">{t("unknown")}</Lamp>;
  return <Lamp light={lights[state]}>{word("state", state)}</Lamp>;
}

/** Whether something can be used now, and why not. */
export function UpState({ up, why, good = t("up"), bad = t("notUp") }: { up: boolean | undefined; why?: string | null; good?: string; bad?: string }) {
  if (up === undefined) return <Lamp light="off">{t("unknown")}</Lamp>;
  return <Lamp light={up ? "talk" : "fault"}>{up ? good : (why ?? bad)}</Lamp>;
}
