import type { Schemas } from "../api/client";
import { t, word } from "../i18n";
import { Panel } from "../kit/Page";
import { Table } from "../kit/Table";

type Exposed = Schemas["Exposed"];

const ports = ({ protocol, first_port, last_port }: Exposed): string =>
  protocol === "icmp" ? "ICMP" : `${first_port === last_port ? first_port : `${first_port}–${last_port}`}/${protocol}`;

/** What the unit answers to, as its packet filter has it. */
export function Exposure({ exposure }: { exposure: readonly Exposed[] }) {
  return (
    <Panel title={t("exposure.title")}>
      <p class="panel-lede">{t("exposure.why")}</p>
      <Table
        label={t("exposure.title")}
        rows={exposure}
        id={(exposed) => `${exposed.service} ${ports(exposed)} ${exposed.interfaces.join()}`}
        columns={[
          { name: t("exposure.service"), cell: (exposed) => word("exposed", exposed.service) },
          { name: t("exposure.port"), mono: true, cell: ports },
          { name: t("exposure.interfaces"), cell: (exposed) => exposed.interfaces.join(", ") || t("exposure.all") },
          { name: t("exposure.sources"), cell: (exposed) => exposed.sources.map((source) => (source === "0.0.0.0/32" ? t("exposure.nobody") : source)).join(", ") || t("exposure.anywhere") },
        ]}
      />
    </Panel>
  );
}
