import { effect, signal } from "@preact/signals";
import type { Schemas } from "../api/client";

export type Bench = Schemas["Bench"];

const key = "bench";
const empty: Bench = { unit: "", tester: "", span: [], plug: [], trunk: [], pair: [], phone: [], line: [], jig: null, inventory: null };

/** What is cabled to what. The browser remembers it: a bench stays as it is for many units. */
export const bench = signal<Bench>(read());

function read(): Bench {
  try {
    return { ...empty, ...(JSON.parse(localStorage.getItem(key) ?? "{}") as Partial<Bench>) };
  } catch {
    return empty;
  }
}

effect(() => {
  try {
    localStorage.setItem(key, JSON.stringify(bench.value));
  } catch {
    // A browser that remembers nothing still tests.
  }
});
