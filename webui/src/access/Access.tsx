import { useEffect } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { answer, api, type Schemas } from "../api/client";
import { Problem } from "../api/problem";
import { showTime, t } from "../i18n";
import { Button, Copy } from "../kit/Button";
import { ask, Dialog } from "../kit/Dialog";
import { TextField } from "../kit/Field";
import { Page, Panel } from "../kit/Page";
import { Table } from "../kit/Table";
import { say } from "../kit/Toast";
import { tell, words } from "../shell/tell";
import "./access.css";

/** Who may come in: the administrator's password, and tokens for programs. */
export function Access() {
  return (
    <Page title={t("access.title")} lede={t("access.lede")}>
      <Password />
      <Tokens />
    </Page>
  );
}

function Password() {
  const current = useSignal("");
  const next = useSignal("");
  const faults = useSignal<Record<string, string>>({});

  async function submit(event: Event) {
    event.preventDefault();
    try {
      await answer(api.PUT("/api/password", { body: { current: current.value, new: next.value } }));
      current.value = next.value = "";
      faults.value = {};
      say(t("access.changed"));
    } catch (problem) {
      faults.value = problem instanceof Problem ? Object.fromEntries(problem.faults.map((fault) => [fault.at, fault.message])) : {};
      if (Object.keys(faults.value).length === 0) say(words(problem), { fault: true });
    }
  }
  return (
    <Panel title={t("access.password")}>
      <form class="inline-form" onSubmit={submit}>
        <TextField type="password" label={t("access.current")} autoComplete="current-password" error={faults.value["/current"]} value={current.value} onInput={(text) => (current.value = text)} />
        <TextField type="password" label={t("access.new")} hint={t("access.newHint")} autoComplete="new-password" error={faults.value["/new"]} value={next.value} onInput={(text) => (next.value = text)} />
        <Button type="submit" look="primary" disabled={!current.value || !next.value}>
          {t("access.change")}
        </Button>
      </form>
    </Panel>
  );
}

function Tokens() {
  const tokens = useSignal<Schemas["Token"][]>([]);
  const name = useSignal("");
  const fault = useSignal<string | undefined>(undefined);
  const made = useSignal<Schemas["CreatedToken"] | null>(null);
  const read = () => tell(answer(api.GET("/api/tokens")).then((list) => (tokens.value = list)));
  useEffect(() => void read(), []);

  async function submit(event: Event) {
    event.preventDefault();
    try {
      made.value = await answer(api.POST("/api/tokens", { body: { name: name.value } }));
      name.value = "";
      fault.value = undefined;
      await read();
    } catch (problem) {
      fault.value = words(problem);
    }
  }

  async function revoke(token: Schemas["Token"]) {
    const go = await ask({ title: t("access.revokeTitle", { name: token.name }), body: <p>{t("access.revokeWhy")}</p>, go: t("access.revoke"), danger: true });
    if (go && (await tell(answer(api.DELETE("/api/tokens/{id}", { params: { path: { id: token.id } } }))))) await read();
  }

  return (
    <Panel title={t("access.tokens")}>
      <p class="panel-lede">{t("access.tokensWhy")}</p>
      {tokens.value.length > 0 && (
        <Table
          label={t("access.tokens")}
          id={(token) => token.id}
          rows={tokens.value}
          columns={[
            { name: t("access.tokenName"), cell: (token) => token.name },
            { name: t("access.created"), cell: (token) => showTime(token.created_ms) },
            { name: t("access.used"), cell: (token) => (token.last_used_ms == null ? t("access.never") : showTime(token.last_used_ms)) },
            {
              name: t("access.revoke"),
              tight: true,
              cell: (token) => (
                <Button icon="trash" look="quiet" bare onClick={() => revoke(token)}>
                  {t("access.revokeNamed", { name: token.name })}
                </Button>
              ),
            },
          ]}
        />
      )}
      <form class="inline-form" onSubmit={submit}>
        <TextField label={t("access.tokenName")} hint={t("access.tokenHint")} error={fault.value} value={name.value} onInput={(text) => (name.value = text)} />
        <Button type="submit" disabled={!name.value.trim()}>
          {t("access.make")}
        </Button>
      </form>
      {made.value && (
        <Dialog
          title={t("access.madeTitle", { name: made.value.name })}
          onClose={() => (made.value = null)}
          actions={
            <>
              <Copy text={made.value.token} />
              <Button look="primary" onClick={() => (made.value = null)}>
                {t("close")}
              </Button>
            </>
          }
        >
          <p>{t("access.madeWhy")}</p>
          <p class="secret mono">{made.value.token}</p>
        </Dialog>
      )}
    </Panel>
  );
}
