import { useMemo } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { find, loaded, title, type NounName, type Nouns } from "../api/config";
import { create, remove, save } from "../api/write";
import { t } from "../i18n";
import { Button } from "../kit/Button";
import { ask } from "../kit/Dialog";
import { Empty, Page, Panel } from "../kit/Page";
import { say } from "../kit/Toast";
import { hardware } from "../live/ports";
import { guard, navigate } from "../shell/router";
import { tell } from "../shell/tell";
import { Fields } from "./fields";
import { FormShell, useForm } from "./FormShell";
import type { Noun } from "./noun";

/** One thing of a noun, or a new one. */
export function NounEdit<N extends NounName>({ noun, id }: { noun: Noun<N>; id: number | "new" }) {
  // What a new one begins with depends on what there is already.
  const blank = useMemo(() => noun.blank?.(), [noun, loaded.value, hardware.value]);
  const thing = id === "new" ? blank : find(noun.name, id);
  if (!loaded.value) return null;
  if (!thing) {
    return (
      <Empty icon={noun.icon} title={t("goneTitle")} action={<a href={noun.path}>{t(`${noun.name}.many`)}</a>}>
        {t("goneWhy")}
      </Empty>
    );
  }
  return <Editor key={id} noun={noun} id={id} thing={thing} />;
}

function Editor<N extends NounName>({ noun, id, thing }: { noun: Noun<N>; id: number | "new"; thing: Nouns[N] }) {
  const form = useForm(thing);
  const fields = useMemo(() => new Fields<N, Nouns[N]>(noun.name, form, noun.beside), [form]);
  const busy = useSignal(false);
  const back = { href: noun.path, label: t(`${noun.name}.many`) };

  async function submit() {
    if (noun.before) form.draft.value = noun.before(form.saved.peek(), form.draft.peek());
    const done = id === "new" ? await create(noun.name, form) : await save(noun.name, id, form);
    if (!done) return;
    guard.value = null;
    say(t("savedNamed", { name: title(noun.name, done) }));
    if (id === "new") await navigate(noun.path);
    noun.saved?.(done, id === "new");
  }

  async function discard() {
    const go = await ask({
      title: t("deleteTitle", { name: title(noun.name, thing) }),
      body: <p>{t(`${noun.name}.delete`)}</p>,
      go: t("delete"),
      danger: true,
    });
    if (!go) return;
    busy.value = true;
    const gone = await tell(remove(noun.name, id as number));
    busy.value = false;
    if (!gone) return;
    guard.value = null;
    say(t("deletedNamed", { name: title(noun.name, thing) }));
    await navigate(noun.path);
  }

  const now = id !== "new" && noun.now?.(thing);
  return (
    <Page
      title={id === "new" ? t(`${noun.name}.new`) : title(noun.name, form.saved.value) || t(`${noun.name}.one`)}
      back={back}
      lede={id !== "new" && noun.state?.(thing)}
      actions={
        id !== "new" &&
        noun.blank && (
          <Button icon="trash" look="quiet" disabled={busy.value} onClick={discard}>
            {t("delete")}
          </Button>
        )
      }
    >
      {now && <Panel class="now">{now}</Panel>}
      <FormShell form={form} onSubmit={submit} fresh={id === "new"} cancel={() => navigate(noun.path)}>
        {noun.form(fields)}
      </FormShell>
      {id !== "new" && noun.below?.(thing)}
    </Page>
  );
}
