import { useMemo } from "preact/hooks";
import { system } from "../api/config";
import { answer, api, type Schemas } from "../api/client";
import { match, saveForm } from "../api/write";
import { t, word } from "../i18n";
import { Page } from "../kit/Page";
import { Fold, Section } from "../kit/Field";
import { say } from "../kit/Toast";
import { Fields } from "../noun/fields";
import { FormShell, useForm } from "../noun/FormShell";
import { countries, countryName } from "./countries";

type System = Schemas["System"];

const featureNames: Schemas["Feature"][] = [
  "forward_always",
  "forward_always_off",
  "forward_always_ask",
  "forward_busy",
  "forward_busy_off",
  "forward_busy_ask",
  "forward_no_answer",
  "forward_no_answer_off",
  "forward_no_answer_ask",
  "do_not_disturb",
  "do_not_disturb_off",
  "do_not_disturb_ask",
  "call_waiting",
  "call_waiting_off",
  "call_waiting_ask",
  "withhold",
  "show",
  "redial",
  "call_return",
  "pick_up",
  "park",
  "message_lamp",
  "message_lamp_off",
];

const features = () => featureNames.map((value) => ({ value, label: word("feature", value) }));

export function SystemPage() {
  if (!system.value) return null;
  return <Editor value={system.value} />;
}

const put = (body: System, base: number): Promise<System> => answer(api.PUT("/api/system", { params: { header: match(base) }, body }));

function Editor({ value }: { value: System }) {
  const form = useForm(value);
  const f = useMemo(() => new Fields<"system", System>("system", form), [form]);
  async function submit() {
    if (await saveForm("system", form, put, () => system.peek() ?? undefined)) say(t("saved"));
  }
  return (
    <Page title={t("system.title")} lede={t("system.lede")}>
      <FormShell form={form} onSubmit={submit}>
        <Section title={t("system.site")} lede={t("system.siteWhy")}>
          {f.text("/name")}
          <div class="two">
            {f.choice("/country", countries(), { named: countryName })}
            {f.text("/area_code", { mono: true })}
          </div>
          {f.texts("/emergency_numbers")}
        </Section>
        <Section title={t("system.calls")} lede={t("system.callsWhy")}>
          <div class="two">
            {f.number("/ring_timeout_s", 5, 300, t("seconds"))}
            {f.number("/max_call_minutes", 1, 1440, t("minutes"))}
          </div>
          {f.choice("/cause_profile", ["rfc3398", "asterisk", "audiocodes"])}
        </Section>
        <Section title={t("system.sip")} lede={t("system.sipWhy")}>
          <div class="two">
            {f.text("/sip/udp", { mono: true, optional: true, placeholder: t("off") })}
            {f.text("/sip/tcp", { mono: true, optional: true, placeholder: t("off") })}
          </div>
          {f.text("/sip/realm", { mono: true })}
          {f.text("/sip/external_address", { mono: true, optional: true, placeholder: t("ownAddress") })}
          {f.number("/sip/registration_max_s", 60, 86400, t("seconds"))}
        </Section>
        <Section title={t("system.rtp")} lede={t("system.rtpWhy")}>
          <div class="two">
            {f.number("/rtp/first_port", 1024, 65534)}
            {f.number("/rtp/ports", 2, 2000)}
          </div>
          {f.number("/rtp/lost_after_s", 0, 3600, t("seconds"))}
        </Section>
        <Fold title={t("system.codes")} lede={t("system.codesWhy")}>
          <Section title={t("system.codes")} lede={t("system.codesHow")}>
            {f.rows(
              "/feature_codes",
              [
                { key: "code", label: t("system.code"), placeholder: "*21*N#" },
                { key: "feature", label: t("system.feature"), options: features(), share: 2.2 },
              ],
              () => ({ code: "", feature: "redial" as const }),
            )}
          </Section>
        </Fold>
      </FormShell>
      <p class="hint">
        <a href="/licenses.txt" target="_blank" rel="noreferrer">
          {t("system.licenses")}
        </a>
      </p>
    </Page>
  );
}
