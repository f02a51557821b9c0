import type { ComponentChildren, VNode } from "preact";
import { config, title, type NounName } from "../api/config";
import { causeOptions } from "../call/cause";
import { maybe, t, type Key } from "../i18n";
import { CardsField, NumberField, PickField, SelectField, TextField, TextsField, ToggleField, type Option } from "../kit/Field";
import { RowsField, type RowColumn } from "../kit/Rows";
import { shownPlace } from "../live/ports";
import type { Form } from "./form";
import { read, written, type Pointer } from "./pointer";

/** Places of `T` that the catalogue has a label for: a field without words does not compile. */
export type At<N extends string, T> = { [P in Pointer<T>]: `${N}${P}` extends Key ? P : never }[Pointer<T>];

/** The fields of a form. Labels, hints (`…?`) and names of values (`…=value`) are in the catalogue. */
export class Fields<N extends string, T> {
  constructor(
    readonly noun: N,
    readonly form: Form<T>,
    /** What stands beside the label of a field. */
    private readonly beside?: (f: Fields<N, T>, at: string) => ComponentChildren,
  ) {}

  get value(): T {
    return this.form.draft.value;
  }

  get(at: Pointer<T>): unknown {
    return read(this.value, at);
  }

  set(at: Pointer<T>, part: unknown): void {
    this.form.draft.value = written(this.value, at, part);
    this.form.faults.value = this.form.faults.value.filter((fault) => fault.at !== at && !fault.at.startsWith(`${at}/`));
  }

  private words(at: string) {
    const key = `${this.noun}${at}`;
    const error = this.fault((fault) => fault === at || fault === `${at}/type`);
    return { key: at, label: t(key as Key), hint: maybe(`${key}?`), error, aside: this.beside?.(this, at) };
  }

  private options(at: string, values: readonly string[]): Option[] {
    const key = `${this.noun}${at}`;
    return values.map((value) => ({ value, label: maybe(`${key}=${value}`) ?? value, hint: maybe(`${key}=${value}?`) }));
  }

  text(at: At<N, T>, look: { mono?: boolean; placeholder?: string; optional?: boolean; tel?: boolean } = {}): VNode {
    const { optional, tel, ...rest } = look;
    const value = (this.get(at as Pointer<T>) as string | null | undefined) ?? "";
    return (
      <TextField
        {...this.words(at)}
        {...rest}
        type={tel ? "tel" : "text"}
        value={value}
        onInput={(text) => this.set(at as Pointer<T>, optional && text === "" ? null : text)}
      />
    );
  }

  number(at: At<N, T>, min: number, max: number, unit?: string): VNode {
    const value = this.get(at as Pointer<T>) as number | undefined;
    return <NumberField {...this.words(at)} min={min} max={max} unit={unit} value={value ?? 0} onInput={(n) => this.set(at as Pointer<T>, n)} />;
  }

  /** A number that may be left out; `usual` is what holds then. */
  numberOr(at: At<N, T>, min: number, max: number, usual: string, unit?: string): VNode {
    const value = (this.get(at as Pointer<T>) as number | null | undefined) ?? null;
    const input = (n: number) => this.set(at as Pointer<T>, Number.isNaN(n) ? null : n);
    return <NumberField {...this.words(at)} min={min} max={max} unit={unit} placeholder={usual} value={value} onInput={input} />;
  }

  /** Yes, no, or as `none` says. */
  yesNo(at: At<N, T>, none: string): VNode {
    const value = this.get(at as Pointer<T>) as boolean | null | undefined;
    const options = [
      { value: "", label: none },
      { value: "true", label: t("yes") },
      { value: "false", label: t("no") },
    ];
    return <SelectField {...this.words(at)} value={String(value ?? "")} options={options} onChange={(next) => this.set(at as Pointer<T>, next === "" ? null : next === "true")} />;
  }

  /** Something that may be there or not; `begin` is what it begins with. */
  present(at: At<N, T>, begin: () => unknown): VNode {
    return <ToggleField {...this.words(at)} value={this.get(at as Pointer<T>) != null} onChange={(on) => this.set(at as Pointer<T>, on ? begin() : null)} />;
  }

  toggle(at: At<N, T>): VNode {
    return <ToggleField {...this.words(at)} value={this.get(at as Pointer<T>) === true} onChange={(on) => this.set(at as Pointer<T>, on)} />;
  }

  /** A password. The gateway never shows one in a form: empty keeps what it has. */
  secret(at: At<N, T>, empty = t("unchanged")): VNode {
    const value = (this.get(at as Pointer<T>) as string | undefined) ?? "";
    return <TextField {...this.words(at)} mono placeholder={empty} value={value} onInput={(password) => this.set(at as Pointer<T>, password)} />;
  }

  /** One of several values; `none` names the choice of no value. `whole`: the values are numbers. */
  choice(at: At<N, T>, values: readonly string[], look: { cards?: boolean; none?: string; named?: (value: string) => string; whole?: boolean } = {}): VNode {
    const { named } = look;
    const options: Option[] = named ? values.map((value) => ({ value, label: named(value) })) : this.options(at, values);
    if (look.none) options.unshift({ value: "", label: look.none });
    const value = String(this.get(at as Pointer<T>) ?? "");
    const part = (next: string) => (look.whole ? Number(next) : next);
    const Control = look.cards ? CardsField : SelectField;
    return <Control {...this.words(at)} value={value} options={options} onChange={(next) => this.set(at as Pointer<T>, next === "" ? null : part(next))} />;
  }

