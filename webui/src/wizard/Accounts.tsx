import { useEffect } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { answer, api, type Schemas } from "../api/client";
import { AccountCard, accountText } from "../device/Account";
import { t } from "../i18n";
import { Button, Copy } from "../kit/Button";
import { Mark } from "../kit/Icon";
import { Notice } from "../kit/Page";
import { tell } from "../shell/tell";

/** The end of the first start: what to type into the phones. */
export function Accounts({ done, leave }: { done: Schemas["SetupDone"]; leave: () => void }) {
  const accounts = useSignal(done.accounts);
  const closed = accounts.value.some(({ udp, tcp }) => [udp, tcp].some((address) => address && /^(127\.|\[::1\])/.test(address)));
  const here = /^(localhost|127\.|\[::1\])/.test(location.hostname);

  useEffect(() => document.querySelector<HTMLElement>(".wizard h1")?.focus(), []);

  /** Serves SIP on every address: until then only this machine is let in. */
  async function openUp() {
    await tell(
      (async () => {
        const { data, response } = await api.GET("/api/system");
        if (!data) return;
        const everywhere = (address?: string | null) => address && address.replace(/^(127\.0\.0\.1|\[::1\])/, "0.0.0.0");
        const sip = { ...data.sip, udp: everywhere(data.sip.udp), tcp: everywhere(data.sip.tcp) };
        const header = { "If-Match": response.headers.get("etag") ?? "*" };
        await answer(api.PUT("/api/system", { params: { header }, body: { ...data, sip } }));
        accounts.value = await Promise.all(accounts.value.map(({ device }) => answer(api.GET("/api/devices/{id}/account", { params: { path: { id: device } } }))));
      })(),
    );
  }

  return (
    <main class="door" id="main">
      <div class="door-card wizard">
        <p class="brand">
          <Mark size={34} />
          Demarc
        </p>
        <h1 tabIndex={-1}>{t("wizard.done.title")}</h1>
        <p class="lede">{t("wizard.done.why")}</p>
        {closed && !here && (
          <Notice>
            <p>{t("wizard.closed")}</p>
            <Button onClick={openUp}>{t("wizard.open")}</Button>
          </Notice>
        )}
        <div class="accounts">
          {accounts.value.map((account) => (
            <section key={account.device} aria-label={account.name}>
              <header>
                <h2>{account.name}</h2>
                <Copy text={accountText(account)} />
              </header>
              <AccountCard account={account} />
            </section>
          ))}
        </div>
        <div class="door-actions">
          <Button look="primary" onClick={leave}>
            {t("wizard.toDashboard")}
          </Button>
        </div>
      </div>
    </main>
  );
}
