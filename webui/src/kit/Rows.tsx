import { useSignal } from "@preact/signals";
import { t } from "../i18n";
import { FieldGroup, Movers, moved, type Option } from "./Field";
import { Button } from "./Button";
import { Icon } from "./Icon";

/** One column of a list of small things: how it is called, and what it takes. */
export interface RowColumn {
  key: string;
  label: string;
  /** What can be chosen; without it something is typed. */
  options?: Option[];
  /** A whole number, within these. */
  range?: [number, number];
  /** Whole numbers, typed with commas between them. */
  list?: boolean;
  placeholder?: string;
  /** Its share of the width. */
  share?: number;
}

type Row = Record<string, unknown>;

interface RowsProps {
  label: string;
  hint?: string;
  error?: string;
  columns: RowColumn[];
  value: Row[];
  onChange: (value: Row[]) => void;
  /** What a new row begins with. */
  blank: () => Row;
  add: string;
  empty: string;
  ordered?: boolean;
  most?: number;
  cellError?: (index: number, key: string) => string | undefined;
}

/** A list of small things that are edited in place, one row each. */
export function RowsField({ label, hint, error, columns, value, onChange, blank, add, empty, ordered, most = 100, cellError }: RowsProps) {
  const template = `${columns.map(({ share = 1 }) => `minmax(0, ${share}fr)`).join(" ")} auto`;
  const first = value.flatMap((_, index) => columns.map(({ key }) => cellError?.(index, key))).find(Boolean);
  return (
    <FieldGroup label={label} hint={hint} error={error ?? first}>
      {value.length === 0 && <p class="items-none">{empty}</p>}
      {value.length > 0 && (
        <ol class="rows">
          {value.map((row, index) => (
            <li key={index} style={{ gridTemplateColumns: template }}>
              {columns.map((column) => (
                <Cell
                  key={column.key}
                  column={column}
                  number={index + 1}
                  value={row[column.key]}
                  wrong={cellError?.(index, column.key) !== undefined}
                  onChange={(part) => onChange(value.map((other, at) => (at === index ? { ...other, [column.key]: part } : other)))}
                />
              ))}
              <span class="rows-end">
                {ordered && <Movers name={t("row", { n: index + 1 })} index={index} count={value.length} onMove={(to) => onChange(moved(value, index, to))} />}
                <button type="button" class="button quiet bare" title={t("remove")} onClick={() => onChange(value.filter((_, at) => at !== index))}>
                  <Icon name="close" size={16} />
                  <span class="unseen">{t("removeNamed", { name: t("row", { n: index + 1 }) })}</span>
                </button>
              </span>
            </li>
          ))}
        </ol>
      )}
      {value.length < most && (
        <div>
          <Button icon="plus" onClick={() => onChange([...value, blank()])}>
            {add}
          </Button>
        </div>
      )}
    </FieldGroup>
  );
}

interface CellProps {
  column: RowColumn;
  number: number;
  value: unknown;
  wrong: boolean;
  onChange: (value: unknown) => void;
}

function Cell({ column, number, value, wrong, onChange }: CellProps) {
  const { label, options, range, list, placeholder } = column;
  const invalid = wrong || undefined;
  return (
    <label>
      <span>
        {label}
        <span class="unseen">, {t("row", { n: number })}</span>
      </span>
      {options ? (
        <select value={String(value ?? "")} aria-invalid={invalid} onChange={(event) => onChange(typeof value === "number" ? Number(event.currentTarget.value) : event.currentTarget.value)}>
          {options.map((option) => (
            <option key={option.value} value={option.value} selected={option.value === String(value ?? "")}>
              {option.label}
            </option>
          ))}
        </select>
      ) : range ? (
        <input
          type="number"
          class="mono"
          inputMode="numeric"
          step="1"
          min={range[0]}
          max={range[1]}
          aria-invalid={invalid}
          value={typeof value === "number" && !Number.isNaN(value) ? value : ""}
          onInput={(event) => onChange(event.currentTarget.valueAsNumber)}
        />
      ) : list ? (
        <ListInput value={value as number[]} placeholder={placeholder} invalid={invalid} onChange={onChange} />
      ) : (
        <input class="mono" placeholder={placeholder} autocomplete="off" spellcheck={false} aria-invalid={invalid} value={String(value ?? "")} onInput={(event) => onChange(event.currentTarget.value)} />
      )}
    </label>
  );
}

const numbers = (text: string): number[] => (text.match(/\d+/g) ?? []).map(Number);

/** Keeps what is typed as it is typed, commas and all. */
function ListInput({ value, placeholder, invalid, onChange }: { value: number[]; placeholder: string | undefined; invalid: true | undefined; onChange: (value: number[]) => void }) {
  const typed = useSignal(value.join(", "));
  const text = numbers(typed.value).join() === value.join() ? typed.value : value.join(", ");
  return (
    <input
      class="mono"
      placeholder={placeholder}
      autocomplete="off"
      aria-invalid={invalid}
      value={text}
      onInput={(event) => {
        typed.value = event.currentTarget.value;
        onChange(numbers(typed.value));
      }}
    />
  );
}
