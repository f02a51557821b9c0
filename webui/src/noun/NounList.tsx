import { config, loaded, title, type NounName, type Nouns } from "../api/config";
import { reorder } from "../api/write";
import { t } from "../i18n";
import { LinkButton } from "../kit/Button";
import { Movers, moved } from "../kit/Field";
import { Empty, Page, Panel } from "../kit/Page";
import { Table, type Column } from "../kit/Table";
import { tell } from "../shell/tell";
import type { Noun } from "./noun";

/** All things of a noun. */
export function NounList<N extends NounName>({ noun }: { noun: Noun<N> }) {
  const things = config[noun.name].value as Nouns[N][];
  const create = noun.blank && (
    <LinkButton href={`${noun.path}/new`} icon="plus" look="primary">
      {t(`${noun.name}.new`)}
    </LinkButton>
  );
  const [first, ...rest] = noun.columns;
  const named: Column<Nouns[N]> = {
    ...first!,
    cell: (thing, index) => (
      <a class="row-link" href={`${noun.path}/${thing.id}`}>
        {first!.cell(thing, index)}
      </a>
    ),
  };
  const order: Column<Nouns[N]> = {
    name: t("order"),
    tight: true,
    cell: (thing, index) => (
      <Movers
        name={title(noun.name, thing)}
        index={index}
        count={things.length}
        onMove={(to) => tell(reorder(noun.name, moved(things, index, to).map((moved) => moved.id)))}
      />
    ),
  };
  return (
    <Page title={t(`${noun.name}.many`)} lede={t(`${noun.name}.lede`)} actions={things.length > 0 && create}>
      {things.length > 0 ? (
        <Panel>
          <Table label={t(`${noun.name}.many`)} columns={[named, ...rest, ...(noun.ordered ? [order] : [])]} rows={things} id={(thing) => thing.id} />
        </Panel>
      ) : (
        loaded.value && (
          <Empty icon={noun.icon} title={t(`${noun.name}.empty`)} action={create}>
            {t(`${noun.name}.emptyWhy`)}
          </Empty>
        )
      )}
    </Page>
  );
}
