import { useSignal } from "@preact/signals";
import { answer, api, type Schemas } from "../api/client";
import { Problem } from "../api/problem";
import { showList, t, word } from "../i18n";
import { Button } from "../kit/Button";
import { ask } from "../kit/Dialog";
import { CardsField, Section } from "../kit/Field";
import { Notice } from "../kit/Page";
import { words } from "../shell/tell";
import { bench } from "./bench";
import { BenchFields } from "./BenchFields";

type Test = Schemas["TestInfo"];
const lengths = ["quick", "thorough"] as const;

/** What is to be tested, on which bench, and how thoroughly. */
export function Start({ tests, onStart }: { tests: Test[]; onStart: () => void }) {
  const chosen = useSignal<ReadonlySet<string>>(new Set(tests.map((test) => test.id)));
  const length = useSignal<(typeof lengths)[number]>("quick");
  const refused = useSignal<string | null>(null);
  const busy = useSignal(false);
  const wanted = tests.filter((test) => chosen.value.has(test.id));
  const all = wanted.length === tests.length;

  async function submit(event: Event) {
    event.preventDefault();
    if (wanted.some((test) => test.disturbs !== "nothing")) {
      const go = await ask({ title: t("tests.startTitle"), body: <p>{t("tests.startWhy")}</p>, go: t("tests.start") });
      if (!go) return;
    }
    busy.value = true;
    refused.value = null;
    try {
      await answer(api.POST("/api/hardware_tests/run", { body: { tests: all ? [] : wanted.map((test) => test.id), spans: [], length: length.value, bench: bench.value } }));
      onStart();
    } catch (problem) {
      refused.value = problem instanceof Problem ? words(problem) : t("problemOurs");
    }
    busy.value = false;
  }
  return (
    <form class="form" onSubmit={submit}>
      <Section title={t("tests.new")} lede={t("tests.newWhy")}>
        <CardsField
          label={t("tests.length")}
          value={length.value}
          options={lengths.map((value) => ({ value, label: word("length", value), hint: word("length?", value) }))}
          onChange={(value) => (length.value = value as (typeof lengths)[number])}
        />
      </Section>
      <BenchFields />
      <Section title={t("tests.which")} lede={t("tests.whichWhy")}>
        <div>
          <Button onClick={() => (chosen.value = new Set(all ? [] : tests.map((test) => test.id)))}>{t(all ? "tests.noneOfThem" : "tests.allOfThem")}</Button>
        </div>
        <ul class="test-list">
          {tests.map((test) => (
            <li key={test.id}>
              <label>
                <input
                  type="checkbox"
                  checked={chosen.value.has(test.id)}
                  onChange={(event) => {
                    const next = new Set(chosen.value);
                    if (event.currentTarget.checked) next.add(test.id);
                    else next.delete(test.id);
                    chosen.value = next;
                  }}
                />
                <span>
                  <strong>{test.title}</strong>
                  <small>{test.about}</small>
                  <small class="test-needs">{needs(test, length.value)}</small>
                </span>
              </label>
            </li>
          ))}
        </ul>
      </Section>
      <div class="form-foot">
        {refused.value ? (
          <Notice kind="fault">{refused.value}</Notice>
        ) : (
          <p aria-live="polite">{t("tests.chosen", { n: wanted.length })}</p>
        )}
        <Button type="submit" look="primary" disabled={busy.value || wanted.length === 0}>
          {t("tests.start")}
        </Button>
      </div>
    </form>
  );
}

/** `Needs two spans on a cable. About 20 s for each port. Its span is out of service.` */
function needs(test: Test, length: (typeof lengths)[number]): string {
  const [thorough, quick] = test.seconds;
  const parts = [t("tests.takes", { n: length === "quick" ? quick : thorough })];
  if (test.needs.length > 0) parts.unshift(t("tests.needs", { needs: showList(test.needs.map((need) => word("need", need))) }));
  if (test.disturbs !== "nothing") parts.push(word("disturbs", test.disturbs));
  return parts.join(" ");
}
