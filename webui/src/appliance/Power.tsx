import { useSignal } from "@preact/signals";
import { answer, api } from "../api/client";
import { Problem } from "../api/problem";
import { t } from "../i18n";
import { Button, Copy } from "../kit/Button";
import { ask, Dialog } from "../kit/Dialog";
import { TextField } from "../kit/Field";
import { Panel } from "../kit/Page";
import { say } from "../kit/Toast";
import { tell, words } from "../shell/tell";

/** The unit's switches, and its log. */
export function Power() {
  const erasing = useSignal(false);
  const log = useSignal<string[] | null>(null);

  async function sure(what: "reboot" | "powerOff", work: () => Promise<unknown>) {
    const go = await ask({ title: t(`power.${what}Title`), body: <p>{t(`power.${what}Why`)}</p>, go: t(`power.${what}`), danger: true });
    if (go && (await tell(work()))) say(t(`power.${what}Done`));
  }
  const readLog = () => tell(answer(api.GET("/api/appliance/log", { params: { query: { lines: 400 } } })).then((lines) => (log.value = lines)));
  return (
    <Panel title={t("power.title")}>
      <p class="panel-lede">{t("power.why")}</p>
      <div class="panel-buttons">
        <Button onClick={readLog}>{t("power.log")}</Button>
        <Button icon="restart" onClick={() => sure("reboot", () => answer(api.POST("/api/appliance/reboot")))}>
          {t("power.reboot")}
        </Button>
        <Button onClick={() => sure("powerOff", () => answer(api.POST("/api/appliance/power_off")))}>{t("power.powerOff")}</Button>
        <Button look="danger" icon="trash" onClick={() => (erasing.value = true)}>
          {t("power.erase")}
        </Button>
      </div>
      {erasing.value && <Erase onClose={() => (erasing.value = false)} />}
      {log.value && (
        <Dialog
          title={t("power.log")}
          onClose={() => (log.value = null)}
          actions={
            <>
              <Button onClick={readLog}>{t("power.readAgain")}</Button>
              <Copy text={log.value.join("\n")} />
              <Button look="primary" onClick={() => (log.value = null)}>
                {t("close")}
              </Button>
            </>
          }
        >
          <pre class="log mono" tabIndex={0}>
            {log.value.join("\n")}
          </pre>
        </Dialog>
      )}
    </Panel>
  );
}

/** Everything is forgotten: the password is asked again. */
function Erase({ onClose }: { onClose: () => void }) {
  const password = useSignal("");
  const fault = useSignal<string | undefined>(undefined);
  async function submit(event: Event) {
    event.preventDefault();
    try {
      await answer(api.POST("/api/appliance/factory_reset", { body: { password: password.value } }));
      say(t("power.eraseDone"));
      onClose();
    } catch (problem) {
      fault.value = problem instanceof Problem ? words(problem) : t("problemOurs");
    }
  }
  return (
    <Dialog
      title={t("power.eraseTitle")}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{t("cancel")}</Button>
          <Button look="danger" type="submit" form="erase" disabled={!password.value}>
            {t("power.erase")}
          </Button>
        </>
      }
    >
      <p>{t("power.eraseWhy")}</p>
      <form id="erase" onSubmit={submit}>
        <TextField type="password" label={t("login.password")} autoComplete="current-password" error={fault.value} value={password.value} onInput={(text) => (password.value = text)} />
      </form>
    </Dialog>
  );
}