  /** A value of several kinds, each with fields of its own; `kinds` gives what each begins with. */
  variant(at: At<N, T>, kinds: Record<string, () => object>, look: { list?: boolean; tag?: string } = {}): VNode {
    const { tag = "type" } = look;
    const value = (this.get(at as Pointer<T>) as Record<string, string> | undefined)?.[tag] ?? "";
    const Control = look.list ? SelectField : CardsField;
    return (
      <Control
        {...this.words(at)}
        value={value}
        options={this.options(at, Object.keys(kinds))}
        onChange={(kind) => kind !== value && this.set(at as Pointer<T>, { [tag]: kind, ...kinds[kind]?.() })}
      />
    );
  }

  /** One thing of another noun. */
  ref(at: At<N, T>, noun: NounName, none?: string): VNode {
    const options = things(noun);
    if (none !== undefined) options.unshift({ value: "", label: none });
    const value = this.get(at as Pointer<T>) as number | null | undefined;
    if (none === undefined && !options.some((option) => option.value === String(value))) options.unshift({ value: String(value ?? ""), label: t("choose") });
    return <SelectField {...this.words(at)} value={String(value ?? "")} options={options} onChange={(id) => this.set(at as Pointer<T>, id === "" ? null : Number(id))} />;
  }

  /** Several things of another noun, in order. */
  refs(at: At<N, T>, noun: NounName, ordered = true): VNode {
    const value = (this.get(at as Pointer<T>) as number[]).map(String);
    const words = this.words(at);
    const key = `${this.noun}${at}`;
    return (
      <PickField
        {...words}
        error={words.error ?? this.inside(at)}
        value={value}
        options={things(noun)}
        ordered={ordered}
        add={maybe(`${key}+`) ?? t("add")}
        empty={maybe(`${key}-`) ?? t("none")}
        onChange={(ids) => this.set(at as Pointer<T>, ids.map(Number))}
      />
    );
  }

  texts(at: At<N, T>, ordered = false): VNode {
    const key = `${this.noun}${at}`;
    return (
      <TextsField
        {...this.words(at)}
        value={(this.get(at as Pointer<T>) as string[] | undefined) ?? []}
        ordered={ordered}
        add={maybe(`${key}+`) ?? t("add")}
        empty={maybe(`${key}-`) ?? t("none")}
        itemError={(index) => this.fault((fault) => fault === `${at}/${index}`)}
        onChange={(texts) => this.set(at as Pointer<T>, texts)}
      />
    );
  }

  /** Small things, each a row. */
  rows<R extends object>(at: At<N, T>, columns: (RowColumn & { key: keyof R & string })[], blank: () => R, look: { ordered?: boolean; most?: number } = {}): VNode {
    const key = `${this.noun}${at}`;
    const words = this.words(at);
    return (
      <RowsField
        {...words}
        {...look}
        columns={columns}
        value={((this.get(at as Pointer<T>) as R[] | undefined) ?? []) as Record<string, unknown>[]}
        blank={blank as () => Record<string, unknown>}
        add={maybe(`${key}+`) ?? t("add")}
        empty={maybe(`${key}-`) ?? t("none")}
        cellError={(index, cell) => this.fault((fault) => fault === `${at}/${index}/${cell}` || fault.startsWith(`${at}/${index}/${cell}/`))}
        onChange={(rows) => this.set(at as Pointer<T>, rows)}
      />
    );
  }

  cause(at: At<N, T>): VNode {
    return <SelectField {...this.words(at)} value={String(this.get(at as Pointer<T>))} options={causeOptions()} onChange={(cause) => this.set(at as Pointer<T>, Number(cause))} />;
  }

  causes(at: At<N, T>): VNode {
    const value = (this.get(at as Pointer<T>) as number[]).map(String);
    return (
      <PickField
        {...this.words(at)}
        value={value}
        options={causeOptions()}
        add={t("addCause")}
        empty={t("none")}
        onChange={(causes) => this.set(at as Pointer<T>, causes.map(Number))}
      />
    );
  }

  /** An analog port, out of those that the gateway has. */
  channel(at: At<N, T>, ports: Option[]): VNode {
    const value = this.get(at as Pointer<T>) as { span: number; slot: number };
    const shown = `${value.span}/${value.slot}`;
    const options = ports.some((port) => port.value === shown) ? ports : [{ value: shown, label: shownPlace(value) }, ...ports];
    const words = this.words(at);
    return (
      <SelectField
        {...words}
        error={words.error ?? this.inside(at)}
        value={shown}
        options={options}
        onChange={(port) => {
          const [span, slot] = port.split("/").map(Number);
          this.set(at as Pointer<T>, { span, slot });
        }}
      />
    );
  }

  private inside(at: string): string | undefined {
    return this.fault((fault) => fault.startsWith(`${at}/`));
  }

  private fault(matches: (at: string) => boolean): string | undefined {
    return this.form.faults.value.find((fault) => !fault.elsewhere && matches(fault.at))?.message;
  }
}

const things = (noun: NounName): Option[] => config[noun].value.map((thing) => ({ value: String(thing.id), label: title(noun, thing) }));
