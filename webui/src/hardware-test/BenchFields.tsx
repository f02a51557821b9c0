import { useSignal } from "@preact/signals";
import { answer, api } from "../api/client";
import { t, word } from "../i18n";
import { Fold, PickField, Section, TextField, type Option } from "../kit/Field";
import { RowsField } from "../kit/Rows";
import { hardware, place } from "../live/ports";
import { words } from "../shell/tell";
import { bench, type Bench } from "./bench";

type Row = Record<string, unknown>;

const sides = () => ["user", "network"].map((value) => ({ value, label: word("span/side", value) }));

/** What is cabled to what on the bench. */
export function BenchFields() {
  const value = bench.value;
  const set = (part: Partial<Bench>) => (bench.value = { ...bench.value, ...part });
  const spans = hardware.value.filter((span) => span.kind !== "analog").map((span) => ({ value: String(span.id), label: t("tests.spanNamed", { span: span.id, name: span.name }) }));
  const ports = (kind: "fxo" | "fxs"): Option[] =>
    hardware.value.flatMap((span) => span.ports).filter((port) => port.kind === kind).map((port) => ({ value: place(port.channel), label: t("port", { place: place(port.channel) }) }));
  const [fxs, fxo] = [ports("fxs"), ports("fxo")];
  const first = hardware.value.find((span) => span.kind !== "analog")?.id ?? 1;
  return (
    <>
      <Section title={t("bench.title")} lede={t("bench.why")}>
        <div class="two">
          <TextField label={t("bench.unit")} value={value.unit} onInput={(unit) => set({ unit })} />
          <TextField label={t("bench.tester")} value={value.tester} onInput={(tester) => set({ tester })} />
        </div>
        {spans.length > 0 && (
          <>
            <RowsField
              label={t("bench.cables")}
              hint={t("bench.cablesWhy")}
              columns={[
                { key: "a", label: t("bench.from"), options: spans },
                { key: "b", label: t("bench.to"), options: spans },
              ]}
              value={value.span as Row[]}
              blank={() => ({ a: first, b: Number(spans[1]?.value ?? first), a_side: "network", b_side: "user" })}
              add={t("bench.addCable")}
              empty={t("bench.noCable")}
              onChange={(rows) => set({ span: rows as Bench["span"] })}
            />
            <RowsField
              label={t("bench.plugs")}
              hint={t("bench.plugsWhy")}
              columns={[{ key: "span", label: t("span.one"), options: spans }]}
              value={value.plug as Row[]}
              blank={() => ({ span: first })}
              add={t("bench.addPlug")}
              empty={t("bench.noPlug")}
              onChange={(rows) => set({ plug: rows as Bench["plug"] })}
            />
          </>
        )}
        {fxs.length > 0 && fxo.length > 0 && (
          <RowsField
            label={t("bench.pairs")}
            hint={t("bench.pairsWhy")}
            columns={[
              { key: "fxs", label: t("bench.fxs"), options: fxs },
              { key: "fxo", label: t("bench.fxo"), options: fxo },
            ]}
            value={value.pair as Row[]}
            blank={() => ({ fxs: left(fxs, value.pair.map((pair) => pair.fxs)), fxo: left(fxo, value.pair.map((pair) => pair.fxo)) })}
            add={t("bench.addPair")}
            empty={t("bench.noPair")}
            onChange={(rows) => set({ pair: rows as Bench["pair"] })}
          />
        )}
        <Import />
      </Section>
      <Fold title={t("bench.more")} lede={t("bench.moreWhy")}>
        <Section title={t("bench.others")} lede={t("bench.othersWhy")}>
          {fxs.length > 0 && <PickField label={t("bench.phones")} value={value.phone} options={fxs} add={t("bench.addPort")} empty={t("none")} onChange={(phone) => set({ phone })} />}
          {fxo.length > 0 && <PickField label={t("bench.lines")} value={value.line} options={fxo} add={t("bench.addPort")} empty={t("none")} onChange={(line) => set({ line })} />}
          {spans.length > 0 && (
            <RowsField
              label={t("bench.trunks")}
              columns={[
                { key: "span", label: t("span.one"), options: spans },
                { key: "side", label: t("span/side"), options: sides() },
              ]}
              value={value.trunk as Row[]}
              blank={() => ({ span: first, side: "user" })}
              add={t("bench.addTrunk")}
              empty={t("none")}
              onChange={(rows) => set({ trunk: rows as Bench["trunk"] })}
            />
          )}
          <TextField
            label={t("bench.jig")}
            hint={t("bench.jigWhy")}
            mono
            placeholder="/dev/ttyUSB0"
            value={value.jig?.port ?? ""}
            onInput={(port) => set({ jig: port === "" ? null : { port, speed: value.jig?.speed ?? 115200 } })}
          />
        </Section>
      </Fold>
    </>
  );
}

const left = (ports: Option[], used: string[]): string => (ports.find((port) => !used.includes(port.value)) ?? ports[0])?.value ?? "";

/** A `bench.toml` that somebody wrote before. */
function Import() {
  const fault = useSignal<string | null>(null);
  async function read(file: File | undefined) {
    if (!file) return;
    fault.value = null;
    try {
      bench.value = { ...bench.value, ...(await answer(api.POST("/api/hardware_tests/bench", { body: { toml: await file.text() } }))) };
    } catch (problem) {
      fault.value = words(problem);
    }
  }
  return (
    <div class={`field${fault.value ? " wrong" : ""}`}>
      <label class="button plain file">
        {t("bench.import")}
        <input type="file" accept=".toml" aria-invalid={fault.value ? true : undefined} onChange={(event) => read(event.currentTarget.files?.[0])} />
      </label>
      {fault.value && (
        <p class="error" role="alert">
          {fault.value}
        </p>
      )}
    </div>
  );
}
