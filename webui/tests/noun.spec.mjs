import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { newPage, signIn, startBrowser } from "./browser.mjs";
import { administrator, startGateway } from "./gateway.mjs";

let gateway, browser, api, page;
before(async () => {
  gateway = await startGateway();
  api = await administrator(gateway);
  browser = await startBrowser();
  page = await newPage(browser, gateway);
  await signIn(page);
});
after(async () => {
  await browser?.close();
  await gateway?.stop();
});

const save = () => page.getByRole("button", { name: "Save" }).click();
// Not the message that says so: one of an earlier change may still be there.
const saved = () => page.getByText("Everything is saved").waitFor();
const main = () => page.getByRole("main");

/** Opens the first thing of a list by the links that a person follows. */
async function openFirst(many) {
  await page.getByRole("navigation").getByRole("link", { name: many, exact: true }).click();
  await page.getByRole("heading", { level: 1, name: many }).waitFor();
  await main().getByRole("row").nth(1).getByRole("link").first().click();
  await main().getByLabel("Name", { exact: true }).waitFor();
}

// One edit of each noun: what is entered, and what the API says afterwards.
const edits = [
  ["Lines", "/lines", async () => { await main().getByLabel("Voice").check(); await main().getByLabel("Rest after a call").fill("2500"); }, (line) => assert.deepEqual([line.answer, line.guard_ms], ["voice", 2500])],
  ["Spans", "/spans", async () => { await main().getByLabel("Numbers may arrive digit by digit").check(); }, (span) => assert.equal(span.overlap, true)],
  ["Trunks", "/trunks", async () => { await main().getByLabel("Which one next").selectOption("round_robin"); }, (trunk) => assert.equal(trunk.kind.hunt, "round_robin")],
  ["Phones", "/devices", async () => { await main().getByLabel("Phones at once").fill("5"); }, (device) => assert.equal(device.kind.max_contacts, 5)],
  ["Extensions", "/extensions", async () => { await main().getByLabel("Never show the number outside").check(); }, (extension) => assert.equal(extension.withhold, true)],
  ["Ring groups", "/ring_groups", async () => { await main().getByLabel("One after the other").check(); await main().getByLabel("How long each rings").fill("25"); }, (group) => assert.deepEqual([group.strategy, group.each_s], ["in_order", 25])],
  ["Services", "/services", async () => { await main().getByLabel("Delayed answer").check(); await main().getByLabel("Answer after").fill("7"); }, (service) => assert.deepEqual(service.kind, { type: "delayed_answer", after_s: 7 })],
  ["Inbound routes", "/inbound_routes", async () => { await main().getByLabel("Nobody").check(); await main().getByLabel("Cause").selectOption("17"); }, (route) => assert.deepEqual(route.destination, { type: "reject", cause: 17 })],
  ["Outbound routes", "/outbound_routes", async () => { await main().getByLabel("Put in front").fill("9"); await main().getByRole("textbox", { name: /Add a pattern/ }).fill("111"); await page.keyboard.press("Enter"); }, (route) => { assert.equal(route.prepend, "9"); assert.ok(route.patterns.includes("111")); }],
];

for (const [many, path, change, check] of edits) {
  test(`${many}: an edit is saved and in force`, async () => {
    await openFirst(many);
    const { id } = (await api("GET", path)).at(0);
    await change();
    await page.getByText("Unsaved changes").waitFor();
    await save();
    await saved();
    check(await api("GET", `${path}/${id}`));
    await page.reload();
    await saved();
    assert.deepEqual(page.complaints, []);
  });
}

const unfold = (name) => main().locator("summary", { hasText: name }).click();
const path = async (many, list) => { await openFirst(many); return `${list}/${(await api("GET", list)).at(0).id}`; };

