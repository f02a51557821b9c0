import { batch, signal } from "@preact/signals";
import type { Form } from "../noun/form";
import { same } from "../noun/pointer";
import { say } from "../kit/Toast";
import { words } from "../shell/tell";
import { answer, api, revision } from "./client";
import { config, lists, loaded, nounNames, system, type NounName, type Nouns } from "./config";
import { Problem } from "./problem";

// One noun stands for all: the compiler cannot follow a path that is chosen at run time, and the
// shapes that go in and come out are those of `Nouns`, which are the generated ones.
const listOf = (noun: NounName) => lists[noun] as "/api/lines";
const itemOf = (noun: NounName) => `${lists[noun]}/{id}` as "/api/lines/{id}";
/** The revision that a change is based on. */
export const match = () => ({ "If-Match": `"${revision.value}"` });

async function fetchList<N extends NounName>(noun: N): Promise<Nouns[N][]> {
  return (await answer(api.GET(listOf(noun)))) as unknown as Nouns[N][];
}

/** Reads the whole configuration anew. */
export async function reload(): Promise<void> {
  const [whole, ...all] = await Promise.all([answer(api.GET("/api/system")), ...nounNames.map(fetchList)]);
  batch(() => {
    nounNames.forEach((noun, index) => ((config[noun] as { value: unknown }).value = all[index]));
    system.value = whole;
    loaded.value = true;
  });
}

/** A conflict that a person has to settle. */
export interface Conflict {
  mine: unknown;
  base: unknown;
  theirs: unknown;
  noun: string;
  settle: (choice: "mine" | "theirs" | "neither") => void;
}
export const conflict = signal<Conflict | null>(null);

/**
 * Saves what a form holds. A revision that somebody else made in between is no matter when it left
 * this thing alone; when it did not, a person chooses. None = not saved, and the form says why.
 */
export async function saveForm<T>(noun: string, form: Form<T>, put: (value: T) => Promise<T>, fetch: () => Promise<T>): Promise<T | undefined> {
  for (;;) {
    try {
      const done = await put(form.draft.value);
      form.faults.value = [];
      form.saved.value = form.draft.value = done;
      await reload();
      return done;
    } catch (problem) {
      if (!(problem instanceof Problem && problem.status === 412)) return refuse(form, problem);
    }
    let theirs: T;
    try {
      await reload();
      theirs = await fetch();
    } catch (problem) {
      return refuse(form, problem);
    }
    if (same(theirs, form.saved.value)) continue;
    const choice = await new Promise<"mine" | "theirs" | "neither">((settle) => {
      conflict.value = { noun, mine: form.draft.value, base: form.saved.value, theirs, settle };
    });
    conflict.value = null;
    if (choice === "neither") return undefined;
    form.saved.value = theirs;
    if (choice === "theirs") {
      form.draft.value = theirs;
      return undefined;
    }
  }
}

function refuse<T>(form: Form<T>, problem: unknown): undefined {
  const faults = problem instanceof Problem ? problem.faults : [];
  form.faults.value = faults;
  if (faults.length === 0) say(words(problem), { fault: true });
}

export function save<N extends NounName>(noun: N, id: number, form: Form<Nouns[N]>): Promise<Nouns[N] | undefined> {
  const path = { id };
  return saveForm(
    noun,
    form,
    async (value) => (await answer(api.PUT(itemOf(noun), { params: { path, header: match() }, body: value as never }))) as unknown as Nouns[N],
    async () => (await answer(api.GET(itemOf(noun), { params: { path } }))) as unknown as Nouns[N],
  );
}

export function create<N extends NounName>(noun: N, form: Form<Nouns[N]>): Promise<Nouns[N] | undefined> {
  const base = form.saved.value;
  return saveForm(
    noun,
    form,
    async (value) => (await answer(api.POST(listOf(noun), { params: { header: match() }, body: value as never }))) as unknown as Nouns[N],
    async () => base, // nobody else knows of it
  );
}

export async function remove(noun: NounName, id: number): Promise<void> {
  await retried(() => answer(api.DELETE(itemOf(noun), { params: { path: { id }, header: match() } })));
}

/** Puts the routes of a kind in this order. */
export async function reorder(noun: NounName, ids: number[]): Promise<void> {
  const path = `${lists[noun]}/order` as "/api/inbound_routes/order";
  await retried(() => answer(api.PUT(path, { params: { header: match() }, body: { ids } })));
}

/** Does something that does not depend on what others changed meanwhile. */
export async function retried<T>(work: () => Promise<T>): Promise<T> {
  try {
    const done = await work();
    await reload();
    return done;
  } catch (problem) {
    if (!(problem instanceof Problem && problem.status === 412)) throw problem;
  }
  await reload();
  const done = await work();
  await reload();
  return done;
}
