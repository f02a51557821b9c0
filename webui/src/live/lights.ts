import type { Light } from "../kit/Lamp";
import type { ChannelState } from "./store";

/** The lamp of a channel or line. */
export const lights: Record<ChannelState, Light> = {
  idle: "idle",
  ringing: "ring",
  dialling: "dial",
  busy: "talk",
  guard: "rest",
  off_hook: "dial",
  down: "fault",
};
