import { computed, signal, type ReadonlySignal, type Signal } from "@preact/signals";
import type { Fault } from "../api/problem";
import { same } from "./pointer";

/** A value being edited. */
export interface Form<T> {
  draft: Signal<T>;
  /** What was loaded or saved last. */
  saved: Signal<T>;
  /** The revision of the configuration that `saved` comes from. */
  base: number;
  dirty: ReadonlySignal<boolean>;
  /** What the gateway found wrong, each with its place in the value. */
  faults: Signal<Fault[]>;
}

export function formOf<T>(value: T, base: number): Form<T> {
  const draft = signal(value);
  const saved = signal(value);
  return { draft, saved, base, dirty: computed(() => !same(draft.value, saved.value)), faults: signal<Fault[]>([]) };
}
