// Cards, layer 1, channels and what the autopilot found out.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertSound, assertSoundEverywhere, newPage, phone, signIn, startBrowser } from "./browser.mjs";
import { administrator, startGateway } from "./gateway.mjs";

let gateway, browser, api;
before(async () => {
  gateway = await startGateway();
  api = await administrator(gateway);
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await gateway?.stop();
});

const base = { bus: "pci", vendor: 0xd161, device: 0x8020, subvendor: 0, subdevice: 0, driver: "wcte43x", spans: [] };

/** Cards that no simulation has; the spans of the first are those of the gateway. */
const cards = [
  { ...base, id: "pci-0000:05:00.0", model: "Digium TE435", state: { state: "working" }, spans: [1] },
  { ...base, id: "pci-0000:06:00.0", model: "Digium TE820", state: { state: "firmware_missing", file: "dahdi-fw-te820.bin", remedy: "Install the firmware package, then start the gateway again." } },
  { ...base, id: "pci-0000:07:00.0", vendor: 0x1923, device: 0x0100, driver: null, model: "Sangoma A101", state: { state: "unsupported", reason: "This card needs a driver that is not part of the system.", remedy: "Replace it by a card of the list." } },
  { ...base, id: "usb-X1040120", bus: "usb", vendor: 0xe4e4, device: 0x1160, driver: "xpp_usb", model: "Astribank", state: { state: "starting", stage: "Its firmware is being loaded." } },
];

test("cards tell how they do, and what to do about one that does not work", async () => {
  const page = await newPage(browser, gateway);
  await page.route("**/api/cards", (route) => route.fulfill({ json: cards }));
  await signIn(page);
  await page.goto("/hardware");
  const panel = (name) => page.getByRole("region", { name });
  await panel("Digium TE435").getByText("Working").waitFor();
  assert.match(await panel("Digium TE435").innerText(), /30 bearers and one D channel/);
  assert.match(await panel("Digium TE820").innerText(), /Firmware missing[\s\S]*dahdi-fw-te820\.bin[\s\S]*Install the firmware package/);
  assert.match(await panel("Sangoma A101").innerText(), /Not supported[\s\S]*1923:0100[\s\S]*needs a driver[\s\S]*Replace it/);
  await panel("Astribank").getByText("Its firmware is being loaded.").waitFor();
  await assertSoundEverywhere(page, "cards");
  await page.goto("/");
  await page.getByRole("list", { name: "What needs attention" }).getByRole("link", { name: "Digium TE820: Firmware missing" }).click();
  await page.getByRole("heading", { level: 1, name: "Hardware" }).waitFor();
  await page.context().close();
});

test("layer 1 shows its alarms in words and what was counted", async () => {
  const page = await newPage(browser, gateway);
  const status = await api("GET", "/spans/1/status");
  await page.route("**/api/spans/1/status", (route) => route.fulfill({ json: { ...status, alarms: ["red", "loss_of_signal"], slips: 1204 } }));
  await signIn(page);
  await page.goto("/hardware/1");
  const layer1 = page.getByRole("region", { name: "Layer 1" });
  await layer1.getByText("2 alarms").waitFor();
  assert.match(await layer1.innerText(), /Loss of signal[\s\S]*Plug the cable in/);
  assert.match(await layer1.innerText(), /1,204\s+Slips|Slips\s+1,204/);
  await page.getByRole("region", { name: "Channels" }).getByRole("button", { name: "Restart timeslot 31" }).waitFor();
  await assertSoundEverywhere(page, "layer 1");
  await page.context().close();
});