test("Spans: timers and a group with one D channel", async () => {
  const at = await path("Spans", "/spans");
  await main().getByLabel("Switch type").selectOption("ni2");
  await main().getByLabel("Framing").selectOption("esf");
  await main().getByLabel("Line code").selectOption("b8zs");
  await unfold("Advanced: ISDN");
  await main().getByLabel("Shares a D channel with other spans").check();
  await main().getByLabel("Interface identifier").fill("3");
  await main().getByRole("radio", { name: /Primary/ }).check();
  await main().getByLabel("T303").fill("6000");
  await save();
  await saved();
  const { isdn, pinned } = await api("GET", at);
  assert.deepEqual([isdn.nfas, isdn.timers.t303_ms], [{ group: 1, interface: 3, d_channel: "primary" }, 6000]);
  assert.deepEqual(pinned.sort(), ["dialect", "framing", "line_code", "overlap"], "what is set by hand stays");
  await main().getByLabel("T303").fill("");
  await main().getByLabel("Shares a D channel with other spans").uncheck();
  await main().getByLabel("Switch type").selectOption("euro_isdn");
  await main().getByLabel("Framing").selectOption("crc4");
  await main().getByLabel("Line code").selectOption("hdb3");
  await save();
  await saved();
  const after = await api("GET", at);
  assert.deepEqual([after.isdn.nfas, after.isdn.timers.t303_ms], [null, null]);
});

test("Spans: MFC/R2, E&M and a channel bank have fields of their own", async () => {
  const at = await path("Spans", "/spans");
  await main().getByLabel("Signalling").selectOption("r2");
  await main().getByLabel("Country").selectOption("brazil");
  await unfold("Advanced: MFC/R2");
  await main().getByLabel("Answer twice").check();
  await main().getByLabel("Ask for the caller first").selectOption("true");
  await save();
  await saved();
  const { signalling, r2, pinned } = await api("GET", at);
  assert.deepEqual([signalling.type, r2.variant, r2.double_answer, r2.ani_first], ["r2", "brazil", true, true]);
  assert.ok(pinned.includes("signalling"));
  await main().getByLabel("Signalling").selectOption("channel_bank");
  await main().getByRole("button", { name: "All FXO" }).click();
  await main().getByRole("combobox", { name: "Timeslot 2", exact: true }).selectOption("fxs");
  await save();
  await saved();
  assert.deepEqual((await api("GET", at)).signalling.ports.slice(0, 3), ["fxo", "fxs", "fxo"]);
  await main().getByLabel("Signalling").selectOption("isdn");
  await save();
  await saved();
});

test("Lines: levels, a tone of their own and distinctive rings; a fault in a folded part opens it", async () => {
  const at = await path("Lines", "/lines");
  await unfold("Advanced");
  await main().getByLabel("Gain from the line").fill("-3");
  await main().getByLabel("A tone of its own ends calls").check();
  await main().getByRole("button", { name: "Add a ring" }).click();
  await main().getByLabel("Ring, pause, ring… in ms, row 1").fill("400, 200, 400");
  await main().getByLabel("Number, row 1").fill("none");
  await unfold("Advanced");
  await save();
  const number = main().getByLabel("Number, row 1");
  await number.waitFor();
  assert.equal(await number.getAttribute("aria-invalid"), "true");
  await number.fill("+442079460982");
  await save();
  await saved();
  const line = await api("GET", at);
  assert.deepEqual([line.receive_gain_db, line.hangup_tone.f1, line.distinctive], [-3, 425, [{ cadence: [400, 200, 400], number: "+442079460982" }]]);
});

test("Trunks: numbers by a table, services of ISDN", async () => {
  const at = await path("Trunks", "/trunks");
  await unfold("Advanced: numbers and services");
  await main().getByLabel("Called numbers").selectOption("table");
  await main().getByLabel("Begins with, row 1").fill("+44");
  await main().getByLabel("Type, row 1").selectOption("2");
  await main().getByLabel("Ask what calls cost").check();
  await save();
  await saved();
  const { isdn } = (await api("GET", at)).kind;
  assert.deepEqual([isdn.called.rules[0].prefix, isdn.called.rules[0].ton, isdn.ask_charge], ["+44", 2, true]);
});

