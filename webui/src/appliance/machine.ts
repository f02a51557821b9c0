import { signal } from "@preact/signals";
import { answer, api, type Schemas } from "../api/client";
import { Problem } from "../api/problem";

export type MachineStatus = Schemas["MachineStatus"];

/** How the machine does; none where the operating system is not ours. */
export const machine = signal<MachineStatus | null>(null);

/** Reads how the machine does. Where there is none of ours, nothing of it is shown. */
export async function readMachine(): Promise<MachineStatus | null> {
  try {
    machine.value = await answer(api.GET("/api/appliance/status"));
  } catch (problem) {
    if (!(problem instanceof Problem && problem.status === 404)) throw problem;
    machine.value = null;
  }
  return machine.value;
}
