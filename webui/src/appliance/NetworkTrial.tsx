import { answer, api } from "../api/client";
import { t } from "../i18n";
import { Button } from "../kit/Button";
import { Notice } from "../kit/Page";
import { say } from "../kit/Toast";
import { tell } from "../shell/tell";
import type { MachineStatus } from "./machine";

/** A changed network is taken back unless somebody who still gets in says so. */
export function NetworkTrial({ status, onChange }: { status: MachineStatus; onChange: () => void }) {
  const { network_reverts_in_s: left, network_fault: fault } = status;
  async function keep() {
    if (!(await tell(answer(api.POST("/api/appliance/network/confirm"))))) return;
    say(t("network.kept"));
    onChange();
  }
  return (
    <>
      {left != null && (
        <Notice>
          <strong>{t("network.trial", { n: left })}</strong>
          <p>{t("network.trialWhy")}</p>
          <Button look="primary" onClick={keep}>
            {t("network.keep")}
          </Button>
        </Notice>
      )}
      {fault && left == null && <Notice kind="problem">{fault}</Notice>}
    </>
  );
}
