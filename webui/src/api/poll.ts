import { useEffect } from "preact/hooks";
import { useSignal, type ReadonlySignal } from "@preact/signals";
import { Problem } from "./problem";

/** What was read last, and why the latest reading failed if it did. */
export interface Reading<T> {
  value: T | undefined;
  problem: Problem | undefined;
}

/**
 * Reads something that no event tells of, again and again while the page is seen. `again` reads it
 * at once.
 */
export function usePoll<T>(read: () => Promise<T>, pause_ms: number, of: readonly unknown[] = []): { reading: ReadonlySignal<Reading<T>>; again: () => Promise<void> } {
  const reading = useSignal<Reading<T>>({ value: undefined, problem: undefined });
  async function again() {
    try {
      reading.value = { value: await read(), problem: undefined };
    } catch (problem) {
      reading.value = { value: reading.peek().value, problem: problem instanceof Problem ? problem : undefined };
    }
  }
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let gone = false;
    async function turn() {
      if (!document.hidden) await again();
      if (!gone) timer = setTimeout(turn, pause_ms);
    }
    void turn();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, of);
  return { reading, again };
}
