import { signal } from "@preact/signals";

/** The path and query of the page that is shown. */
export const place = signal(location.pathname + location.search);
export const path = (): string => place.value.split("?")[0] ?? "/";
export const query = (): URLSearchParams => new URLSearchParams(place.value.split("?")[1] ?? "");

/** Asked before a page with unsaved changes is left; true = leave. */
export const guard = signal<(() => Promise<boolean>) | null>(null);

let position: number = (history.state as { position?: number } | null)?.position ?? 0;
let restoring = false;
history.replaceState({ position }, "");

async function mayLeave(): Promise<boolean> {
  const leave = guard.value === null || (await guard.value());
  if (leave) guard.value = null;
  return leave;
}

export async function navigate(to: string, how: "push" | "replace" = "push"): Promise<void> {
  if (to === place.value || !(await mayLeave())) return;
  if (how === "push") history.pushState({ position: ++position }, "", to);
  else history.replaceState({ position }, "", to);
  const other = to.split("?")[0] !== path();
  place.value = to;
  if (other) scrollTo(0, 0);
}

addEventListener("popstate", async (event) => {
  if (restoring) {
    restoring = false;
    return;
  }
  const to = (event.state as { position?: number } | null)?.position ?? 0;
  const steps = to - position;
  if (guard.value !== null && steps !== 0) {
    // The browser has moved already: go back, ask, and only then move for good.
    restoring = true;
    history.go(-steps);
    if (await mayLeave()) history.go(steps);
    return;
  }
  position = to;
  place.value = location.pathname + location.search;
});

addEventListener("beforeunload", (event) => {
  if (guard.value !== null) event.preventDefault();
});

/** Links inside the app change the page without loading it anew. */
addEventListener("click", (event) => {
  const link = (event.target as Element).closest?.("a");
  if (!link || event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  if (link.target || link.origin !== location.origin || link.hash || link.hasAttribute("download")) return;
  event.preventDefault();
  void navigate(link.pathname + link.search);
});
