import type { Schemas } from "../api/client";
import { t } from "../i18n";
import { Button } from "../kit/Button";
import { SelectField, TextField } from "../kit/Field";
import { countries, countryName } from "../system/countries";
import type { StepProps } from "./Wizard";

export function Code({ entry, change, error }: StepProps) {
  return <TextField mono label={t("wizard.codeLabel")} hint={t("wizard.codeHint")} placeholder="XXXX-XXXX" error={error("/code")} value={entry.code} onInput={(code) => change({ code })} />;
}

export function Password({ entry, change, error }: StepProps) {
  return (
    <>
      <input class="unseen" type="text" name="username" autocomplete="username" value="admin" readOnly tabIndex={-1} aria-hidden="true" />
      <TextField type="password" label={t("wizard.passwordLabel")} hint={t("access.newHint")} autoComplete="new-password" error={error("/password")} value={entry.password} onInput={(password) => change({ password })} />
      <TextField type="password" label={t("wizard.passwordAgain")} autoComplete="new-password" error={error("/again")} value={entry.again} onInput={(again) => change({ again })} />
    </>
  );
}

export function Site({ entry, wizard, error }: StepProps) {
  return (
    <>
      <TextField label={t("system/name")} hint={t("system/name?")} error={error("/wizard/name") ?? error("/system/name")} value={entry.wizard.name ?? ""} onInput={(name) => wizard({ name })} />
      <div class="two">
        <SelectField
          label={t("system/country")}
          value={entry.wizard.country}
          options={countries().map((value) => ({ value, label: countryName(value) }))}
          onChange={(country) => wizard({ country: country as Schemas["Country"] })}
        />
        <TextField mono label={t("system/area_code")} error={error("/wizard/area_code") ?? error("/system/area_code")} placeholder="20" value={entry.wizard.area_code ?? ""} onInput={(area_code) => wizard({ area_code })} />
      </div>
      <p class="hint">{t("wizard.siteHint")}</p>
    </>
  );
}

export function Phones({ entry, wizard, error }: StepProps) {
  const { phones } = entry.wizard;
  const put = (index: number, part: Partial<Schemas["WizardPhone"]>) => wizard({ phones: phones.map((phone, at) => (at === index ? { ...phone, ...part } : phone)) });
  const next = String(Math.max(200, ...phones.map((phone) => Number(phone.number) || 0)) + 1);
  return (
    <div class="rows">
      {phones.map((phone, index) => (
        <div class="row" role="group" aria-label={t("wizard.phone", { n: index + 1 })} key={index}>
          <TextField mono label={t("extension/number")} error={error(`/wizard/phones/${index}/number`)} value={phone.number} onInput={(number) => put(index, { number })} />
          <TextField label={t("wizard.phoneName")} error={error(`/wizard/phones/${index}/name`)} placeholder={index === 0 ? t("wizard.phoneExample") : undefined} value={phone.name} onInput={(name) => put(index, { name })} />
          <Button icon="close" look="quiet" bare disabled={phones.length === 1} onClick={() => wizard({ phones: phones.filter((_, at) => at !== index) })}>
            {t("removeNamed", { name: phone.name || phone.number })}
          </Button>
        </div>
      ))}
      <Button icon="plus" look="plain" onClick={() => wizard({ phones: [...phones, { number: next, name: "" }] })}>
        {t("wizard.morePhones")}
      </Button>
    </div>
  );
}

export function Answers({ entry, wizard, error }: StepProps) {
  const { answers, phones } = entry.wizard;
  const put = (index: number, part: Partial<Schemas["WizardAnswer"]>) => wizard({ answers: answers.map((row, at) => (at === index ? { ...row, ...part } : row)) });
  return (
    <div class="rows">
      {answers.map((row, index) => (
        <div class="row answer" role="group" aria-label={t("wizard.answer", { n: index + 1 })} key={index}>
          <TextField mono type="tel" label={t("wizard.number")} error={error(`/wizard/answers/${index}/called`)} placeholder="+442079460900" value={row.called} onInput={(called) => put(index, { called })} />
          <fieldset class={`checks${error(`/wizard/answers/${index}/numbers`) ? " wrong" : ""}`}>
            <legend>{t("wizard.rings")}</legend>
            {phones.map(({ number, name }) => (
              <label key={number}>
                <input
                  type="checkbox"
                  checked={row.numbers.includes(number)}
                  onChange={(event) => put(index, { numbers: event.currentTarget.checked ? [...row.numbers, number] : row.numbers.filter((other) => other !== number) })}
                />
                <span class="mono">{number}</span> {name}
              </label>
            ))}
          </fieldset>
          <Button icon="close" look="quiet" bare disabled={answers.length === 1} onClick={() => wizard({ answers: answers.filter((_, at) => at !== index) })}>
            {t("removeNamed", { name: row.called || t("wizard.number") })}
          </Button>
        </div>
      ))}
      <Button icon="plus" look="plain" onClick={() => wizard({ answers: [...answers, { called: "", numbers: phones.slice(0, 1).map((phone) => phone.number) }] })}>
        {t("wizard.moreNumbers")}
      </Button>
      <p class="hint">{t("wizard.answersHint")}</p>
    </div>
  );
}
