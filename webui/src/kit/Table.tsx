import type { ComponentChildren } from "preact";

export interface Column<Row> {
  name: string;
  cell: (row: Row, index: number) => ComponentChildren;
  /** Numbers, codes and times are set in the fixed-width face. */
  mono?: boolean;
  /** Takes only the room that it needs. */
  tight?: boolean;
}

interface TableProps<Row> {
  label: string;
  columns: Column<Row>[];
  rows: readonly Row[];
  id: (row: Row) => string | number;
}

/** A table; on a narrow screen each row becomes a card. The first cell names the row. */
export function Table<Row>({ label, columns, rows, id }: TableProps<Row>) {
  return (
    <table class="table">
      <caption class="unseen">{label}</caption>
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column.name} scope="col" class={column.tight ? "tight" : undefined}>
              {column.name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row, index) => (
          <tr key={id(row)}>
            {columns.map((column, at) => {
              const classes = `${column.mono ? "mono " : ""}${column.tight ? "tight" : ""}`;
              const cell = column.cell(row, index);
              return at === 0 ? (
                <th key={column.name} scope="row" class={classes}>
                  {cell}
                </th>
              ) : (
                <td key={column.name} class={classes} data-label={column.name}>
                  {cell}
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
