import { signal } from "@preact/signals";
import { answer, api, type Schemas } from "../api/client";
import { match, retried } from "../api/write";
import { t } from "../i18n";
import { Button, Copy } from "../kit/Button";
import { ask, Dialog } from "../kit/Dialog";
import { tell } from "../shell/tell";

export type Account = Schemas["Account"];

const shown = signal<Account | null>(null);

/** Shows what to type into a phone. */
export async function showAccount(id: number): Promise<void> {
  await tell(answer(api.GET("/api/devices/{id}/account", { params: { path: { id } } })).then((account) => (shown.value = account)));
}

async function renew({ device, name }: Account): Promise<void> {
  const go = await ask({ title: t("account.renewTitle", { name }), body: <p>{t("account.renewWhy")}</p>, go: t("account.renew"), danger: true });
  if (!go) return;
  const call = () => answer(api.POST("/api/devices/{id}/password", { params: { path: { id: device }, header: match() } }));
  await tell(retried(call).then((account) => (shown.value = account)));
}

function rows(account: Account): [string, string][] {
  return [
    [t("account.server"), account.udp ?? account.tcp ?? "–"],
    [t("account.transport"), [account.udp && "UDP", account.tcp && "TCP"].filter(Boolean).join(", ")],
    [t("account.realm"), account.realm],
    [t("account.username"), account.username],
    [t("account.password"), account.password],
  ];
}

export const accountText = (account: Account): string => [account.name, ...rows(account).map(([label, value]) => `${label}: ${value}`)].join("\n");

export function AccountCard({ account }: { account: Account }) {
  return (
    <div class="account">
      <dl>
        {rows(account).map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd class="mono">{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

/** Where the account appears; once, in the shell. */
export function AccountDialog() {
  const account = shown.value;
  if (!account) return null;
  const close = () => (shown.value = null);
  return (
    <Dialog
      title={t("account.title", { name: account.name })}
      onClose={close}
      actions={
        <>
          <Button look="quiet" onClick={() => renew(account)}>
            {t("account.renew")}
          </Button>
          <Copy text={accountText(account)} label={t("account.copy")} />
          <Button look="primary" onClick={close}>
            {t("close")}
          </Button>
        </>
      }
    >
      <p>{t("account.why")}</p>
      <AccountCard account={account} />
    </Dialog>
  );
}
