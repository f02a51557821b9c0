import type { Schemas } from "../api/client";
import { t, word } from "../i18n";
import { Table } from "../kit/Table";

type Move = Schemas["Move"];
type Place = Schemas["Place"];
type Span = Schemas["PlacedSpan"];
type Need = Schemas["PortNeed"];

/** Something that needs a place, and the one that it gets. */
export interface Row {
  move: Move;
  to: Place | null;
}

interface MappingProps {
  rows: Row[];
  hardware: Span[];
  here: Span[];
  onChange: (rows: Row[]) => void;
}

/** Where everything was, and where it goes. */
export function Mapping({ rows, hardware, here, onChange }: MappingProps) {
  const all = places(here);
  function choose(row: Row, chosen: string) {
    const to = all.find((place) => key(place.place) === chosen)?.place ?? null;
    // Whoever had the place takes the one that becomes free: no two are ever in one place.
    onChange(
      rows.map((other) => {
        if (other === row) return { ...row, to };
        return to && other.to && key(other.to) === key(to) ? { ...other, to: row.to } : other;
      }),
    );
  }
  return (
    <Table
      label={t("backup.mapping")}
      id={({ move }) => key(move.from)}
      rows={rows}
      columns={[
        {
          name: t("backup.what"),
          cell: ({ move }) => (
            <span>
              <b class="backup-what">{move.what.name}</b> <span class="hint">{word("place", move.need)}</span>
            </span>
          ),
        },
        { name: t("backup.was"), cell: ({ move }) => <span>{shown(hardware, move.from)}</span> },
        {
          name: t("backup.goes"),
          cell: (row) => (
            <select class="backup-place" aria-label={t("backup.goesNamed", { name: row.move.what.name })} value={row.to ? key(row.to) : ""} onChange={(event) => choose(row, event.currentTarget.value)}>
              <option value="">{t("backup.nowhere")}</option>
              {all
                .filter(({ need }) => fits(row.move.need, need))
                .map(({ place }) => (
                  <option key={key(place)} value={key(place)} selected={row.to !== null && key(place) === key(row.to)}>
                    {shown(here, place)}
                  </option>
                ))}
            </select>
          ),
        },
        { name: t("backup.why"), cell: ({ move, to }) => <span class="hint">{word("move", same(move.to ?? null, to) ? move.why : "chosen")}</span> },
      ]}
    />
  );
}

const key = ({ span, slot }: Place): string => (slot == null ? `${span}` : `${span}/${slot}`);
const same = (a: Place | null, b: Place | null) => (a && key(a)) === (b && key(b));

/** Many cards are E1 or T1 as they are told. */
const primary: Need[] = ["e1", "t1"];
const fits = (wanted: Need, is: Need) => wanted === is || (primary.includes(wanted) && primary.includes(is));

interface Target {
  place: Place;
  need: Need;
}

function places(spans: Span[]): Target[] {
  return spans.flatMap(({ id, kind, ports }): Target[] => {
    if (kind !== "analog") return [{ place: { span: id, slot: null }, need: kind }];
    return ports.flatMap((port) => (port.kind === "fxo" || port.kind === "fxs" ? [{ place: { span: id, slot: port.slot }, need: port.kind }] : []));
  });
}

/** `Digium TE435, span 2`, `Simulated FXO, port 2/1`. */
function shown(spans: Span[], place: Place): string {
  const span = spans.find(({ id }) => id === place.span);
  const where = place.slot == null ? t("spanName", { span: place.span }) : t("port", { place: key(place) });
  const card = span?.card?.model || span?.name;
  return card ? t("backup.place", { card, where }) : where;
}
