import { computed, signal } from "@preact/signals";
import type { Schemas } from "../api/client";

export type Live = Schemas["Live"];
export type LiveEvent = Schemas["LiveEvent"];
export type LiveCall = Schemas["LiveCall"];
export type LiveSpan = Schemas["LiveSpan"];
export type LiveLine = Schemas["LiveLine"];
export type LiveTrunk = Schemas["LiveTrunk"];
export type LiveDevice = Schemas["LiveDevice"];
export type ChannelState = Schemas["ChannelState"];

/** The gateway as it is now. */
export const live = signal<Live>({ spans: [], lines: [], trunks: [], devices: [], calls: [] });

/** Which call holds a channel, by its place: `1/17`. */
export const callAt = computed(() => new Map(live.value.calls.flatMap((call) => call.legs.map((leg) => [leg.place, call] as const))));

/** Our clock less that of the gateway, in ms. */
export const skew = signal(0);

/** The gateway's clock; moves once a second while somebody looks at it. */
export const now = signal(Date.now());
setInterval(() => {
  if (live.value.calls.length > 0) now.value = Date.now() - skew.value;
}, 1000);

/** What an event makes of what was known. */
export function after(state: Live, event: LiveEvent): Live {
  switch (event.event) {
    case "call":
      return { ...state, calls: put(state.calls, event.call, (call) => call.call) };
    case "call_ended":
      return { ...state, calls: state.calls.filter((call) => call.call !== event.call) };
    case "span":
      return { ...state, spans: put(state.spans, event.span, (span) => span.span) };
    case "line":
      return { ...state, lines: put(state.lines, event.line, (line) => `${line.channel.span}/${line.channel.slot}`) };
    case "trunk":
      return { ...state, trunks: put(state.trunks, event.trunk, (trunk) => trunk.trunk) };
    case "device":
      return { ...state, devices: put(state.devices, event.device, (device) => device.device) };
    default:
      return state;
  }
}

function put<T>(items: readonly T[], item: T, id: (item: T) => string | number): T[] {
  const at = items.findIndex((other) => id(other) === id(item));
  return at < 0 ? [...items, item] : items.map((other, index) => (index === at ? item : other));
}
