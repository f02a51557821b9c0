import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { t } from "../i18n";
import { Icon } from "./Icon";

interface FieldProps {
  label: string;
  hint?: ComponentChildren;
  error?: string;
  /** Stands beside the label. */
  aside?: ComponentChildren;
  children: (control: ControlProps) => ComponentChildren;
}

/** What ties a control to its label, hint and error. */
export interface ControlProps {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": boolean | undefined;
}

export function Field({ label, hint, error, aside, children }: FieldProps) {
  const id = useId();
  return (
    <div class={`field${error ? " wrong" : ""}`}>
      <Beside aside={aside}>
        <label for={id}>{label}</label>
      </Beside>
      {children(control(id, hint, error))}
      <Words id={id} hint={hint} error={error} />
    </div>
  );
}

/** A label, and what stands beside it. */
function Beside({ aside, children }: { aside?: ComponentChildren; children: ComponentChildren }) {
  if (!aside) return <>{children}</>;
  return (
    <div class="label-row">
      {children}
      {aside}
    </div>
  );
}

const control = (id: string, hint: unknown, error: unknown): ControlProps => ({
  id,
  "aria-describedby": [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ") || undefined,
  "aria-invalid": error ? true : undefined,
});

function Words({ id, hint, error }: { id: string; hint?: ComponentChildren; error?: string }) {
  return (
    <>
      {error && (
        <p class="error" id={`${id}-error`}>
          <Icon name="warn" size={16} />
          {error}
        </p>
      )}
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </>
  );
}

/** Several controls under one name. */
export function FieldGroup({ label, hint, error, aside, children, radio }: Omit<FieldProps, "children"> & { children: ComponentChildren; radio?: boolean }) {
  const id = useId();
  const { id: _, ...described } = control(id, hint, error);
  return (
    <div class={`field${error ? " wrong" : ""}`} role={radio ? "radiogroup" : "group"} aria-labelledby={`${id}-label`} {...(radio ? described : { "aria-describedby": described["aria-describedby"] })}>
      <Beside aside={aside}>
        <span class="label" id={`${id}-label`}>
          {label}
        </span>
      </Beside>
      {children}
      <Words id={id} hint={hint} error={error} />
    </div>
  );
}

interface TextProps extends Omit<FieldProps, "children"> {
  value: string;
  onInput: (value: string) => void;
  mono?: boolean;
  type?: "text" | "password" | "tel" | "search";
  placeholder?: string;
  autoComplete?: string;
  required?: boolean;
  autoFocus?: boolean;
  after?: ComponentChildren;
}

export function TextField({ label, hint, error, aside, value, onInput, mono, type = "text", autoComplete = "off", after, ...rest }: TextProps) {
  return (
    <Field label={label} hint={hint} error={error} aside={aside}>
      {(control) => (
        <div class="control-row">
          <input
            {...control}
            {...rest}
            type={type as "text"} // any of its kinds: they take the same attributes
            class={mono ? "mono" : undefined}
            autocomplete={autoComplete}
            spellcheck={false}
            value={value}
            onInput={(event) => onInput(event.currentTarget.value)}
          />
          {after}
        </div>
      )}
    </Field>
  );
}

interface NumberProps extends Omit<FieldProps, "children"> {
  /** Null or not a number: empty. */
  value: number | null;
  onInput: (value: number) => void;
  min: number;
  max: number;
  unit?: string;
  placeholder?: string;
}

export function NumberField({ label, hint, error, aside, value, onInput, unit, ...range }: NumberProps) {
  return (
    <Field label={label} hint={hint} error={error} aside={aside}>
      {(control) => (
        <div class="control-row number">
          <input
            {...control}
            {...range}
            type="number"
            class="mono"
            inputMode="numeric"
            step="1"
            value={value === null || Number.isNaN(value) ? "" : value}
            onInput={(event) => onInput(event.currentTarget.valueAsNumber)}
          />
          {unit && <span class="unit">{unit}</span>}
        </div>
      )}
    </Field>
  );
}

export interface Option {
  value: string;
  label: string;
  hint?: string;
}

interface SelectProps extends Omit<FieldProps, "children"> {
  value: string;
  options: Option[];
  onChange: (value: string) => void;
}

export function SelectField({ label, hint, error, aside, value, options, onChange }: SelectProps) {
  return (
    <Field label={label} hint={hint} error={error} aside={aside}>
      {(control) => (
        <select {...control} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
          {options.map((option) => (
            <option key={option.value} value={option.value} selected={option.value === value}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

/** A choice whose options want a sentence each. */
export function CardsField({ label, hint, error, aside, value, options, onChange }: SelectProps) {
  const name = useId();
  return (
    <FieldGroup label={label} hint={hint} error={error} aside={aside} radio>
      <div class="cards">
        {options.map((option) => (
          <label key={option.value} class="card">
            <input type="radio" name={name} value={option.value} checked={option.value === value} onChange={() => onChange(option.value)} />
            <span>
              <strong>{option.label}</strong>
              {option.hint && <small>{option.hint}</small>}
            </span>
          </label>
        ))}
      </div>
    </FieldGroup>
  );
}

interface ToggleProps extends Omit<FieldProps, "children"> {
  value: boolean;
  onChange: (value: boolean) => void;
}

export function ToggleField({ label, hint, error, aside, value, onChange }: ToggleProps) {
  const id = useId();
  return (
    <div class={`field toggle${error ? " wrong" : ""}`}>
      <input {...control(id, hint, error)} type="checkbox" role="switch" checked={value} onChange={(event) => onChange(event.currentTarget.checked)} />
      <Beside aside={aside}>
        <label for={id}>{label}</label>
      </Beside>
      <Words id={id} hint={hint} error={error} />
    </div>
  );
}

/** A part of a form, named at its side. */
export function Section({ title, lede, children }: { title: string; lede?: string; children: ComponentChildren }) {
  return (
    <fieldset class="section">
      <legend class="unseen">{title}</legend>
      <div class="section-head" aria-hidden="true">
        <h2>{title}</h2>
        {lede && <p>{lede}</p>}
      </div>
      <div class="section-body">
        {lede && <p class="unseen">{lede}</p>}
        {children}
      </div>
    </fieldset>
  );
}

/** Parts of a form that few people need: closed until asked for, or until something in them is wrong. */
export function Fold({ title, lede, children }: { title: string; lede?: string; children: ComponentChildren }) {
  return (
    <details class="fold">
      <summary>
        <Icon name="next" size={16} />
        <span>
          <strong>{title}</strong>
          {lede && <small>{lede}</small>}
        </span>
      </summary>
      {children}
    </details>
  );
}

/** An ordered list of things that can be picked, moved and taken away. */
interface PickProps extends Omit<FieldProps, "children"> {
  value: string[];
  options: Option[];
  onChange: (value: string[]) => void;
  /** What the box to add says. */
  add: string;
  empty: string;
  ordered?: boolean;
}

export function PickField({ label, hint, error, aside, value, options, onChange, add, empty, ordered }: PickProps) {
  const left = options.filter((option) => !value.includes(option.value));
  const named = (item: string) => options.find((option) => option.value === item)?.label ?? item;
  const id = useId();
  return (
    <FieldGroup label={label} hint={hint} error={error} aside={aside}>
      <Items items={value} named={named} onChange={onChange} ordered={ordered} empty={empty} />
      {left.length > 0 && (
        <select id={id} class="add" aria-label={`${label}: ${add}`} value="" onChange={(event) => {
          if (event.currentTarget.value) onChange([...value, event.currentTarget.value]);
          event.currentTarget.value = "";
        }}>
          <option value="">{add}</option>
          {left.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    </FieldGroup>
  );
}

interface TextsProps extends Omit<FieldProps, "children"> {
  value: string[];
  onChange: (value: string[]) => void;
  add: string;
  empty: string;
  ordered?: boolean;
  itemError?: (index: number) => string | undefined;
}

/** A list of short texts: one row each. */
export function TextsField({ label, hint, error, aside, value, onChange, add, empty, ordered, itemError }: TextsProps) {
  const id = useId();
  function put(input: HTMLInputElement) {
    const text = input.value.trim();
    if (text && !value.includes(text)) onChange([...value, text]);
    input.value = "";
  }
  return (
    <FieldGroup label={label} hint={hint} aside={aside} error={error ?? value.map((_, index) => itemError?.(index)).find(Boolean)}>
      <Items items={value} named={(item) => item} onChange={onChange} ordered={ordered} empty={empty} mono />
      <input
        id={id}
        class="add mono"
        aria-label={`${label}: ${add}`}
        placeholder={add}
        autocomplete="off"
        onKeyDown={(event) => {
          if (event.key !== "Enter") return;
          event.preventDefault();
          put(event.currentTarget);
        }}
        onBlur={(event) => put(event.currentTarget)}
      />
    </FieldGroup>
  );
}

interface ItemsProps {
  items: string[];
  named: (item: string) => string;
  onChange: (items: string[]) => void;
  ordered?: boolean;
  empty: string;
  mono?: boolean;
}

function Items({ items, named, onChange, ordered, empty, mono }: ItemsProps) {
  if (items.length === 0) return <p class="items-none">{empty}</p>;
  return (
    <ol class={`items${ordered ? " ordered" : ""}`}>
      {items.map((item, index) => (
        <li key={item}>
          <span class={mono ? "mono" : undefined}>{named(item)}</span>
          {ordered && <Movers name={named(item)} index={index} count={items.length} onMove={(to) => onChange(moved(items, index, to))} />}
          <button type="button" class="button quiet bare" title={t("remove")} onClick={() => onChange(items.filter((_, at) => at !== index))}>
            <Icon name="close" size={16} />
            <span class="unseen">{t("removeNamed", { name: named(item) })}</span>
          </button>
        </li>
      ))}
    </ol>
  );
}

/** Moves a thing of an ordered list up or down. */
export function Movers({ name, index, count, onMove }: { name: string; index: number; count: number; onMove: (to: number) => void }) {
  return (
    <span class="movers">
      <button type="button" class="button quiet bare" title={t("moveUp")} disabled={index === 0} onClick={() => onMove(index - 1)}>
        <Icon name="up" size={16} />
        <span class="unseen">{t("moveUpNamed", { name })}</span>
      </button>
      <button type="button" class="button quiet bare" title={t("moveDown")} disabled={index === count - 1} onClick={() => onMove(index + 1)}>
        <Icon name="down" size={16} />
        <span class="unseen">{t("moveDownNamed", { name })}</span>
      </button>
    </span>
  );
}

export function moved<T>(items: readonly T[], from: number, to: number): T[] {
  const next = [...items];
  next.splice(to, 0, ...next.splice(from, 1));
  return next;
}
