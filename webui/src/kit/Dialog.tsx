import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { signal } from "@preact/signals";
import { t } from "../i18n";
import { Button } from "./Button";

interface DialogProps {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
  actions?: ComponentChildren;
}

/** A modal dialog. It is open as long as it is rendered. */
export function Dialog({ title, onClose, children, actions }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useLayoutEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => (before as HTMLElement | null)?.focus?.();
  }, []);
  return (
    <dialog
      ref={dialog}
      class="dialog"
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <h2 id={heading}>{title}</h2>
      <div class="dialog-body">{children}</div>
      <div class="dialog-actions">{actions ?? <Button onClick={onClose}>{t("close")}</Button>}</div>
    </dialog>
  );
}

interface Question {
  title: string;
  body: ComponentChildren;
  /** What the button that goes ahead says. */
  go: string;
  stay?: string;
  danger?: boolean;
}

const asked = signal<(Question & { answer: (go: boolean) => void }) | null>(null);

/** Asks before something that cannot be undone; true = go ahead. */
export function ask(question: Question): Promise<boolean> {
  asked.value?.answer(false);
  return new Promise((resolve) => {
    asked.value = {
      ...question,
      answer(go) {
        asked.value = null;
        resolve(go);
      },
    };
  });
}

/** Where questions appear; once, in the shell. */
export function Asker() {
  const question = asked.value;
  if (!question) return null;
  return (
    <Dialog
      title={question.title}
      onClose={() => question.answer(false)}
      actions={
        <>
          <Button onClick={() => question.answer(false)}>{question.stay ?? t("cancel")}</Button>
          <Button look={question.danger ? "danger" : "primary"} onClick={() => question.answer(true)}>
            {question.go}
          </Button>
        </>
      }
    >
      {question.body}
    </Dialog>
  );
}
