import { t } from "../i18n";
import { Page } from "../kit/Page";
import { Make } from "./Make";
import { Restore } from "./Restore";
import "./backup.css";

/** Backups of the configuration: made here, and restored on this unit or another one. */
export function BackupPage() {
  return (
    <Page title={t("backup.title")} lede={t("backup.lede")}>
      <Make />
      <Restore />
    </Page>
  );
}
