import type { Schemas } from "../api/client";
import { showList, showTime, t, word } from "../i18n";
import { Icon } from "../kit/Icon";
import { Lamp, type Light } from "../kit/Lamp";
import { Panel } from "../kit/Page";

type Result = Schemas["StepResult"];
type Verdict = Schemas["Verdict"];

const lights: Record<Verdict, Light> = { passed: "talk", failed: "fault", skipped: "rest" };
const reports = ["pdf", "html", "json"] as const;

/** How the steps went, those that failed first, and the report to take away. */
export function Results({ run }: { run: Schemas["RunState"] }) {
  const count = (verdict: Verdict) => run.results.filter((result) => result.verdict === verdict).length;
  const order: Verdict[] = ["failed", "passed", "skipped"];
  const counted = order.filter((verdict) => count(verdict) > 0).map((verdict) => t(`verdicts=${verdict}`, { n: count(verdict) }));
  const sorted = [...run.results].sort((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict));
  return (
    <Panel title={t(run.running ? "tests.soFar" : "tests.last")} aside={<Lamp light={count("failed") > 0 ? "fault" : "talk"}>{showList(counted)}</Lamp>}>
      <p class="panel-lede">
        {run.unit && `${t("tests.unitNamed", { unit: run.unit })} · `}
        {showTime(run.began_at)}
        {run.cancelled && ` · ${t("tests.cancelled")}`}
      </p>
      {!run.running && (
        <p class="test-reports">
          {reports.map((form) => (
            <a key={form} class="button plain" href={`/api/hardware_tests/reports/report.${form}`} download={`hardware-report.${form}`}>
              <Icon name="download" size={18} />
              {t("tests.report", { form: form.toUpperCase() })}
            </a>
          ))}
        </p>
      )}
      <ul class="test-results">
        {sorted.map((result) => (
          <Step key={`${result.test} ${result.subject}`} result={result} />
        ))}
      </ul>
    </Panel>
  );
}

function Step({ result }: { result: Result }) {
  const { verdict, title, subject, reason, remedy, values, files } = result;
  return (
    <li>
      <Lamp light={lights[verdict]}>{word("verdict", verdict)}</Lamp>
      <div>
        <p>
          <strong>{title}</strong> <span class="hint">{subject}</span>
        </p>
        <p class="test-reason">{reason}</p>
        {remedy && <p class="test-remedy">{t("tests.remedy", { remedy })}</p>}
        {(values.length > 0 || files.length > 0) && (
          <details>
            <summary>{t("tests.measured")}</summary>
            <dl class="test-values">
              {values.map((value, index) => (
                <div key={index}>
                  <dt>{value.name}</dt>
                  <dd class="mono">
                    {shown(value.value)} {value.unit}
                    {value.limit && <span class="hint"> ({value.limit})</span>}
                  </dd>
                </div>
              ))}
              {files.map((file) => (
                <div key={file}>
                  <dt>{t("tests.recording")}</dt>
                  <dd>
                    <a href={`/api/hardware_tests/files/${encodeURIComponent(file)}`} download={file}>
                      {file}
                    </a>
                  </dd>
                </div>
              ))}
            </dl>
          </details>
        )}
      </div>
    </li>
  );
}

/** As many places as a technician reads off an instrument. */
const shown = (value: number): string => (Number.isInteger(value) ? value.toLocaleString("en-GB") : value.toPrecision(4));
