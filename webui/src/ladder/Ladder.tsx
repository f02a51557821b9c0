import { useEffect, useRef } from "preact/hooks";
import { useSignal } from "@preact/signals";
import type { Schemas } from "../api/client";
import { maybe, t, word } from "../i18n";
import { Copy } from "../kit/Button";
import { ladderText, noteText, rowText, seconds } from "./text";
import "./ladder.css";

export type LadderData = Schemas["Ladder"];
type Row = Schemas["LadderRow"];

const protocols = ["sip", "q931", "line", "media", "pbx"] as const;

/**
 * The sequence diagram of a call. The caller stands left of the gateway, everybody else right of it,
 * so that a call that goes through reads from left to right.
 */
export function Ladder({ ladder }: { ladder: LadderData }) {
  const hidden = useSignal<ReadonlySet<string>>(new Set());
  const rows = ladder.rows.map((row, index) => ({ row, index })).filter(({ row }) => !hidden.value.has(row.protocol));
  const used = protocols.filter((protocol) => ladder.rows.some((row) => row.protocol === protocol));
  const lanes = ladder.parties.length + 1;
  const list = useRef<HTMLDivElement>(null);

  // Follow a live call as long as its end is in view.
  useEffect(() => {
    const end = list.current?.lastElementChild;
    if (!end) return;
    const { top } = end.getBoundingClientRect();
    if (top > innerHeight && top < innerHeight + 160) end.scrollIntoView({ block: "end" });
  }, [ladder.rows.length]);

  function toggle(protocol: string) {
    const next = new Set(hidden.value);
    if (!next.delete(protocol)) next.add(protocol);
    hidden.value = next;
  }

  return (
    <div class="ladder" style={{ "--lanes": lanes }}>
      <div class="ladder-tools">
        <div role="group" aria-label={t("ladder.protocols")} class="chips">
          {used.map((protocol) => (
            <button key={protocol} type="button" class={`chip ${protocol}`} aria-pressed={!hidden.value.has(protocol)} onClick={() => toggle(protocol)}>
              {word("protocol", protocol)}
            </button>
          ))}
        </div>
        <Copy text={ladderText(ladder)} label={t("ladder.copy")} />
      </div>
      <div class="ladder-scroll" tabIndex={0} role="region" aria-label={t("ladder.title")}>
        <div class="ladder-body">
          <div class="ladder-head" aria-hidden="true">
            <span>{t("ladder.time")}</span>
            {ladder.parties.map((party, index) => (
              <strong key={index} style={{ gridColumn: lane(index) + 1 }} title={party}>
                {party}
              </strong>
            ))}
            <strong class="gateway" style={{ gridColumn: lane(-1) + 1 }}>
              {t("ladder.gateway")}
            </strong>
          </div>
          <div ref={list} class="ladder-rows">
            {rows.map(({ row, index }) => (
              <Arrow key={index} row={row} ladder={ladder} lanes={lanes} />
            ))}
          </div>
        </div>
      </div>
      {ladder.dropped > 0 && <p class="hint">{t("ladder.dropped", { n: ladder.dropped })}</p>}
    </div>
  );
}

/** The column of a party, from 1; −1 is the gateway. */
function lane(party: number): number {
  return party === 0 ? 1 : party < 0 ? 2 : party + 2;
}

function Arrow({ row, ladder, lanes }: { row: Row; ladder: LadderData; lanes: number }) {
  const open = useSignal(false);
  const party = lane(row.party);
  const gateway = lane(-1);
  const note = row.direction === "note";
  const [from, to] = note ? [gateway, gateway] : [Math.min(party, gateway), Math.max(party, gateway)];
  const rightward = (row.direction === "out") === party > gateway;
  return (
    <div class={`rung ${row.protocol}${open.value ? " open" : ""}`}>
      <button type="button" aria-expanded={open.value} onClick={() => (open.value = !open.value)}>
        <span class="unseen">{rowText(row, ladder)}</span>
        <time aria-hidden="true">{seconds(row.at_us)}</time>
        {Array.from({ length: lanes }, (_, at) => (
          <i key={at} class={`life${at + 1 === gateway ? " gateway" : ""}`} style={{ gridColumn: at + 2 }} aria-hidden="true" />
        ))}
        <span class={note ? "note" : `arrow ${rightward ? "right" : "left"}`} style={{ gridColumn: `${from + 1} / ${to + 2}`, "--span": to - from + 1 }} aria-hidden="true">
          <b>{note ? noteText(row) : row.label}</b>
        </span>
      </button>
      {open.value && (
        <div class="message">
          <p>
            <strong>{row.label}</strong> · {word("protocol", row.protocol)} · {maybe(`direction=${row.direction}`)} · {ladder.parties[row.party]}
          </p>
          {row.detail ? <pre tabIndex={0}>{row.detail}</pre> : <p class="hint">{t("ladder.noDetail")}</p>}
          {row.detail && <Copy text={row.detail} label={t("ladder.copyMessage")} />}
        </div>
      )}
    </div>
  );
}
