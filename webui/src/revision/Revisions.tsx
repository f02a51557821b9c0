import { useEffect } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { answer, api, type Schemas } from "../api/client";
import { revision } from "../api/config";
import { match, retried } from "../api/write";
import { showTime, t } from "../i18n";
import { Button } from "../kit/Button";
import { ask } from "../kit/Dialog";
import { Page, Panel } from "../kit/Page";
import { say } from "../kit/Toast";
import { tell } from "../shell/tell";
import { sentence } from "./sentence";
import "./revision.css";

type Revision = Schemas["Revision"];
type Detail = Schemas["RevisionDetail"];
const page = 50;

/** Every change of the configuration, newest first. */
export function Revisions() {
  const list = useSignal<Revision[]>([]);
  const more = useSignal(false);

  async function read(before?: number) {
    await tell(
      answer(api.GET("/api/revisions", { params: { query: { limit: page, ...(before !== undefined && { before }) } } })).then((found) => {
        list.value = before === undefined ? found : [...list.value, ...found];
        more.value = found.length === page;
      }),
    );
  }
  useEffect(() => void read(), [revision.value]);

  return (
    <Page title={t("revisions.title")} lede={t("revisions.lede")}>
      <Panel>
        <ol class="revisions">
          {list.value.map((item) => (
            <Entry key={item.revision} item={item} current={item.revision === list.value[0]?.revision} />
          ))}
        </ol>
        {more.value && (
          <div class="more">
            <Button onClick={() => read(list.value.at(-1)!.revision)}>{t("calls.more")}</Button>
          </div>
        )}
      </Panel>
    </Page>
  );
}

function Entry({ item, current }: { item: Revision; current: boolean }) {
  const detail = useSignal<Detail | null>(null);
  const open = useSignal(false);
  const params = { path: { id: item.revision } };

  async function toggle() {
    open.value = !open.value;
    if (open.value && !detail.value) await tell(answer(api.GET("/api/revisions/{id}", { params })).then((found) => (detail.value = found)));
  }

  async function restore() {
    const go = await ask({
      title: t("revisions.restoreTitle", { revision: item.revision }),
      body: <p>{t("revisions.restoreWhy", { time: showTime(item.at_ms) })}</p>,
      go: t("revisions.restore"),
    });
    if (!go) return;
    const call = () => answer(api.POST("/api/revisions/{id}/restore", { params: { ...params, header: match() } }));
    if (await tell(retried(call))) say(t("revisions.restored", { revision: item.revision }));
  }

  return (
    <li>
      <button type="button" class="revision-line" aria-expanded={open.value} onClick={toggle}>
        <span class="mono revision-number">{item.revision}</span>
        <strong>{item.summary}</strong>
        {current && <span class="tag">{t("revisions.current")}</span>}
        <small>
          {item.author} · {showTime(item.at_ms)}
        </small>
      </button>
      {open.value && detail.value && (
        <div class="revision-detail">
          {detail.value.changes.length > 0 ? (
            <ul>
              {detail.value.changes.map((change) => (
                <li key={change.path}>{sentence(change)}</li>
              ))}
            </ul>
          ) : (
            <p class="hint">{t(detail.value.against == null ? "revisions.first" : "revisions.same")}</p>
          )}
          {!current && <Button onClick={restore}>{t("revisions.restore")}</Button>}
        </div>
      )}
    </li>
  );
}
