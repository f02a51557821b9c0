import { useEffect } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { answer, api } from "../api/client";
import { Problem } from "../api/problem";
import { showDuration, showTime, t } from "../i18n";
import { Button } from "../kit/Button";
import { Lamp } from "../kit/Lamp";
import { Empty, Page, Panel } from "../kit/Page";
import { Ladder, type LadderData } from "../ladder/Ladder";
import { listen } from "../live/events";
import { live, now, type LiveCall } from "../live/store";
import { causeText } from "./cause";
import { callerOf, outcome, type CallRecord } from "./Calls";
import { callLight, callWords, hangUp } from "./LiveCalls";
import "./call.css";

/** How often the ladder of a live call is read anew, in ms: rows come without an event of their own. */
const follow = 700;

/** One call, live or past: its record and its ladder. */
export function Call({ id }: { id: number }) {
  const record = useSignal<CallRecord | null>(null);
  const ladder = useSignal<LadderData | null | undefined>(undefined);
  const call = live.value.calls.find((call) => call.call === id);
  const up = call !== undefined;

  useEffect(() => {
    let gone = false;
    const path = { id };
    const quiet = <T,>(work: Promise<T>) => work.catch((problem: unknown) => (problem instanceof Problem && problem.status === 404 ? null : undefined));
    async function read() {
      const [rows, row] = await Promise.all([
        quiet(answer(api.GET("/api/calls/{id}/ladder", { params: { path } })) as Promise<LadderData>),
        quiet(answer(api.GET("/api/call_records/{id}", { params: { path } }))),
      ]);
      if (gone) return;
      if (rows !== undefined && !(rows === null && ladder.value)) ladder.value = rows;
      if (row) record.value = row;
    }
    void read();
    const timer = up ? setInterval(read, follow) : undefined;
    const stop = listen((event) => {
      if (event.event === "call_ended" && event.call === id) setTimeout(read, 300);
    });
    return () => {
      gone = true;
      clearInterval(timer);
      stop();
    };
  }, [id, up]);

  const back = { href: "/calls", label: t("calls.title") };
  if (ladder.value === undefined && !record.value && !call) return <Page title={t("call.title")} back={back} children={null} />;
  if (!ladder.value && !record.value && !call) {
    return (
      <Page title={t("call.title")} back={back}>
        <Empty icon="calls" title={t("call.gone")}>
          {t("call.goneWhy")}
        </Empty>
      </Page>
    );
  }
  return (
    <Page
      title={headline(call, record.value)}
      back={back}
      actions={
        call && (
          <Button icon="hangup" look="danger" onClick={() => hangUp(call)}>
            {t("hangUp")}
          </Button>
        )
      }
    >
      <Panel class="facts">
        <dl>
          <Fact label={t("calls.outcome")}>
            {call ? <Lamp light={callLight(call)}>{callWords(call)}</Lamp> : record.value && <Lamp light={outcome(record.value).light}>{outcome(record.value).text}</Lamp>}
          </Fact>
          {call && (
            <Fact label={t("call.lasts")}>
              <span class="mono">{showDuration(now.value - (call.answered_ms ?? call.started_ms))}</span>
            </Fact>
          )}
          <Fact label={t("calls.when")}>{showTime(record.value?.started_ms ?? call?.started_ms ?? 0)}</Fact>
          {record.value && (
            <>
              <Fact label={t("call.from")}>{record.value.from}</Fact>
              <Fact label={t("call.to")}>{record.value.to || "–"}</Fact>
              {record.value.route && <Fact label={t("call.route")}>{record.value.route}</Fact>}
              {record.value.cause != null && <Fact label={t("calls.cause")}>{causeText(record.value.cause)}</Fact>}
              {record.value.reason && <Fact label={t("call.reason")}>{record.value.reason}</Fact>}
            </>
          )}
        </dl>
      </Panel>
      <Panel title={t("ladder.title")} aside={up && <Lamp light="talk">{t("ladder.live")}</Lamp>}>
        {ladder.value ? (
          <Ladder ladder={ladder.value} />
        ) : (
          <Empty icon="history" title={t("ladder.none")}>
            {t("ladder.noneWhy")}
          </Empty>
        )}
      </Panel>
    </Page>
  );
}

function headline(call: LiveCall | undefined, record: CallRecord | null): string {
  const caller = record ? callerOf(record) : call?.caller || t("unknownCaller");
  return `${caller} → ${record?.called ?? call?.called ?? ""}`;
}

function Fact({ label, children }: { label: string; children: preact.ComponentChildren }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}