test("Extensions: forwarding; phones: the recall key; system: feature codes", async () => {
  const extension = await path("Extensions", "/extensions");
  await main().getByLabel("When nobody answers").fill("202");
  await main().getByLabel("It rings first for").fill("15");
  await save();
  await saved();
  const { forward_no_answer, forward_after_s, call_waiting } = (await api("GET", extension)).features;
  assert.deepEqual([forward_no_answer, forward_after_s, call_waiting], ["202", 15, true]);

  const analog = (await api("GET", "/devices")).find(({ kind }) => kind.type === "fxs");
  await page.goto(`/devices/${analog.id}`);
  await main().getByRole("radio", { name: /With a digit/ }).check();
  await unfold("Advanced");
  await main().getByLabel("Calls at once").fill("201");
  await save();
  await saved();
  const { features } = (await api("GET", `/devices/${analog.id}`)).kind;
  assert.deepEqual([features.flash, features.hot_line, features.transfer_on_hang_up], ["digits", "201", true]);

  await page.goto("/system");
  await unfold("Feature codes");
  await main().getByLabel("Dialled, row 1", { exact: true }).fill("*72*N#");
  await save();
  await saved();
  assert.equal((await api("GET", "/system")).feature_codes[0].code, "*72*N#");
  assert.deepEqual(page.complaints, []);
});

test("System: an edit is saved and in force", async () => {
  await page.goto("/system");
  await page.getByLabel("Site name").fill("Harbour");
  await page.getByLabel("Ring at most").fill("45");
  await save();
  await saved();
  const system = await api("GET", "/system");
  assert.deepEqual([system.name, system.ring_timeout_s], ["Harbour", 45]);
});

