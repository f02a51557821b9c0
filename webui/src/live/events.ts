import { signal } from "@preact/signals";
import { answer, api } from "../api/client";
import { revision } from "../api/config";
import { reload } from "../api/write";
import { after, live, skew, type LiveEvent } from "./store";

/** The stream of events: whether what is shown is what is. */
export const link = signal<"connecting" | "up" | "lost">("connecting");

const listeners = new Set<(event: LiveEvent) => void>();

/** Hears every event until the returned function is called. */
export function listen(listener: (event: LiveEvent) => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

let socket: WebSocket | null = null;
let wanted = false;
let tries = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Opens the stream, and again whenever it breaks. */
export function connect(): void {
  wanted = true;
  if (!socket) open();
}

export function disconnect(): void {
  wanted = false;
  clearTimeout(timer);
  socket?.close();
  socket = null;
}

function open(): void {
  const stream = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/events`);
  socket = stream;
  // What happens while the state is being read is heard first and applied after it.
  let early: LiveEvent[] | null = [];
  stream.onopen = async () => {
    try {
      await Promise.all([readLive(), reload()]);
    } catch {
      stream.close();
      return;
    }
    const missed = early ?? [];
    early = null;
    missed.forEach(take);
    tries = 0;
    link.value = "up";
  };
  stream.onmessage = (message) => {
    const event = JSON.parse(String(message.data)) as LiveEvent;
    if (early) early.push(event);
    else take(event);
  };
  stream.onclose = () => {
    if (socket !== stream) return;
    socket = null;
    if (!wanted) return;
    if (tries > 0) link.value = "lost"; // the first break may be a restart of a moment
    const wait = Math.min(10_000, 300 * 2 ** tries++);
    timer = setTimeout(open, wait);
  };
}

async function readLive(): Promise<void> {
  const call = api.GET("/api/live");
  const state = await answer(call);
  const date = Date.parse((await call).response.headers.get("date") ?? "");
  if (!Number.isNaN(date)) skew.value = Math.abs(Date.now() - date) > 2000 ? Date.now() - date : 0;
  live.value = state;
}

function take(event: LiveEvent): void {
  live.value = after(live.value, event);
  if (event.event === "revision" && event.revision > revision.peek()) void reload().catch(() => undefined);
  listeners.forEach((listener) => listener(event));
}

// A machine that wakes up, or finds its network again, should not wait.
addEventListener("online", () => {
  if (wanted && !socket) {
    clearTimeout(timer);
    open();
  }
});
