import { useEffect } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { answer, api, type Schemas } from "../api/client";
import { showDuration, showTime, t } from "../i18n";
import { Button } from "../kit/Button";
import { SelectField, TextField } from "../kit/Field";
import { Lamp, type Light } from "../kit/Lamp";
import { Empty, Notice, Page, Panel } from "../kit/Page";
import { Table } from "../kit/Table";
import { listen } from "../live/events";
import { navigate, query } from "../shell/router";
import { words } from "../shell/tell";
import { causeOptions, causeText } from "./cause";
import { LiveCalls } from "./LiveCalls";
import "./call.css";

export type CallRecord = Schemas["CallRecord"];

/** Who called, as an administrator may see it. */
export function callerOf({ caller }: CallRecord): string {
  const who = [caller.name, caller.number].filter(Boolean).join(" ") || t("unknownCaller");
  return caller.presentation === "restricted" ? `${who} (${t("withheld")})` : who;
}

export function outcome(record: CallRecord): { light: Light; text: string } {
  if (record.ended_ms == null) return { light: "talk", text: t("callUp") };
  if (record.answered_ms != null) return { light: "idle", text: t("talked", { time: showDuration(record.ended_ms - record.answered_ms) }) };
  return { light: record.cause === 16 ? "off" : "rest", text: record.cause != null ? causeText(record.cause) : t("notAnswered") };
}

const dayMs = 86_400_000;

/** Call records: search, filter, page. What is looked for is in the address, so that it can be kept. */
export function Calls() {
  const asked = query();
  const text = asked.get("text") ?? "";
  const answered = asked.get("answered") ?? "";
  const cause = asked.get("cause") ?? "";
  const day = asked.get("day") ?? "";
  const records = useSignal<CallRecord[] | null>(null);
  const next = useSignal<number | null>(null);
  const fault = useSignal<string | null>(null);

  async function read(before?: number) {
    const from = day ? new Date(`${day}T00:00`).getTime() : undefined;
    const params = {
      ...(text && { text }),
      ...(answered && { answered: answered === "true" }),
      ...(cause && { cause: Number(cause) }),
      ...(from !== undefined && { from_ms: from, to_ms: from + dayMs }),
      ...(before !== undefined && { before }),
    };
    try {
      const page = await answer(api.GET("/api/call_records", { params: { query: params } }));
      records.value = before === undefined ? page.records : [...(records.value ?? []), ...page.records];
      next.value = page.next ?? null;
      fault.value = null;
    } catch (problem) {
      fault.value = words(problem);
    }
  }

  useEffect(() => {
    const wait = setTimeout(() => void read(), records.value === null ? 0 : 200);
    const stop = listen((event) => {
      if (event.event === "call_ended" || (event.event === "call" && event.call.answered_ms == null)) void read();
    });
    return () => {
      clearTimeout(wait);
      stop();
    };
  }, [text, answered, cause, day]);

  function filter(name: string, value: string) {
    const changed = query();
    if (value) changed.set(name, value);
    else changed.delete(name);
    void navigate(changed.size > 0 ? `/calls?${changed}` : "/calls", "replace");
  }

  const filtered = text !== "" || answered !== "" || cause !== "" || day !== "";
  return (
    <Page title={t("calls.title")} lede={t("calls.lede")}>
      <Panel title={t("dashboard.live")}>
        <LiveCalls />
      </Panel>
      <search class="filters">
        <TextField type="search" label={t("calls.search")} value={text} placeholder={t("calls.searchHow")} onInput={(value) => filter("text", value)} />
        <SelectField
          label={t("calls.answered")}
          value={answered}
          options={[
            { value: "", label: t("calls.all") },
            { value: "true", label: t("calls.yes") },
            { value: "false", label: t("calls.no") },
          ]}
          onChange={(value) => filter("answered", value)}
        />
        <SelectField label={t("calls.cause")} value={cause} options={[{ value: "", label: t("calls.anyCause") }, ...causeOptions()]} onChange={(value) => filter("cause", value)} />
        <div class="field">
          <label for="calls-day">{t("calls.day")}</label>
          <input id="calls-day" type="date" value={day} onChange={(event) => filter("day", event.currentTarget.value)} />
        </div>
        <a class="button plain" href={`/api/call_records.csv?${new URLSearchParams({ ...(text && { text }), ...(answered && { answered }), ...(cause && { cause }) })}`} download>
          {t("calls.export")}
        </a>
      </search>
      {fault.value && <Notice kind="fault">{fault.value}</Notice>}
      {records.value && records.value.length > 0 && (
        <Panel>
          <Table
            label={t("calls.title")}
            id={(record) => record.call}
            rows={records.value}
            columns={[
              {
                name: t("calls.when"),
                mono: true,
                tight: true,
                cell: (record) => (
                  <a class="row-link" href={`/calls/${record.call}`}>
                    {showTime(record.started_ms)}
                  </a>
                ),
              },
              { name: t("calls.caller"), cell: callerOf },
              { name: t("calls.called"), mono: true, cell: (record) => (record.emergency ? `${record.called} · ${t("emergency")}` : record.called) },
              { name: t("calls.via"), cell: (record) => [record.from, record.to].filter(Boolean).join(" → ") },
              {
                name: t("calls.outcome"),
                cell: (record) => {
                  const { light, text } = outcome(record);
                  return <Lamp light={light}>{text}</Lamp>;
                },
              },
            ]}
          />
          {next.value !== null && (
            <div class="more">
              <Button onClick={() => read(next.value!)}>{t("calls.more")}</Button>
            </div>
          )}
        </Panel>
      )}
      {records.value?.length === 0 && (
        <Empty icon="calls" title={t(filtered ? "calls.noneFound" : "calls.none")}>
          {t(filtered ? "calls.noneFoundWhy" : "calls.noneWhy")}
        </Empty>
      )}
    </Page>
  );
}
