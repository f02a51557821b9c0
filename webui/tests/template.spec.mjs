// Gateways of other makers: the trunk is filled in, and the page says what to set on the box.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertSoundEverywhere, newPage, signIn, startBrowser } from "./browser.mjs";
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

test("a trunk to a box of a known maker is filled in but for the address", async () => {
  const page = await newPage(browser, gateway);
  await signIn(page);
  await page.goto("/trunks/new");
  await page.getByRole("radio", { name: /^SIP/ }).check();
  const template = (await api("GET", "/trunk-templates")).find(({ maker }) => maker === "AudioCodes");
  await page.getByLabel("Host").fill("192.0.2.20");
  await page.getByLabel("Which box").selectOption(template.id);
  const steps = page.getByRole("region", { name: "What to set on AudioCodes" });
  const text = await steps.innerText();
  assert.ok(!/\bGATEWAY\b|\bPORT\b/.test(text), "our own address stands where the template has a word");
  assert.match(text, /127\.0\.0\.1/);
  assert.equal(await steps.locator("ol > li").count(), template.steps.length);
  assert.equal(await page.getByLabel("Host").inputValue(), "192.0.2.20", "what was typed stays");
  assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), "AudioCodes");
  await assertSoundEverywhere(page, "template");
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByRole("link", { name: "AudioCodes" }).click();
  const { kind } = (await api("GET", "/trunks")).find(({ name }) => name === "AudioCodes");
  assert.deepEqual([kind.host, kind.cause_profile, kind.qualify_s], ["192.0.2.20", template.peer.cause_profile, template.peer.qualify_s]);

  // Later the steps are still there, and choosing a box changes nothing.
  await page.locator("summary", { hasText: "Advanced: SIP" }).click();
  await page.getByLabel("Which box").selectOption({ label: await page.getByLabel("Which box").locator("option", { hasText: "Patton" }).innerText() });
  await page.getByRole("region", { name: "What to set on Patton" }).waitFor();
  await page.getByText("Everything is saved").waitFor();
  await page.context().close();
});
