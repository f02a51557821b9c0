import { signal, type Signal } from "@preact/signals";
import type { Schemas } from "./client";

/** The nouns of the configuration that are lists, and the types of their things. */
export interface Nouns {
  line: Schemas["Line"];
  span: Schemas["Span"];
  trunk: Schemas["Trunk"];
  device: Schemas["Device"];
  extension: Schemas["Extension"];
  ring_group: Schemas["RingGroup"];
  service: Schemas["Service"];
  inbound_route: Schemas["InboundRoute"];
  outbound_route: Schemas["OutboundRoute"];
}

export type NounName = keyof Nouns;

/** The list of each noun, in the configuration and in the API. */
export const lists = {
  line: "lines",
  span: "spans",
  trunk: "trunks",
  device: "devices",
  extension: "extensions",
  ring_group: "ring_groups",
  service: "services",
  inbound_route: "inbound_routes",
  outbound_route: "outbound_routes",
} as const satisfies Record<NounName, string>;

export const nounNames = Object.keys(lists) as NounName[];

/** The configuration as it was read last. */
export const config = Object.fromEntries(nounNames.map((noun) => [noun, signal([])])) as unknown as { [N in NounName]: Signal<Nouns[N][]> };
/** Its revision: what a change of it is based on. */
export const revision = signal(0);
export const system = signal<Schemas["System"] | null>(null);
export const appliance = signal<Schemas["Appliance"] | null>(null);
export const loaded = signal(false);

/** What a thing is called wherever it is mentioned. */
export function title(noun: NounName, thing: Nouns[NounName]): string {
  if (noun === "extension" || noun === "ring_group" || noun === "service") {
    const { number, name } = thing as Nouns["extension"];
    return `${number} ${name}`;
  }
  return thing.name;
}

export function find<N extends NounName>(noun: N, id: number | null | undefined): Nouns[N] | undefined {
  return (config[noun].value as Nouns[N][]).find((thing) => thing.id === id);
}
