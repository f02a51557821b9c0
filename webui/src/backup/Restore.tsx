import { useSignal } from "@preact/signals";
import { answer, api, type Schemas } from "../api/client";
import { Problem } from "../api/problem";
import { match, retried } from "../api/write";
import { showList, showTime, t } from "../i18n";
import { Button } from "../kit/Button";
import { ask } from "../kit/Dialog";
import { FieldGroup, TextField, ToggleField } from "../kit/Field";
import { Notice, Panel } from "../kit/Page";
import { say } from "../kit/Toast";
import { tell, words } from "../shell/tell";
import { Mapping, type Row } from "./Mapping";

type Contents = Schemas["BackupContents"];

/** Restores a backup: opened first, so that it is seen what goes where. */
export function Restore() {
  const file = useSignal<{ name: string; text: string } | null>(null);
  const passphrase = useSignal("");
  const contents = useSignal<Contents | null>(null);
  const faults = useSignal<{ file?: string; passphrase?: string }>({});
  const done = useSignal<string | null>(null);
  const busy = useSignal(false);

  function close() {
    contents.value = file.value = null;
    passphrase.value = "";
  }

  async function look(event: Event) {
    event.preventDefault();
    faults.value = { file: file.value ? undefined : t("backup.noFile"), passphrase: passphrase.value ? undefined : t("backup.noPassphrase") };
    if (!file.value || !passphrase.value) return;
    busy.value = true;
    done.value = null;
    try {
      contents.value = await answer(api.POST("/api/backup/inspect", { body: { file: file.value.text, passphrase: passphrase.value } }));
    } catch (problem) {
      const at = (place: string) => (problem instanceof Problem ? problem.faults.find((fault) => fault.at === place)?.message : undefined);
      faults.value = { file: at("/file"), passphrase: at("/passphrase") };
      if (!faults.value.file && !faults.value.passphrase) say(words(problem), { fault: true });
    }
    busy.value = false;
  }

  if (contents.value && file.value) {
    const secret = { file: file.value.text, passphrase: passphrase.value };
    return (
      <Opened
        contents={contents.value}
        secret={secret}
        onClose={close}
        onDone={(unit) => {
          close();
          done.value = unit;
        }}
      />
    );
  }
  return (
    <Panel title={t("backup.restore")}>
      <p class="panel-lede">{t("backup.restoreWhy")}</p>
      {done.value !== null && (
        <div class="panel-note">
          <Notice kind="good">
            {t("backup.restored", { unit: done.value })} <a href="/revisions">{t("revisions.title")}</a>
          </Notice>
        </div>
      )}
      <form class="inline-form" noValidate onSubmit={look}>
        <FieldGroup label={t("backup.file")} error={faults.value.file}>
          <div class="backup-file">
            <label class="button plain file">
              {t("backup.choose")}
              <input
                type="file"
                accept=".demarc"
                onChange={async (event) => {
                  const chosen = event.currentTarget.files?.[0];
                  if (!chosen) return;
                  file.value = { name: chosen.name, text: await chosen.text() };
                  faults.value = {};
                }}
              />
            </label>
            <span class="hint" aria-live="polite">
              {file.value?.name ?? t("backup.none")}
            </span>
          </div>
        </FieldGroup>
        <TextField type="password" label={t("backup.itsPassphrase")} autoComplete="off" error={faults.value.passphrase} value={passphrase.value} onInput={(text) => (passphrase.value = text)} />
        <Button type="submit" disabled={busy.value}>
          {t("backup.open")}
        </Button>
      </form>
    </Panel>
  );
}

interface OpenedProps {
  contents: Contents;
  secret: { file: string; passphrase: string };
  onClose: () => void;
  onDone: (unit: string) => void;
}

/** What is in it, and where it goes. */
function Opened({ contents, secret, onClose, onDone }: OpenedProps) {
  const { unit, counts, hardware, here } = contents;
  const rows = useSignal<Row[]>(contents.moves.map((move) => ({ move, to: move.to ?? null })));
  const network = useSignal(false);
  const busy = useSignal(false);
  const lost = rows.value.filter((row) => row.to === null);

  async function restore() {
    const go = await ask({ title: t("backup.sureTitle", { unit: unit.name }), body: <p>{t("backup.sureWhy")}</p>, go: t("backup.go") });
    if (!go) return;
    busy.value = true;
    const mapping = rows.value.map(({ move, to }) => ({ from: move.from, to }));
    const call = () => answer(api.POST("/api/backup/restore", { params: { header: match() }, body: { ...secret, mapping, network: network.value } }));
    const done = await tell(retried(call));
    busy.value = false;
    if (done) onDone(unit.name);
  }

  const holds = [t("backup.extensions", { n: counts.extensions }), t("backup.devices", { n: counts.devices }), t("backup.trunks", { n: counts.trunks })];
  if (counts.learned_lines > 0) holds.push(t("backup.learned", { n: counts.learned_lines }));
  const facts: [string, string][] = [
    [t("backup.unit"), `${unit.name} (${unit.hostname})`],
    [t("backup.madeAt"), showTime(unit.at_ms)],
    [t("backup.version"), unit.version],
    [t("backup.holds"), showList(holds)],
  ];
  if (unit.macs && unit.macs.length > 0) facts.splice(1, 0, [t("backup.macs"), unit.macs.join(", ")]);
  return (
    <Panel title={t("backup.opened")}>
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {lost.length > 0 && (
        <div class="panel-note">
          <Notice>
            <strong>{t("backup.lost", { n: lost.length })}</strong>
            <ul class="backup-lost">
              {lost.map(({ move }) => (
                <li key={`${move.what.noun} ${move.what.id}`}>
                  {move.what.name}
                  {move.users.length > 0 && ` – ${t("backup.usedBy", { users: showList(move.users.map((user) => user.name)) })}`}
                </li>
              ))}
            </ul>
          </Notice>
        </div>
      )}
      {rows.value.length > 0 && <Mapping rows={rows.value} hardware={hardware} here={here} onChange={(next) => (rows.value = next)} />}
      <div class="backup-go">
        <ToggleField label={t("backup.network")} hint={t("backup.networkHint")} value={network.value} onChange={(value) => (network.value = value)} />
        <p class="hint">{t("backup.twice")}</p>
        <div class="panel-buttons bare">
          <Button look="primary" disabled={busy.value} onClick={restore}>
            {t("backup.go")}
          </Button>
          <Button look="quiet" onClick={onClose}>
            {t("cancel")}
          </Button>
        </div>
      </div>
    </Panel>
  );
}
