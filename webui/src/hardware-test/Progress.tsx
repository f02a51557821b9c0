import { answer, api, type Schemas } from "../api/client";
import { t } from "../i18n";
import { Button } from "../kit/Button";
import { ask } from "../kit/Dialog";
import { Notice, Panel } from "../kit/Page";
import { tell } from "../shell/tell";

/** The run that goes on: what it does now, how far it is, and what it asks. */
export function Progress({ run, tests, onChange }: { run: Schemas["RunState"]; tests: Schemas["TestInfo"][]; onChange: () => void }) {
  const { now, steps, results } = run;
  const done = results.length;
  const title = tests.find((test) => test.id === now?.test)?.title ?? now?.test;

  async function cancel() {
    const go = await ask({ title: t("tests.cancelTitle"), body: <p>{t("tests.cancelWhy")}</p>, go: t("tests.cancel"), stay: t("tests.goOn"), danger: true });
    if (go && (await tell(answer(api.DELETE("/api/hardware_tests/run"))))) onChange();
  }
  async function reply(yes: boolean) {
    if (await tell(answer(api.POST("/api/hardware_tests/run/answer", { body: { yes } })))) onChange();
  }
  return (
    <Panel
      title={t("tests.running")}
      aside={
        <Button look="quiet" onClick={cancel}>
          {t("tests.cancel")}
        </Button>
      }
    >
      <div class="test-progress">
        <p>
          <strong>{title ?? t("tests.preparing")}</strong>
          {now && <span class="hint"> {now.subject}</span>}
        </p>
        <progress max={Math.max(1, steps) * 100} value={done * 100 + (now?.percent ?? 0)} aria-label={t("tests.progress")} />
        <p class="test-doing">
          <span>{now?.doing}</span>
          <span class="hint">{t("tests.stepOf", { n: Math.min(done + 1, steps), of: steps })}</span>
        </p>
        {now?.question && (
          <Notice>
            <strong>{now.question}</strong>
            <div class="test-answer">
              <Button look="primary" onClick={() => reply(true)}>
                {t("yes")}
              </Button>
              <Button onClick={() => reply(false)}>{t("no")}</Button>
            </div>
          </Notice>
        )}
      </div>
    </Panel>
  );
}
