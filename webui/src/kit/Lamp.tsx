/** What a thing does, as a lamp: each state has a shape as well as a colour. */
export type Light = "idle" | "ring" | "dial" | "talk" | "rest" | "fault" | "off";

export function Lamp({ light, children }: { light: Light; children?: preact.ComponentChildren }) {
  return (
    <span class={`lamp ${light}`}>
      <i aria-hidden="true" />
      {children}
    </span>
  );
}
