import { useSignal } from "@preact/signals";
import { answer, api, type Schemas } from "../api/client";
import { problemFrom, unreachable } from "../api/problem";
import { showTime, t, word } from "../i18n";
import { Button } from "../kit/Button";
import { ask } from "../kit/Dialog";
import { SelectField, ToggleField } from "../kit/Field";
import { Lamp } from "../kit/Lamp";
import { Notice, Panel } from "../kit/Page";
import { tell } from "../shell/tell";
import type { MachineStatus } from "./machine";

type Source = Schemas["UpdateSource"];
type When = Schemas["SwitchWhen"];

/** New versions: brought, written into the slot that is not in use, taken into service. */
export function Update({ status, onChange }: { status: MachineStatus; onChange: () => void }) {
  const { update, slots, last_update: last } = status;
  const rests = update.state === "idle" || update.state === "failed" || update.state === "installed";
  return (
    <Panel title={t("update.title")} aside={<Lamp light={update.state === "failed" ? "fault" : rests ? "idle" : "ring"}>{word("update", update.state)}</Lamp>}>
      <ul class="interfaces" aria-label={t("update.slots")}>
        {slots.map((slot) => (
          <li key={slot.name}>
            <Lamp light={slot.booted ? "talk" : slot.good ? "idle" : "off"}>
              <b>{t("update.slot", { slot: slot.name })}</b>
            </Lamp>
            <span class="mono">{slot.version ?? "–"}</span>
            <span class="hint">{[slot.booted && t("update.runs"), slot.next && t("update.next"), !slot.good && t("update.unproved")].filter(Boolean).join(", ")}</span>
          </li>
        ))}
      </ul>
      <div class="panel-note update">
        <Now update={update} onChange={onChange} />
        {last && (
          <p class="hint">
            {t(last.fault ? "update.wentBack" : "update.wentWell", { from: last.from, to: last.to, time: showTime(last.at_s * 1000) })} {last.fault}
          </p>
        )}
        {rests && <Bring tooOld={update.state === "failed" && update.fault === "older"} onChange={onChange} />}
      </div>
    </Panel>
  );
}

function Now({ update, onChange }: { update: MachineStatus["update"]; onChange: () => void }) {
  switch (update.state) {
    case "fetching":
      return <Bar label={t("update.fetching", { size: mib(update.octets) })} />;
    case "installing":
      return <Bar label={update.step} percent={update.percent} />;
    case "failed":
      return <Notice kind="problem">{update.reason}</Notice>;
    case "on_trial":
      return (
        <Notice>
          <strong>{t("update.trial", { n: update.left_s })}</strong>
          <ul>
            {update.missing.map((missing) => (
              <li key={missing}>{missing}</li>
            ))}
          </ul>
        </Notice>
      );
    case "installed":
      return <Installed version={update.version} when={update.when ?? null} onChange={onChange} />;
    default:
      return null;
  }
}

const mib = (octets: number) => `${(octets / 2 ** 20).toFixed(0)} MiB`;

function Bar({ label, percent }: { label: string; percent?: number }) {
  return (
    <div class="update-bar">
      <p>{label}</p>
      <progress max={100} value={percent} aria-label={label} />
    </div>
  );
}

/** It is written: when shall it run? */
function Installed({ version, when, onChange }: { version: string; when: When | null; onChange: () => void }) {
  const hour = useSignal("3");
  async function take(when: When) {
    if (when.at === "now") {
      const go = await ask({ title: t("update.nowTitle", { version }), body: <p>{t("update.nowWhy")}</p>, go: t("update.now"), danger: true });
      if (!go) return;
    }
    if (await tell(answer(api.POST("/api/appliance/update/switch", { body: when })))) onChange();
  }
  async function wait() {
    if (await tell(answer(api.DELETE("/api/appliance/update/switch")))) onChange();
  }
  const hours = Array.from({ length: 24 }, (_, hour) => ({ value: String(hour), label: t("update.hour", { hour }) }));
  return (
    <Notice kind="good">
      <strong>{t("update.installed", { version })}</strong>
      <p>{when ? t(`update.when=${when.at}`, { hour: when.at === "hour" ? when.hour : "" }) : t("update.waits")}</p>
      {when ? (
        <Button onClick={wait}>{t("update.cancelSwitch")}</Button>
      ) : (
        <div class="update-when">
          <Button look="primary" onClick={() => take({ at: "idle" })}>
            {t("update.idle")}
          </Button>
          <Button onClick={() => take({ at: "now" })}>{t("update.now")}</Button>
          <SelectField label={t("update.atHour")} value={hour.value} options={hours} onChange={(value) => (hour.value = value)} />
          <Button onClick={() => take({ at: "hour", hour: Number(hour.value) })}>{t("update.tonight")}</Button>
        </div>
      )}
    </Notice>
  );
}

/** Where a new version comes from. After one was refused because it is older, it may be said that it is meant. */
function Bring({ tooOld, onChange }: { tooOld: boolean; onChange: () => void }) {
  const sent = useSignal<number | null>(null);
  const older = useSignal(false);
  async function install(source: Source | null) {
    if (!(await tell(answer(api.POST("/api/appliance/update", { body: { source, force: tooOld && older.value } }))))) return;
    older.value = false;
    onChange();
  }
  async function upload(file: File | undefined) {
    if (!file) return;
    sent.value = 0;
    const done = await tell(send(file, (percent) => (sent.value = percent)));
    sent.value = null;
    if (done) await install({ from: "upload" });
  }
  if (sent.value !== null) return <Bar label={t("update.uploading")} percent={sent.value} />;
  return (
    <>
      <p class="hint">{t("update.why")}</p>
      {tooOld && <ToggleField label={t("update.older")} hint={t("update.olderHint")} value={older.value} onChange={(value) => (older.value = value)} />}
      <div class="panel-buttons bare">
        <Button icon="download" onClick={() => install(null)}>
          {t("update.fetch")}
        </Button>
        <Button onClick={() => install({ from: "usb" })}>{t("update.usb")}</Button>
        <label class="button plain file">
          {t("update.upload")}
          <input type="file" accept=".raucb" onChange={(event) => upload(event.currentTarget.files?.[0])} />
        </label>
      </div>
    </>
  );
}

/** Sends a file, and tells how far it is: `fetch` cannot. */
function send(file: File, progress: (percent: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", "/api/appliance/update/bundle");
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = (event) => progress(Math.round((100 * event.loaded) / Math.max(1, event.total)));
    request.onerror = () => reject(unreachable());
    request.onload = () => (request.status < 300 ? resolve() : reject(problemFrom(request.status, parsed(request.responseText))));
    request.send(file);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
