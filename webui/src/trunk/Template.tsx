import { useEffect } from "preact/hooks";
import { signal, useSignal } from "@preact/signals";
import { answer, api, type Schemas } from "../api/client";
import { system, type Nouns } from "../api/config";
import { t } from "../i18n";
import { Copy } from "../kit/Button";
import { SelectField } from "../kit/Field";
import { Notice } from "../kit/Page";
import type { Fields } from "../noun/fields";
import { tell } from "../shell/tell";
import "./template.css";

type Template = Schemas["TrunkTemplate"];

const templates = signal<Template[] | null>(null);

/**
 * Gateways of other makers. On a new trunk the choice fills the form in; always it shows what to
 * set on the box.
 */
export function TemplateField({ f }: { f: Fields<"trunk", Nouns["trunk"]> }) {
  const chosen = useSignal("");
  useEffect(() => {
    if (!templates.value) void tell(answer(api.GET("/api/trunk-templates")).then((found) => (templates.value = found)));
  }, []);
  const fresh = f.value.id === 0;
  const template = templates.value?.find(({ id }) => id === chosen.value);
  const options = [{ value: "", label: t(fresh ? "template.none" : "choose") }, ...(templates.value ?? []).map(({ id, maker, models }) => ({ value: id, label: `${maker}: ${models}` }))];

  function choose(id: string) {
    chosen.value = id;
    const found = templates.value?.find((template) => template.id === id);
    const { kind } = f.value;
    if (!fresh || !found || kind.type !== "sip") return;
    // What was typed already stays: no template knows addresses and accounts.
    const { host, username, password } = kind;
    f.set("/kind", { ...found.peer, type: "sip", host, username: username || found.peer.username, password });
    if (!f.value.name) f.set("/name", found.maker);
  }
  return (
    <>
      <SelectField label={t("template.label")} hint={t(fresh ? "template.hint" : "template.again")} value={chosen.value} options={options} onChange={choose} />
      {template && <Steps template={template} />}
    </>
  );
}

/** Our own address, as the box has to know it; `closed`: only this machine reaches it. */
function own(): { GATEWAY: string; PORT: string; closed: boolean } {
  const sip = system.value?.sip;
  const [, host = "", port = "5060"] = (sip?.udp ?? sip?.tcp ?? "").match(/^\[?(.*?)\]?:(\d+)$/) ?? [];
  const everywhere = host === "" || host === "0.0.0.0" || host === "::";
  const closed = host === "::1" || host.startsWith("127.");
  return { GATEWAY: sip?.external_address ?? (everywhere || closed ? location.hostname : host), PORT: port, closed };
}

function Steps({ template }: { template: Template }) {
  const { GATEWAY, PORT, closed } = own();
  const filled = (text: string) => text.replaceAll("GATEWAY", GATEWAY).replaceAll(/\bPORT\b/g, PORT);
  const text = [`${template.maker}: ${template.models}`, ...template.steps.map(({ page, set, why }, index) => `${index + 1}. ${page}: ${filled(set)} (${why})`), ...template.notes].join("\n");
  return (
    <section class="template" aria-label={t("template.steps", { maker: template.maker })}>
      <header>
        <h3>{t("template.steps", { maker: template.maker })}</h3>
        <Copy text={text} label={t("template.copy")} />
      </header>
      <p class="hint">{template.models}</p>
      {closed && (
        <Notice>
          {t("template.closed")} <a href="/system">{t("system.title")}</a>
        </Notice>
      )}
      <ol>
        {template.steps.map(({ page, set, why }, index) => (
          <li key={index}>
            <span class="mono">{page}</span>
            <strong>{filled(set)}</strong>
            <small>{t("template.otherwise", { why })}</small>
          </li>
        ))}
      </ol>
      {template.notes.map((note) => (
        <p key={note} class="hint">
          {note}
        </p>
      ))}
    </section>
  );
}
