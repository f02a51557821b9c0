import type { Nouns } from "../api/config";
import { t } from "../i18n";
import { Button } from "../kit/Button";
import { FieldGroup } from "../kit/Field";
import type { Fields } from "../noun/fields";

const kinds = ["fxs", "fxo", "bearer"] as const;

/** What each timeslot of a channel bank leads to. */
export function PortsField({ f }: { f: Fields<"span", Nouns["span"]> }) {
  const signalling = f.value.signalling;
  if (signalling?.type !== "channel_bank") return null;
  const { ports } = signalling;
  const bits = ports.length > 24 ? 15 : undefined; // timeslot 16 of an E1 carries the signalling of the others
  const set = (next: typeof ports) => f.set("/signalling", { type: "channel_bank", ports: next });
  return (
    <FieldGroup label={t("span.bank")} hint={t("span.bankWhy")}>
      <div class="bank">
        {ports.map((port, index) => index !== bits && (
          <label key={index}>
            <span>
              <span class="unseen">{t("timeslot", { slot: "" })}</span>
              {index + 1}
            </span>
            <select value={port} onChange={(event) => set(ports.map((other, at) => (at === index ? (event.currentTarget.value as typeof port) : other)))}>
              {kinds.map((kind) => (
                <option key={kind} value={kind} selected={kind === port}>
                  {kind === "bearer" ? "–" : kind.toUpperCase()}
                </option>
              ))}
            </select>
          </label>
        ))}
      </div>
      <div class="bank-all">
        {kinds.map((kind) => (
          <Button key={kind} onClick={() => set(ports.map(() => kind))}>
            {t(`bank=${kind}`)}
          </Button>
        ))}
      </div>
    </FieldGroup>
  );
}
