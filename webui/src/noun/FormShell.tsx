import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { effect, useSignal } from "@preact/signals";
import { revision } from "../api/config";
import { t } from "../i18n";
import { Button } from "../kit/Button";
import { ask } from "../kit/Dialog";
import { Notice } from "../kit/Page";
import { guard } from "../shell/router";
import { formOf, type Form } from "./form";

/**
 * A form of `value` that asks before unsaved changes are lost. As long as nothing is changed in it,
 * it follows `value`: somebody else may have changed that.
 */
export function useForm<T>(value: T): Form<T> {
  const form = useMemo(() => formOf(value, revision.peek()), []);
  useEffect(() => {
    if (form.dirty.peek()) return;
    form.saved.value = form.draft.value = value;
    form.base = revision.peek();
  }, [value]);
  useEffect(() => {
    const asks = () => ask({ title: t("leaveTitle"), body: <p>{t("leaveWhy")}</p>, go: t("leaveGo"), stay: t("leaveStay"), danger: true });
    const stop = effect(() => {
      guard.value = form.dirty.value ? asks : null;
    });
    return () => {
      stop();
      guard.value = null;
    };
  }, [form]);
  return form;
}

interface ShellProps<T> {
  form: Form<T>;
  onSubmit: () => Promise<void>;
  /** It does not exist yet. */
  fresh?: boolean;
  cancel?: () => void;
  children: ComponentChildren;
}

/** The frame of every form: what is wrong on top, the buttons at the foot, where they stay in view. */
export function FormShell<T>({ form, onSubmit, fresh, cancel, children }: ShellProps<T>) {
  const busy = useSignal(false);
  const element = useRef<HTMLFormElement>(null);
  const faults = form.faults.value;

  useLayoutEffect(() => {
    if (faults.length === 0) return;
    const first = element.current?.querySelector<HTMLElement>("[aria-invalid=true], .field.wrong :is(input, select, button)");
    for (const fold of element.current?.querySelectorAll("details:has([aria-invalid=true], .field.wrong)") ?? []) (fold as HTMLDetailsElement).open = true;
    (first ?? element.current?.querySelector<HTMLElement>(".notice"))?.focus();
  }, [faults]);

  async function submit(event: Event) {
    event.preventDefault();
    if (busy.value) return;
    busy.value = true;
    await onSubmit();
    busy.value = false;
  }

  return (
    <form ref={element} class="form" noValidate onSubmit={submit}>
      {faults.length > 0 && (
        <Notice kind="fault">
          <strong>{t("faults", { n: faults.length })}</strong>
          <ul>
            {faults.map((fault) => (
              <li key={fault.at}>{fault.message}</li>
            ))}
          </ul>
        </Notice>
      )}
      {children}
      <div class="form-foot">
        <p aria-live="polite">{!fresh && (form.dirty.value ? t("unsaved") : t("allSaved"))}</p>
        {cancel && fresh && (
          <Button look="quiet" onClick={cancel}>
            {t("cancel")}
          </Button>
        )}
        {!fresh && form.dirty.value && (
          <Button
            look="quiet"
            onClick={() => {
              form.draft.value = form.saved.value;
              form.faults.value = [];
            }}
          >
            {t("undo")}
          </Button>
        )}
        <Button type="submit" look="primary" disabled={busy.value || (!fresh && !form.dirty.value)}>
          {fresh ? t("create") : t("save")}
        </Button>
      </div>
    </form>
  );
}
