import { batch, signal } from "@preact/signals";
import { say } from "../kit/Toast";
import type { Form } from "../noun/form";
import { read, same } from "../noun/pointer";
import { words } from "../shell/tell";
import { answer, api } from "./client";
import { appliance, config, lists, loaded, nounNames, revision, system, type NounName, type Nouns } from "./config";
import { Problem, type Fault } from "./problem";

// One noun stands for all: the compiler cannot follow a path that is chosen at run time, and the
// shapes that go in and come out are those of `Nouns`, which are the generated ones.
const listOf = (noun: NounName) => `/api/${lists[noun]}` as "/api/lines";
const itemOf = (noun: NounName) => `/api/${lists[noun]}/{id}` as "/api/lines/{id}";

/** The revision that a change is based on. */
export const match = (base = revision.peek()) => ({ "If-Match": `"${base}"` });

/** Reads the whole configuration anew. */
export async function reload(): Promise<void> {
  const call = api.GET("/api/config");
  const whole = await answer(call);
  const seen = Number((await call).response.headers.get("etag")?.replace(/\D/g, ""));
  if (seen < revision.peek()) return; // a slow answer to an earlier question
  batch(() => {
    for (const noun of nounNames) (config[noun] as { value: unknown }).value = whole[lists[noun]] ?? [];
    system.value = whole.system;
    appliance.value = whole.appliance ?? null;
    revision.value = seen;
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
export async function saveForm<T>(noun: string, form: Form<T>, put: (value: T, base: number) => Promise<T>, current: () => T | undefined): Promise<T | undefined> {
  for (;;) {
    try {
      const done = await put(form.draft.value, form.base);
      form.faults.value = [];
      form.saved.value = form.draft.value = done;
      await reload();
      form.base = revision.peek();
      return done;
    } catch (problem) {
      if (!(problem instanceof Problem && problem.status === 412)) return refuse(noun, form, problem);
    }
    try {
      await reload();
    } catch (problem) {
      return refuse(noun, form, problem);
    }
    const theirs = current();
    form.base = revision.peek();
    if (theirs === undefined || same(theirs, form.saved.value)) continue; // a deletion is told by the next try
    const choice = await new Promise<"mine" | "theirs" | "neither">((settle) => {
      conflict.value = { noun, mine: form.draft.value, base: form.saved.value, theirs, settle };
    });
    conflict.value = null;
    form.saved.value = theirs;
    if (choice === "theirs") form.draft.value = theirs;
    if (choice !== "mine") return undefined;
  }
}

function refuse<T>(noun: string, form: Form<T>, problem: unknown): undefined {
  const faults = problem instanceof Problem ? problem.faults : [];
  form.faults.value = faults.map((fault) => ours(noun, form.draft.peek(), fault));
  if (faults.length === 0) say(words(problem), { fault: true });
}

/**
 * Of two things that must differ, the gateway names the later one, and that may be the other one.
 * When it holds the same value in the same place, the place is told here, where it can be mended.
 */
function ours(noun: string, draft: unknown, fault: Fault): Fault {
  const list = lists[noun as NounName] as (typeof lists)[NounName] | undefined;
  const [, name, index, ...steps] = fault.at.split("/");
  if (!fault.elsewhere || list === undefined || name !== list || steps.length === 0) return fault;
  const at = `/${steps.join("/")}`;
  const other = config[noun as NounName].peek()[Number(index)];
  return other && same(read(other, at), read(draft, at)) ? { at, message: fault.message, elsewhere: false } : fault;
}

export function save<N extends NounName>(noun: N, id: number, form: Form<Nouns[N]>): Promise<Nouns[N] | undefined> {
  const put = async (value: Nouns[N], base: number) =>
    (await answer(api.PUT(itemOf(noun), { params: { path: { id }, header: match(base) }, body: value as never }))) as unknown as Nouns[N];
  return saveForm(noun, form, put, () => (config[noun].peek() as Nouns[N][]).find((thing) => thing.id === id));
}

export function create<N extends NounName>(noun: N, form: Form<Nouns[N]>): Promise<Nouns[N] | undefined> {
  const post = async (value: Nouns[N], base: number) =>
    (await answer(api.POST(listOf(noun), { params: { header: match(base) }, body: value as never }))) as unknown as Nouns[N];
  return saveForm(noun, form, post, () => undefined); // nobody else knows of it
}

export async function remove(noun: NounName, id: number): Promise<void> {
  await retried(() => answer(api.DELETE(itemOf(noun), { params: { path: { id }, header: match() } })));
}

/** Puts the routes of a kind in this order. */
export async function reorder(noun: NounName, ids: number[]): Promise<void> {
  const path = `/api/${lists[noun]}/order` as "/api/inbound_routes/order";
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
