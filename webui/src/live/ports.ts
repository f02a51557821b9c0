import { batch, signal } from "@preact/signals";
import { answer, api, type Schemas } from "../api/client";
import { config } from "../api/config";
import { t } from "../i18n";

type Channel = Schemas["ChannelId"];

/** The cards that are plugged in, those that nothing drives among them. */
export const cards = signal<Schemas["Card"][] | null>(null);

/** The spans and ports that the cards have. */
export const hardware = signal<Schemas["HardwareSpan"][]>([]);

/** Reads cards, spans and ports: no event tells of them. */
export async function readHardware(): Promise<void> {
  const [plugged, spans] = await Promise.all([answer(api.GET("/api/cards")), answer(api.GET("/api/hardware"))]);
  batch(() => {
    cards.value = plugged;
    hardware.value = spans;
  });
}

/** The numbers of the simulated telco; none on real hardware. */
export const simulated = signal<Schemas["SimulatedNumber"][]>([]);

/** A channel as people write it: `2/4`. */
export const place = (channel: Channel): string => `${channel.span}/${channel.slot}`;

/** What a backup brought and no card of this unit has is kept on spans from here on. */
const nowhere = 60_001;

/** A channel for people, who need not know of numbers that stand for nothing. */
export const shownPlace = (channel: Channel): string => (channel.span >= nowhere ? t("noPlace") : place(channel));

/** The analog ports of one kind that nothing uses yet. */
export function freePorts(kind: "fxo" | "fxs"): Channel[] {
  const used = new Set([
    ...config.line.value.map((line) => place(line.channel)),
    ...config.device.value.flatMap((device) => (device.kind.type === "fxs" ? [place(device.kind.channel)] : [])),
  ]);
  const ports = hardware.value.flatMap((span) => span.ports);
  return ports.filter((port) => port.kind === kind && !used.has(place(port.channel))).map((port) => port.channel);
}

/** What a port is. */
export const portKind = (channel: Channel): Schemas["PortKind"] | undefined =>
  hardware.value.flatMap((span) => span.ports).find((port) => place(port.channel) === place(channel))?.kind;
