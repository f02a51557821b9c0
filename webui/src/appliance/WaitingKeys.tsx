import { t } from "../i18n";
import { Notice } from "../kit/Page";
import type { MachineStatus } from "./machine";

/** Keys for the remote shell that nobody in front of the unit has confirmed: what is to be done there. */
export function WaitingKeys({ status }: { status: MachineStatus }) {
  const keys = status.ssh_waiting ?? [];
  if (keys.length === 0) return null;
  return (
    <Notice>
      <strong>{t("network.sshWaiting", { n: keys.length })}</strong>
      <p>{t("network.sshConfirm")}</p>
      <ul class="waiting-keys">
        {keys.map((key) => (
          <li key={key.fingerprint}>
            {key.comment || t("network.sshNameless")} <code>{key.fingerprint}</code>
          </li>
        ))}
      </ul>
      <p>{t("network.sshUnknown")}</p>
    </Notice>
  );
}
