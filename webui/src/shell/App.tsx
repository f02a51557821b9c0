import type { VNode } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { answer, api, session } from "../api/client";
import { appliance, system } from "../api/config";
import { Access } from "../access/Access";
import { Login } from "../access/Login";
import { AppliancePage } from "../appliance/AppliancePage";
import { readMachine } from "../appliance/machine";
import { NetworkPage } from "../appliance/NetworkPage";
import { BackupPage } from "../backup/BackupPage";
import { Call } from "../call/Call";
import { Calls } from "../call/Calls";
import { Dashboard } from "../dashboard/Dashboard";
import { AccountDialog } from "../device/Account";
import { Autopilot } from "../finding/Autopilot";
import { Hardware } from "../hardware/Hardware";
import { HardwareTests } from "../hardware-test/HardwareTests";
import { SpanPage } from "../hardware/SpanPage";
import { t } from "../i18n";
import { Asker } from "../kit/Dialog";
import { Empty, Page } from "../kit/Page";
import { Toasts } from "../kit/Toast";
import { connect, disconnect } from "../live/events";
import { readHardware, simulated } from "../live/ports";
import { NounEdit } from "../noun/NounEdit";
import { NounList } from "../noun/NounList";
import { Revisions } from "../revision/Revisions";
import { SystemPage } from "../system/System";
import { Wizard } from "../wizard/Wizard";
import { ConflictDialog } from "./Conflict";
import { Frame } from "./Frame";
import { nouns } from "./nouns";
import { path } from "./router";

/** Finds out who is here. */
async function begin(): Promise<void> {
  try {
    await answer(api.GET("/api/session"));
    session.value = "in";
  } catch {
    const { data } = await api.GET("/api/setup").catch(() => ({ data: undefined }));
    if (data) session.value = data.done ? "out" : "setup";
    else setTimeout(begin, 1500); // nobody answers yet: a gateway that is starting
  }
}

export function App() {
  useEffect(() => void begin(), []);
  useEffect(() => {
    if (session.value !== "in") {
      disconnect();
      return;
    }
    connect();
    void readMachine().catch(() => undefined);
    const look = () => void (document.hidden || readHardware().catch(() => undefined));
    look();
    const looking = setInterval(look, 30_000);
    void answer(api.GET("/api/simulated_numbers")).then((found) => (simulated.value = found), () => undefined);
    return () => clearInterval(looking);
  }, [session.value]);

  return (
    <>
      {session.value === "in" && (
        <Frame>
          <Routed />
        </Frame>
      )}
      {session.value === "out" && <Login />}
      {session.value === "setup" && <Wizard />}
      <AccountDialog />
      <ConflictDialog />
      <Asker />
      <Toasts />
    </>
  );
}

/** The page of the present path; a new page takes the focus, so that a screen reader begins at its title. */
function Routed() {
  const at = path();
  const first = useRef(true);
  // Before the paint: nobody who types at once loses the focus again.
  useLayoutEffect(() => {
    if (first.current) first.current = false;
    else document.getElementById("main")?.focus({ preventScroll: true });
  }, [at]);
  return page(at);
}

function page(at: string): VNode {
  const [, head = "", tail] = at.split("/");
  if (head === "") return <Dashboard />;
  if (head === "calls") return tail ? <Call key={tail} id={Number(tail)} /> : <Calls />;
  if (head === "hardware") return tail ? <SpanPage key={tail} id={Number(tail)} /> : <Hardware />;
  if (head === "appliance") return <AppliancePage />;
  if (head === "network") return <NetworkPage key={appliance.value ? "read" : "unread"} />;
  if (head === "hardware-tests") return <HardwareTests />;
  if (head === "autopilot") return <Autopilot />;
  if (head === "system") return <SystemPage key={system.value ? "read" : "unread"} />;
  if (head === "revisions") return <Revisions />;
  if (head === "backup") return <BackupPage />;
  if (head === "access") return <Access />;
  const found = nouns.find((noun) => noun.path === `/${head}`);
  if (found && tail === undefined) return <NounList key={head} noun={found} />;
  if (found && (Number(tail) > 0 || (tail === "new" && found.blank))) return <NounEdit key={at} noun={found} id={tail === "new" ? "new" : Number(tail)} />;
  return (
    <Page title={t("lost.title")}>
      <Empty icon="search" title={t("lost.title")} action={<a href="/">{t("dashboard.title")}</a>}>
        {t("lost.why")}
      </Empty>
    </Page>
  );
}