test("a channel is restarted, the way there is by links", async () => {
  const page = await newPage(browser, gateway);
  await signIn(page);
  await page.getByRole("navigation").getByRole("link", { name: "Hardware", exact: true }).click();
  await page.getByRole("link", { name: "Simulated E1" }).click();
  await page.getByRole("heading", { level: 1, name: "Simulated E1" }).waitFor();
  // The far end has a D channel soon after the start.
  await page.locator(".lede").getByText("D channel up").waitFor();
  const asked = page.waitForResponse((response) => response.url().endsWith("/api/spans/1/channels/7/restart"));
  await page.getByRole("button", { name: "Restart timeslot 7" }).click();
  await page.getByRole("dialog", { name: "Restart timeslot 7?" }).getByRole("button", { name: "Restart" }).click();
  assert.equal((await asked).status(), 202);
  await page.getByText("Timeslot 7 is being restarted").waitFor();
  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByRole("heading", { level: 1, name: "Telco" }).waitFor();
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

test("an analog card lists its ports and what uses them", async () => {
  const page = await newPage(browser, gateway, { size: phone });
  await signIn(page);
  await page.goto("/hardware/2");
  await page.getByRole("row").filter({ hasText: "2/1" }).getByRole("link", { name: "Line 1" }).click();
  await page.getByRole("heading", { level: 1, name: "Line 1" }).waitFor();
  await page.context().close();
});

test("a finding is pinned, changed and let go", async () => {
  const page = await newPage(browser, gateway);
  await signIn(page);
  await page.goto("/autopilot");
  const item = page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: "Switch type" }) });
  await item.getByText("C · Country").waitFor();
  await item.getByRole("button", { name: "Pin Switch type" }).click();
  await item.getByRole("button", { name: "Pinned Switch type", pressed: true }).waitFor();
  assert.deepEqual((await api("GET", "/spans/1")).pinned, ["dialect"]);
  await item.getByRole("button", { name: "Pinned Switch type" }).click();
  await item.getByRole("button", { name: "Pin Switch type", pressed: false }).waitFor();
  assert.deepEqual((await api("GET", "/spans/1")).pinned, []);
  await item.getByRole("button", { name: "Change Switch type" }).click();
  const dialog = page.getByRole("dialog", { name: "Change: Switch type" });
  await assertSound(page, "change a finding");
  await dialog.getByLabel("Switch type").selectOption("qsig");
  await dialog.getByRole("button", { name: "Set and pin" }).click();
  await dialog.waitFor({ state: "detached" });
  const { dialect, pinned } = await api("GET", "/spans/1");
  assert.deepEqual([dialect, pinned], ["qsig", ["dialect"]]);
  await page.context().close();
});

test("evidence of every grade is shown, on every screen", async () => {
  const line = (setting, value, grade, confidence, evidence, pinned = false) => ({ subject: { subject: "line", channel: { span: 2, slot: 1 } }, setting, value, grade, confidence, evidence, pinned });
  const findings = [
    line("battery", "true", "read", "high", ["Battery is there."]),
    line("country", "FR", "country", "medium", ["A dial tone of 440 Hz was heard.", "Only FR fits."]),
    line("hangup_tone", "425+0 480,480", "learnt", "high", ["A call ended with 425 Hz, 480 ms on and 480 ms off."]),
    line("dial_tone", "true", "probed", "high", ["Dial tone came 320 ms after the line was seized."]),
    line("answer", null, "telco", "low", ["No call was answered yet."]),
  ];
  const page = await newPage(browser, gateway);
  await page.route("**/api/findings", (route) => route.fulfill({ json: findings }));
  await signIn(page);
  await page.goto("/autopilot");
  const panel = page.getByRole("region", { name: "Line 1" });
  await panel.getByText("425 Hz, 480 ms on, 480 ms off").waitFor();
  await panel.getByText("One thing more was seen").click();
  await panel.getByText("A dial tone of 440 Hz was heard.").waitFor();
  assert.match(await panel.innerText(), /France/);
  await assertSoundEverywhere(page, "findings");
  await page.context().close();
});

test("what is changed by hand in a form is pinned, and can be given back", async () => {
  const page = await newPage(browser, gateway);
  await signIn(page);
  const [line] = await api("GET", "/lines");
  await page.goto(`/lines/${line.id}`);
  await page.getByLabel("When it comes").selectOption("after_polarity");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Everything is saved").waitFor();
  assert.deepEqual((await api("GET", `/lines/${line.id}`)).pinned, ["caller_id_start"]);
  await page.getByRole("button", { name: "Pinned When caller identity comes" }).click();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Everything is saved").waitFor();
  assert.deepEqual((await api("GET", `/lines/${line.id}`)).pinned, []);
  await page.context().close();
});
