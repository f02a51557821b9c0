import type { Schemas } from "../api/client";
import type { Problem } from "../api/problem";
import { t, word } from "../i18n";
import { Lamp } from "../kit/Lamp";
import { Notice, Panel } from "../kit/Page";

type Status = Schemas["SpanStatus"];

/** Counters, those first that a technician asks for first. */
const counters = ["slips", "crc_errors", "far_crc_errors", "frame_errors", "code_violations", "bipolar_violations", "errored_seconds", "bad_frames", "missed_interrupts", "bit_errors"] as const;

/** The wire: alarms in words, the clock, and what was counted. */
export function Layer1({ status, problem }: { status: Status | undefined; problem: Problem | undefined }) {
  const { alarms = [], maintenance = "none" } = status ?? {};
  return (
    <Panel title={t("layer1.title")} aside={status && <Lamp light={alarms.length > 0 ? "fault" : "talk"}>{t(alarms.length > 0 ? "layer1.alarms" : "up", { n: alarms.length })}</Lamp>}>
      {problem && (
        <div class="panel-note">
          <Notice kind="problem">{problem.message}</Notice>
        </div>
      )}
      {alarms.length > 0 && (
        <ul class="alarms">
          {alarms.map((alarm) => (
            <li key={alarm}>
              <Notice kind="problem">
                <strong>{word("alarm", alarm)}</strong>
                <p>{word("alarm?", alarm)}</p>
              </Notice>
            </li>
          ))}
        </ul>
      )}
      {status && (
        <>
          <p class="panel-lede">
            {t(status.is_clock ? "layer1.isClock" : "layer1.noClock")}
            {maintenance !== "none" && ` ${word("maintenance", maintenance)}.`}
          </p>
          <dl class="counters">
            {counters.map((counter) => {
              const n = status[counter] ?? 0;
              return (
                <div key={counter} class={n > 0 ? "some" : undefined} title={word("counter?", counter)}>
                  <dt>{word("counter", counter)}</dt>
                  <dd class="mono">{n.toLocaleString("en-GB")}</dd>
                </div>
              );
            })}
          </dl>
        </>
      )}
    </Panel>
  );
}