test("a new phone is created, its account shown, and the phone deleted again", async () => {
  await page.goto("/devices");
  await page.getByRole("link", { name: "New phone" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Lodge");
  await page.getByLabel("User name").fill("lodge");
  await page.getByRole("button", { name: "Create" }).click();
  const account = page.getByRole("dialog", { name: "Account of Lodge" });
  assert.match(await account.innerText(), /Password\s+\S{12,}/);
  await account.getByRole("button", { name: "Copy all" }).click();
  await account.getByText("Copied").waitFor();
  await account.getByRole("button", { name: "Close" }).click();
  await page.getByRole("link", { name: "Lodge" }).click();
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog", { name: "Delete Lodge?" }).getByRole("button", { name: "Delete" }).click();
  await page.getByText("Lodge was deleted").waitFor();
  assert.ok(!(await api("GET", "/devices")).some(({ name }) => name === "Lodge"));
});

test("what is wrong is said at its field, and the field has the focus", async () => {
  await openFirst("Extensions");
  const number = main().getByLabel("Number", { exact: true });
  const was = await number.inputValue();
  const taken = (await api("GET", "/extensions")).map(({ number }) => number).find((other) => other !== was);
  await number.fill(taken);
  await save();
  await page.getByRole("alert").waitFor();
  assert.equal(await number.getAttribute("aria-invalid"), "true");
  const error = page.locator(`#${(await number.getAttribute("aria-describedby")).split(" ").at(-1)}`);
  assert.ok((await error.innerText()).length > 5);
  assert.ok(await number.evaluate((field) => field === document.activeElement));
  await page.getByRole("button", { name: "Undo changes" }).click();
  assert.equal(await number.inputValue(), was);
});

test("what still uses a thing keeps it from being deleted, and is named", async () => {
  const [group] = await api("GET", "/ring_groups");
  await page.goto(`/extensions/${group.extensions[0]}`);
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.locator(".toast.fault").waitFor();
  assert.ok((await api("GET", "/extensions")).some(({ id }) => id === group.extensions[0]));
  await page.locator(".toast.fault").getByRole("button", { name: "Close" }).click();
});

test("leaving with unsaved changes asks first, by link and by the browser's own button", async () => {
  await openFirst("Trunks");
  await main().getByLabel("Name", { exact: true }).fill("Other");
  await page.getByRole("navigation").getByRole("link", { name: "Lines" }).click();
  const question = page.getByRole("dialog", { name: "Throw away your changes?" });
  await question.getByRole("button", { name: "Keep editing" }).click();
  assert.equal(await main().getByLabel("Name", { exact: true }).inputValue(), "Other");
  await page.goBack();
  await question.getByRole("button", { name: "Throw away" }).click();
  await page.getByRole("heading", { level: 1, name: "Trunks" }).waitFor();
});

test("somebody else changed the same thing: both are shown, and a person chooses", async () => {
  const [line] = await api("GET", "/lines");
  await page.goto(`/lines/${line.id}`);
  await main().getByLabel("Name", { exact: true }).fill("Mine");
  await api("PUT", `/lines/${line.id}`, { ...line, name: "Theirs" }, { "If-Match": "*" });
  await save();
  const dialog = page.getByRole("dialog", { name: "Somebody else changed this too" });
  assert.match(await dialog.innerText(), /Theirs[\s\S]*Mine/);
  await dialog.getByRole("button", { name: "Save mine over it" }).click();
  await saved();
  assert.equal((await api("GET", `/lines/${line.id}`)).name, "Mine");
});

test("somebody else changed another thing: nobody is bothered", async () => {
  const [line, other] = await api("GET", "/lines");
  await page.goto(`/lines/${line.id}`);
  await main().getByLabel("Name", { exact: true }).fill("Front line");
  await api("PUT", `/lines/${other.id}`, { ...other, name: "Back line" }, { "If-Match": "*" });
  await save();
  await saved();
  const names = (await api("GET", "/lines")).map(({ name }) => name);
  assert.ok(names.includes("Front line") && names.includes("Back line"));
});

test("routes change places", async () => {
  const before = (await api("GET", "/inbound_routes")).map(({ id }) => id);
  await page.goto("/inbound-routes");
  await main().getByRole("row").nth(2).getByRole("button", { name: /^Move .* up$/ }).click();
  await main().locator("tbody tr").first().getByRole("link", { name: (await api("GET", `/inbound_routes/${before[1]}`)).name }).waitFor();
  const after = (await api("GET", "/inbound_routes")).map(({ id }) => id);
  assert.deepEqual(after.slice(0, 2), [before[1], before[0]]);
});

test("revisions tell what changed in words, and an old one comes back", async () => {
  await page.goto("/extensions/201");
  const [first] = await api("GET", "/extensions");
  await page.goto(`/extensions/${first.id}`);
  await main().getByLabel("Name", { exact: true }).fill("Temporary");
  await save();
  await saved();
  await page.goto("/revisions");
  const entries = main().locator(".revisions > li");
  await entries.first().getByRole("button").click();
  await page.getByText(`name went from ${first.name} to Temporary`).waitFor();
  await entries.nth(1).getByRole("button").first().click();
  await page.getByRole("button", { name: "Bring this back" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Bring this back" }).click();
  await page.getByText("is in force again").waitFor();
  assert.equal((await api("GET", `/extensions/${first.id}`)).name, first.name);
});

test("a token is made, shown once, and revoked", async () => {
  await page.goto("/access");
  await page.getByLabel("Name", { exact: true }).fill("Billing");
  await page.getByRole("button", { name: "Make a token" }).click();
  const token = await page.getByRole("dialog", { name: "Token for Billing" }).locator(".secret").innerText();
  const answer = await fetch(`${gateway.url}/api/system`, { headers: { Authorization: `Bearer ${token}` } });
  assert.equal(answer.status, 200);
  await page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
  await page.getByRole("button", { name: "Revoke Billing" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await main().getByRole("row", { name: /Billing/ }).waitFor({ state: "detached" });
});
