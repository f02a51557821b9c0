import { useLayoutEffect, useRef } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { answer, api, session, type Schemas } from "../api/client";
import { Problem, type Fault } from "../api/problem";
import { t } from "../i18n";
import { Button } from "../kit/Button";
import { Mark } from "../kit/Icon";
import { Notice } from "../kit/Page";
import { navigate } from "../shell/router";
import { words } from "../shell/tell";
import { countries } from "../system/countries";
import { Accounts } from "./Accounts";
import { Answers, Code, Password, Phones, Site } from "./steps";
import "../access/access.css";
import "./wizard.css";

export type Entry = Omit<Schemas["Setup"], "wizard"> & { again: string; wizard: Required<Schemas["Wizard"]> };

export interface StepProps {
  entry: Entry;
  change: (part: Partial<Entry>) => void;
  wizard: (part: Partial<Entry["wizard"]>) => void;
  error: (at: string) => string | undefined;
}

/** The steps, each with the places of the request that it fills in. */
const steps = [
  { name: "code", form: Code, owns: /^\/code/ },
  { name: "password", form: Password, owns: /^\/password/ },
  { name: "site", form: Site, owns: /^\/(wizard\/(name|country|area_code)|system)/ },
  { name: "phones", form: Phones, owns: /^\/(wizard\/phones|devices|extensions)/ },
  { name: "answers", form: Answers, owns: /^\/(wizard\/answers|inbound_routes|ring_groups)/ },
] as const;

/** The first start: five short questions, one request, and accounts to type into phones. */
export function Wizard() {
  const at = useSignal(0);
  const entry = useSignal<Entry>({
    code: "",
    password: "",
    again: "",
    wizard: {
      name: t("wizard.siteDefault"),
      country: countryGuess(),
      area_code: "",
      phones: ["201", "202"].map((number) => ({ number, name: "" })),
      answers: [{ called: "", numbers: ["201", "202"] }],
    },
  });
  const faults = useSignal<Fault[]>([]);
  const fault = useSignal<string | null>(null);
  const busy = useSignal(false);
  const done = useSignal<Schemas["SetupDone"] | null>(null);
  const heading = useRef<HTMLHeadingElement>(null);

  useLayoutEffect(() => {
    const field = faults.value.length > 0 ? document.querySelector<HTMLElement>("[aria-invalid=true]") : null;
    (field ?? document.querySelector<HTMLElement>(".wizard input") ?? heading.current)?.focus();
  }, [at.value, faults.value, done.value]);

  document.title = `${t("wizard.title")} · Demarc`;
  if (done.value) return <Accounts done={done.value} leave={() => (session.value = "in")} />;

  const step = steps[at.value]!;
  const { form: Form } = step;
  const error = (place: string) => faults.value.find((fault) => fault.at === place)?.message;

  function check(): Fault[] {
    const { code, password, again, wizard } = entry.value;
    const wrong = (at: string, message: string): Fault => ({ at, message, elsewhere: false });
    if (step.name === "code" && !code.trim()) return [wrong("/code", t("wizard.codeMissing"))];
    if (step.name === "password" && password.length < 10) return [wrong("/password", t("wizard.passwordShort"))];
    if (step.name === "password" && password !== again) return [wrong("/again", t("wizard.passwordDiffers"))];
    if (step.name === "phones") {
      return wizard.phones.flatMap((phone, index) => (phone.name.trim() ? [] : [wrong(`/wizard/phones/${index}/name`, t("wizard.nameMissing"))]));
    }
    return [];
  }

  async function submit(event: Event) {
    event.preventDefault();
    faults.value = check();
    fault.value = null;
    if (faults.value.length > 0) return;
    if (at.value < steps.length - 1) {
      at.value++;
      return;
    }
    busy.value = true;
    const { again: _, wizard, ...rest } = entry.value;
    const answers = wizard.answers.filter((row) => row.called.trim() !== "" && row.numbers.length > 0);
    try {
      done.value = await answer(api.POST("/api/setup", { body: { ...rest, wizard: { ...wizard, area_code: wizard.area_code || null, answers } } }));
    } catch (problem) {
      refuse(problem);
    }
    busy.value = false;
  }

  /** Makes the administrator and asks nothing else: a backup of another unit has the answers. */
  async function restore() {
    busy.value = true;
    const { code, password } = entry.value;
    try {
      await answer(api.POST("/api/setup", { body: { code, password } }));
      await navigate("/backup");
      session.value = "in";
    } catch (problem) {
      refuse(problem);
    }
    busy.value = false;
  }

  function refuse(problem: unknown) {
    faults.value = problem instanceof Problem ? problem.faults : [];
    const home = steps.findIndex(({ owns }) => faults.value.some((fault) => owns.test(fault.at)));
    if (home >= 0) at.value = home;
    if (home < 0 || faults.value.some((fault) => fault.elsewhere)) fault.value = words(problem);
  }

  return (
    <main class="door" id="main">
      <form class="door-card wizard" noValidate onSubmit={submit}>
        <p class="brand">
          <Mark size={34} />
          Demarc
        </p>
        <ol class="steps" aria-label={t("wizard.steps")}>
          {steps.map(({ name }, index) => (
            <li key={name} class={index < at.value ? "past" : undefined} aria-current={index === at.value ? "step" : undefined}>
              {t(`wizard.${name}`)}
            </li>
          ))}
        </ol>
        <h1 ref={heading} tabIndex={-1}>
          {t(`wizard.${step.name}.title`)}
        </h1>
        <p class="lede">{t(`wizard.${step.name}.why`)}</p>
        {fault.value && <Notice kind="fault">{fault.value}</Notice>}
        <Form
          entry={entry.value}
          change={(part) => (entry.value = { ...entry.value, ...part })}
          wizard={(part) => (entry.value = { ...entry.value, wizard: { ...entry.value.wizard, ...part } })}
          error={error}
        />
        <div class="door-actions">
          {at.value > 0 && (
            <Button look="quiet" icon="back" onClick={() => at.value--}>
              {t("back")}
            </Button>
          )}
          {step.name === "site" && (
            <Button icon="backup" disabled={busy.value} onClick={restore}>
              {t("wizard.restore")}
            </Button>
          )}
          <Button type="submit" look="primary" disabled={busy.value}>
            {at.value < steps.length - 1 ? t("next") : t("wizard.finish")}
          </Button>
        </div>
      </form>
    </main>
  );
}

function countryGuess(): Schemas["Country"] {
  const region = new Intl.Locale(navigator.language).maximize().region;
  const known: readonly string[] = countries();
  return (region && known.includes(region) ? region : "GB") as Schemas["Country"];
}
