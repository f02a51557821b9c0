import { useEffect } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { answer, api, type Schemas } from "../api/client";
import { usePoll } from "../api/poll";
import { t } from "../i18n";
import { Page } from "../kit/Page";
import { tell } from "../shell/tell";
import { Progress } from "./Progress";
import { Results } from "./Results";
import { Start } from "./Start";
import "./hardware-test.css";

type TestInfo = Schemas["TestInfo"];

/** Tests of the cards and cables: what goes on, how the last run went, and a new one. */
export function HardwareTests() {
  const { reading, again } = usePoll(() => answer(api.GET("/api/hardware_tests/run")), 1500);
  const tests = useSignal<TestInfo[]>([]);
  useEffect(() => void tell(answer(api.GET("/api/hardware_tests")).then((found) => (tests.value = found as TestInfo[]))), []);
  const run = reading.value.value;
  return (
    <Page title={t("tests.title")} lede={t("tests.lede")}>
      {run?.running && <Progress run={run} tests={tests.value} onChange={again} />}
      {run && run.results.length > 0 && <Results run={run} />}
      {run && !run.running && tests.value.length > 0 && <Start tests={tests.value} onStart={again} />}
    </Page>
  );
}
