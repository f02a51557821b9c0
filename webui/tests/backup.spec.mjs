// A backup of one unit, restored on another that is fresh from the box: spans and ports have other numbers there.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { assertSoundEverywhere, newPage, signIn, startBrowser } from "./browser.mjs";
import { administrator, password, startGateway } from "./gateway.mjs";

const alone = process.env.DEMARC_URL ? "needs two gateways of its own" : false;
const passphrase = "a boat, a bell, a lighthouse";

let old, fresh, browser, api;
before(async () => {
  if (alone) return;
  old = await startGateway();
  fresh = await startGateway();
  api = await administrator(old);
  browser = await startBrowser();
  // The old unit has other cards: its configuration knows spans 7 to 9, and a fifth line.
  const config = await api("GET", "/config?secrets=true");
  const there = { 1: 7, 2: 8, 3: 9 };
  for (const span of config.spans) span.id = there[span.id];
  for (const { kind } of config.trunks) if (kind.type === "pri") kind.spans = kind.spans.map((id) => there[id]);
  for (const { channel } of config.lines) channel.span = there[channel.span];
  for (const { kind } of config.devices) if (kind.type === "fxs") kind.channel.span = there[kind.channel.span];
  config.lines.push({ ...config.lines[0], id: 77, name: "Lift", channel: { span: 8, slot: 9 } });
  config.trunks.find(({ kind }) => kind.type === "fxo").kind.lines.push(77);
  config.system.name = "Harbour Office";
  config.appliance.hostname = "harbour";
  await api("PUT", "/config", config, { "If-Match": "*" });
});
after(async () => {
  await browser?.close();
  await old?.stop();
  await fresh?.stop();
});

/** Makes a backup on the page; the file as the browser saved it. */
async function make(page) {
  await page.getByLabel("Passphrase", { exact: true }).fill(passphrase);
  await page.getByLabel("Passphrase once more").fill(passphrase);
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Make a backup" }).click()]);
  return { name: download.suggestedFilename(), text: await readFile(await download.path(), "utf8") };
}

const given = ({ name, text }) => ({ name, mimeType: "application/octet-stream", buffer: Buffer.from(text) });

test("a backup is restored on another unit, and everything finds its place", { skip: alone }, async () => {
  const page = await newPage(browser, old);
  await signIn(page);
  await page.getByRole("navigation").getByRole("link", { name: "Backup" }).click();
  await page.getByLabel("Passphrase", { exact: true }).fill("too short");
  await page.getByRole("button", { name: "Make a backup" }).click();
  await page.getByText("Too short: take 12 characters or more.").waitFor();
  await page.getByText("The two differ.").waitFor();
  await assertSoundEverywhere(page, "backup");
  const file = await make(page);
  assert.match(file.name, /^harbour-office-\d+\.demarc$/);
  assert.ok(!file.text.includes("Harbour"), "sealed");
  await page.getByText("The backup is made.").waitFor();
  await page.context().close();

  // The other unit asks nothing but the code and a password: the backup has the answers.
  const there = await newPage(browser, fresh);
  await there.goto("/");
  await there.getByLabel("Setup code").fill(fresh.code);
  await there.getByRole("button", { name: "Continue" }).click();
  await there.getByLabel("Administrator password").fill(password);
  await there.getByLabel("Once more").fill(password);
  await there.getByRole("button", { name: "Continue" }).click();
  await assertSoundEverywhere(there, "a wizard that offers a backup");
  await there.getByRole("button", { name: "Restore a backup instead" }).click();
  await there.getByRole("heading", { level: 1, name: "Backup" }).waitFor();
  const api2 = await administrator(fresh);
  const before = await api2("GET", "/config");

  await there.getByRole("button", { name: "Open it" }).click();
  await there.getByText("Choose the file of a backup.").waitFor();
  const open = async (what, secret) => {
    await there.getByLabel("Choose a file…").setInputFiles(given(what));
    await there.getByLabel("Passphrase of the backup").fill(secret);
    await there.getByRole("button", { name: "Open it" }).click();
  };
  await open(file, "a boat, a bell, a lightship");
  await there.getByText("is not the passphrase of this backup").waitFor();
  await assertSoundEverywhere(there, "a wrong passphrase");
  await open({ ...file, text: file.text.slice(0, -40) }, passphrase);
  await there.getByText("the end of the file is missing").waitFor();
  await open({ name: "photo.demarc", text: "GIF89a" }, passphrase);
  await there.getByText("this file is no backup of a gateway").waitFor();
  assert.deepEqual(await api2("GET", "/config"), before, "nothing changed");

  await open(file, passphrase);
  const opened = there.getByRole("region", { name: "What is in it" });
  await opened.getByText("Harbour Office (harbour)").waitFor();
  await opened.getByText("One thing has no place on this unit.").waitFor();
  await opened.getByText("Lift – used by Lines").waitFor();
  const goes = (name) => opened.getByLabel(`Where ${name} goes`);
  const [first, second] = before.lines.map(({ name }) => name);
  assert.equal(await goes(first).inputValue(), "2/1");
  assert.equal(await goes("Lift").inputValue(), "");
  assert.equal(await goes("Telco").inputValue(), "1");
  await assertSoundEverywhere(there, "what goes where");
  // Whoever had the place gets the one that becomes free.
  await goes(first).selectOption("2/2");
  assert.equal(await goes(second).inputValue(), "2/1");
  assert.match(await opened.getByRole("row", { name: first }).innerText(), /You say so/);
  await opened.getByRole("button", { name: "Restore" }).click();
  await there.getByRole("dialog", { name: "Restore the backup of Harbour Office?" }).getByRole("button", { name: "Restore" }).click();
  await there.getByText("The backup of Harbour Office is in force.").waitFor();

  const now = await api2("GET", "/config?secrets=true");
  const was = await api("GET", "/config?secrets=true");
  assert.deepEqual(now.spans.map(({ id, enabled }) => [id, enabled]), [[1, true]]);
  assert.deepEqual(now.lines.slice(0, 2).map(({ channel }) => channel), [{ span: 2, slot: 2 }, { span: 2, slot: 1 }]);
  assert.ok(now.lines.at(-1).channel.span > 60_000);
  const sip = (config) => config.devices.filter(({ kind }) => kind.type === "sip");
  assert.deepEqual(sip(now), sip(was), "phones need not be touched: their passwords are the same");
  assert.deepEqual([now.system.name, now.appliance.hostname], ["Harbour Office", before.appliance.hostname]);
  await there.goto("/lines");
  assert.match(await there.getByRole("row", { name: "Lift" }).innerText(), /no card/);
  // The gateway runs it: the span's D channel comes up again.
  const up = async () => (await api2("GET", "/live")).spans.some(({ span, d_channel_up }) => span === 1 && d_channel_up);
  while (!(await up())) await there.waitForTimeout(100);

  const [newest] = await api2("GET", "/revisions");
  assert.equal(newest.summary, "restored a backup of Harbour Office");
  await api2("POST", `/revisions/${newest.revision - 1}/restore`, {}, { "If-Match": "*" });
  assert.deepEqual(await api2("GET", "/config"), before, "and it can be taken back");
  await there.context().close();
});
