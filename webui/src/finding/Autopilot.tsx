import { answer, api } from "../api/client";
import { revision } from "../api/config";
import { usePoll } from "../api/poll";
import { t, word } from "../i18n";
import { Empty, Page, Panel } from "../kit/Page";
import { place } from "../live/ports";
import { Findings } from "./Findings";
import { configured, type Finding, type Subject } from "./setting";

const key = (subject: Subject): string => (subject.subject === "span" ? `span ${subject.span}` : `line ${place(subject.channel)}`);

/** The findings, read again as long as somebody looks. */
export const useFindings = () => usePoll(() => answer(api.GET("/api/findings")), 5000, [revision.value]);

/** What the autopilot found out about these spans and lines; nothing where it has found nothing. */
export function FindingsOf({ subjects }: { subjects: { subject: Subject; name?: string }[] }) {
  const { reading, again } = useFindings();
  return (
    <>
      {subjects.map(({ subject, name }) => {
        const findings = reading.value.value?.filter((finding) => key(finding.subject) === key(subject)) ?? [];
        if (findings.length === 0) return null;
        return (
          <Panel key={key(subject)} title={name ? t("findings.of", { name }) : t("findings.title")}>
            <Findings findings={findings} onChange={again} />
          </Panel>
        );
      })}
    </>
  );
}

/** Everything that the autopilot found out. */
export function Autopilot() {
  const { reading, again } = useFindings();
  const findings = reading.value.value;
  const groups = new Map<string, Finding[]>();
  for (const finding of findings ?? []) groups.set(key(finding.subject), [...(groups.get(key(finding.subject)) ?? []), finding]);
  return (
    <Page title={t("autopilot.title")} lede={t("autopilot.lede")}>
      {[...groups].map(([id, group]) => {
        const { subject } = group[0]!;
        const there = configured(subject);
        const name = there?.thing.name ?? (subject.subject === "span" ? t("spanName", { span: subject.span }) : t("port", { place: place(subject.channel) }));
        const href = there && `/${there.noun}s/${there.thing.id}`;
        return (
          <Panel key={id} title={name} aside={href && <a href={href}>{t("autopilot.settings")}</a>}>
            <Findings findings={group} onChange={again} />
          </Panel>
        );
      })}
      {findings?.length === 0 && (
        <Empty icon="autopilot" title={t("autopilot.none")}>
          {t("autopilot.noneWhy")}
        </Empty>
      )}
      {groups.size > 0 && (
        <dl class="grades">
          {(["read", "probed", "learnt", "country", "telco"] as const).map((grade) => (
            <div key={grade}>
              <dt>
                <span class={`grade ${grade}`}>{word("grade", grade)}</span>
              </dt>
              <dd>{word("grade?", grade)}</dd>
            </div>
          ))}
        </dl>
      )}
    </Page>
  );
}
