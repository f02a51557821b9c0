import { signal } from "@preact/signals";
import { t } from "../i18n";
import { Button } from "./Button";
import { Icon } from "./Icon";

interface Toast {
  id: number;
  text: string;
  fault: boolean;
}

const toasts = signal<Toast[]>([]);
let next = 1;

/** Tells that something was done, or was not. A fault stays until it is closed. */
export function say(text: string, { fault = false } = {}): void {
  const id = next++;
  toasts.value = [...toasts.value.slice(-3), { id, text, fault }];
  if (!fault) setTimeout(() => drop(id), 5000);
}

const drop = (id: number) => (toasts.value = toasts.value.filter((toast) => toast.id !== id));

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((toast) => (
        <div key={toast.id} class={`toast${toast.fault ? " fault" : ""}`}>
          <Icon name={toast.fault ? "warn" : "check"} />
          <p>{toast.text}</p>
          <Button icon="close" look="quiet" bare onClick={() => drop(toast.id)}>
            {t("close")}
          </Button>
        </div>
      ))}
    </div>
  );
}
