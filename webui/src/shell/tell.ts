import { Problem } from "../api/problem";
import { t } from "../i18n";
import { say } from "../kit/Toast";

/** Waits for something that was asked of the gateway; says so when it was refused. True = it was done. */
export async function tell(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (problem) {
    say(words(problem), { fault: true });
    return false;
  }
}

export function words(problem: unknown): string {
  if (!(problem instanceof Problem)) return t("problemOurs");
  return [problem.message, ...problem.faults.map((fault) => fault.message)].filter((text, at, all) => all.indexOf(text) === at).join(" ");
}
