import { useSignal } from "@preact/signals";
import { answer, api } from "../api/client";
import { Problem } from "../api/problem";
import { t } from "../i18n";
import { Button } from "../kit/Button";
import { TextField } from "../kit/Field";
import { Panel } from "../kit/Page";
import { say } from "../kit/Toast";
import { words } from "../shell/tell";

/** What the gateway asks of a passphrase. */
const shortest = 12;

/** Makes a backup: the browser saves it as a file. */
export function Make() {
  const passphrase = useSignal("");
  const again = useSignal("");
  const faults = useSignal<{ passphrase?: string; again?: string }>({});
  const busy = useSignal(false);

  async function submit(event: Event) {
    event.preventDefault();
    faults.value = {
      passphrase: passphrase.value.length < shortest ? t("backup.short") : undefined,
      again: passphrase.value === again.value ? undefined : t("backup.differs"),
    };
    if (faults.value.passphrase || faults.value.again) return;
    busy.value = true;
    try {
      const call = api.POST("/api/backup", { body: { passphrase: passphrase.value }, parseAs: "text" });
      const file = await answer(call);
      const name = (await call).response.headers.get("content-disposition")?.match(/filename="([^"]+)"/)?.[1];
      keep(file, name ?? "gateway.demarc");
      passphrase.value = again.value = "";
      say(t("backup.made"));
    } catch (problem) {
      const fault = problem instanceof Problem ? problem.faults.find(({ at }) => at === "/passphrase") : undefined;
      if (fault) faults.value = { passphrase: fault.message };
      else say(words(problem), { fault: true });
    }
    busy.value = false;
  }
  return (
    <Panel title={t("backup.make")}>
      <p class="panel-lede">{t("backup.makeWhy")}</p>
      <form class="inline-form" noValidate onSubmit={submit}>
        <TextField type="password" label={t("backup.passphrase")} hint={t("backup.passphraseHint")} autoComplete="new-password" error={faults.value.passphrase} value={passphrase.value} onInput={(text) => (passphrase.value = text)} />
        <TextField type="password" label={t("backup.again")} autoComplete="new-password" error={faults.value.again} value={again.value} onInput={(text) => (again.value = text)} />
        <Button type="submit" look="primary" icon="download" disabled={busy.value || !passphrase.value}>
          {t("backup.makeGo")}
        </Button>
      </form>
    </Panel>
  );
}

/** Has the browser save a text as a file. */
function keep(text: string, name: string) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/octet-stream" }));
  link.download = name;
  link.click();
  // The browser has its own hold of it once the download has begun.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
