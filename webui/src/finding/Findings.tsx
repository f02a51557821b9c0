import { useSignal } from "@preact/signals";
import { t, word } from "../i18n";
import { Button } from "../kit/Button";
import { Dialog } from "../kit/Dialog";
import { SelectField } from "../kit/Field";
import { choose, pin } from "./change";
import { configured, placeOf, settingName, valueInForce, valueWords, type Finding } from "./setting";
import "./finding.css";

/** What the autopilot found out about one span or line. */
export function Findings({ findings, onChange }: { findings: Finding[]; onChange: () => void }) {
  return (
    <ul class="findings">
      {findings.map((finding) => (
        <Item key={finding.setting} finding={finding} onChange={onChange} />
      ))}
    </ul>
  );
}

function Item({ finding, onChange }: { finding: Finding; onChange: () => void }) {
  const { subject, setting, value, grade, confidence, evidence } = finding;
  const changing = useSignal(false);
  const there = configured(subject);
  const pinned = there?.thing.pinned?.includes(setting) ?? finding.pinned;
  const inForce = valueInForce(subject, setting);
  const name = settingName(setting);

  async function toggle() {
    if (await pin(subject, setting, !pinned)) onChange();
  }
  return (
    <li>
      <div class="finding-what">
        <h3>{name}</h3>
        <p class="finding-value">{value == null ? t("findings.unknown") : valueWords(setting, value)}</p>
        {inForce !== undefined && value != null && inForce !== value && <p class="hint">{t("findings.inForce", { value: valueWords(setting, inForce) })}</p>}
      </div>
      <div class="finding-how">
        <p>
          <span class={`grade ${grade}`} title={word("grade?", grade)}>
            {word("grade", grade)}
          </span>
          <span class="hint">{word("confidence", confidence)}</span>
        </p>
        <Evidence sentences={evidence} />
      </div>
      {there && (
        <div class="finding-do">
          <Button icon={pinned ? "pin" : undefined} look={pinned ? "plain" : "quiet"} aria-pressed={pinned} title={t(pinned ? "findings.unpinWhy" : "findings.pinWhy")} onClick={toggle}>
            {t(pinned ? "findings.pinned" : "findings.pin")}
            <span class="unseen"> {name}</span>
          </Button>
          {placeOf(subject, setting)?.values && (
            <Button look="quiet" onClick={() => (changing.value = true)}>
              {t("findings.change")}
              <span class="unseen"> {name}</span>
            </Button>
          )}
        </div>
      )}
      {changing.value && <Change finding={finding} onClose={() => (changing.value = false)} onChange={onChange} />}
    </li>
  );
}

/** What was seen, the latest first: that is what decides. */
function Evidence({ sentences }: { sentences: readonly string[] }) {
  const [last, ...older] = [...sentences].reverse();
  if (!last) return null;
  return (
    <div class="evidence">
      <p>
        <span class="unseen">{t("findings.seen")} </span>
        {last}
      </p>
      {older.length > 0 && (
        <details>
          <summary>{t("findings.older", { n: older.length })}</summary>
          <ul>
            {older.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

/** The admin knows better. */
function Change({ finding, onClose, onChange }: { finding: Finding; onClose: () => void; onChange: () => void }) {
  const { subject, setting } = finding;
  const values = placeOf(subject, setting)?.values ?? [];
  const chosen = useSignal(valueInForce(subject, setting) ?? finding.value ?? values[0] ?? "");
  const options = [...new Set([...values, ...(chosen.peek() ? [chosen.peek()] : [])])].map((value) => ({ value, label: valueWords(setting, value) }));
  async function save() {
    if (!(await choose(subject, setting, chosen.value))) return;
    onChange();
    onClose();
  }
  return (
    <Dialog
      title={t("findings.changeTitle", { setting: settingName(setting) })}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{t("cancel")}</Button>
          <Button look="primary" onClick={save}>
            {t("findings.changeGo")}
          </Button>
        </>
      }
    >
      <p>{t("findings.changeWhy")}</p>
      <SelectField label={settingName(setting)} value={chosen.value} options={options} onChange={(value) => (chosen.value = value)} />
    </Dialog>
  );
}
