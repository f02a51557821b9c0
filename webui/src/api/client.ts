import createClient, { type Middleware } from "openapi-fetch";
import { signal } from "@preact/signals";
import type { components, paths } from "./schema";
import { problemFrom, unreachable } from "./problem";

export type Schemas = components["schemas"];

/** Who is here: not asked yet, nobody has set the gateway up, nobody, or an administrator. */
export const session = signal<"unknown" | "setup" | "out" | "in">("unknown");

const watch: Middleware = {
  onResponse({ response }) {
    if (response.status === 401 && session.value === "in") session.value = "out";
  },
};

export const api = createClient<paths>({ baseUrl: "/", credentials: "same-origin" });
api.use(watch);

/** What an answer carries; a refusal becomes a `Problem`. */
export async function answer<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await call.catch(() => {
    throw unreachable();
  });
  if (!response.ok) throw problemFrom(response.status, error);
  return data as T;
}
