import type { Schemas } from "../api/client";
import { t, word } from "../i18n";

type Ladder = Schemas["Ladder"];
type Row = Schemas["LadderRow"];

/** Seconds since the call began: a tenth of a millisecond tells the parties apart. */
export const seconds = (us: number): string => (us / 1_000_000).toFixed(4);

/** A note of the gateway is understood only with the beginning of its detail: `Route: National`. */
export function noteText({ label, detail }: Row): string {
  const [first = ""] = detail.trim().split(/\r?\n/);
  return first ? `${label}: ${first.length > 90 ? `${first.slice(0, 90)}…` : first}` : label;
}

/** A rung as one reads it aloud. */
export function rowText(row: Row, ladder: Ladder): string {
  const party = ladder.parties[row.party] ?? "?";
  const gateway = t("ladder.gateway");
  const who = row.direction === "note" ? gateway : row.direction === "in" ? `${party} → ${gateway}` : `${gateway} → ${party}`;
  return `${seconds(row.at_us)} s, ${who}, ${word("protocol", row.protocol)} ${row.direction === "note" ? noteText(row) : row.label}`;
}

/** The whole ladder as text, for a mail or a ticket. */
export function ladderText(ladder: Ladder): string {
  const width = Math.max(8, ...ladder.parties.map((party) => party.length));
  const lines = ladder.rows.map((row) => {
    const sign = { in: "→", out: "←", note: "·" }[row.direction];
    const party = (ladder.parties[row.party] ?? "?").padEnd(width);
    const first = `${seconds(row.at_us).padStart(10)} ${sign} ${party} ${word("protocol", row.protocol).padEnd(5)} ${row.label}`;
    const detail = row.detail ? row.detail.trimEnd().split(/\r?\n/).map((line) => `${" ".repeat(13)}| ${line}`) : [];
    return [first, ...detail].join("\n");
  });
  return [`${t("ladder.title")} ${ladder.call}: ${ladder.parties.join(" | ")}`, t("ladder.signs"), ...lines].join("\n") + "\n";
}
