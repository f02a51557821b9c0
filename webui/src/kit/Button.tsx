import type { ComponentChildren, JSX } from "preact";
import { useSignal } from "@preact/signals";
import { t } from "../i18n";
import { Icon, type IconName } from "./Icon";

interface Look {
  icon?: IconName;
  look?: "primary" | "plain" | "danger" | "quiet";
  children?: ComponentChildren;
  /** Shown as icon only; the children are its name. */
  bare?: boolean;
}

const classes = ({ look = "plain", bare }: Look) => `button ${look}${bare ? " bare" : ""}`;

function Inside({ icon, bare, children }: Look) {
  return (
    <>
      {icon && <Icon name={icon} size={bare ? 20 : 18} />}
      {bare ? <span class="unseen">{children}</span> : children}
    </>
  );
}

type ButtonProps = Look & Omit<JSX.IntrinsicElements["button"], "icon" | "children">;

export function Button({ icon, look, bare, children, ...rest }: ButtonProps) {
  const inside = { icon, look, bare, children } as Look;
  return (
    <button type="button" class={classes(inside)} title={bare ? String(children) : undefined} {...rest}>
      <Inside {...inside} />
    </button>
  );
}

export function LinkButton({ href, ...look }: Look & { href: string }) {
  return (
    <a class={classes(look)} href={href}>
      <Inside {...look} />
    </a>
  );
}

/** Copies a text; says for a moment that it did. */
export function Copy({ text, label = t("copy") }: { text: string; label?: string }) {
  const done = useSignal(false);
  async function copy() {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      copyTheOldWay(text); // a page served without TLS has no clipboard
    }
    done.value = true;
    setTimeout(() => (done.value = false), 2000);
  }
  return (
    <Button icon={done.value ? "check" : "copy"} look="plain" onClick={copy}>
      <span aria-live="polite">{done.value ? t("copied") : label}</span>
    </Button>
  );
}

function copyTheOldWay(text: string) {
  const field = document.createElement("textarea");
  field.value = text;
  (document.querySelector("dialog[open]") ?? document.body).append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}
