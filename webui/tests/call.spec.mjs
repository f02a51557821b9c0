import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertSound, newPage, phone, signIn, startBrowser } from "./browser.mjs";
import { administrator, startGateway } from "./gateway.mjs";
import { placeCall } from "./sip-phone.mjs";

let gateway, browser, api;
const calling = [];
before(async () => {
  gateway = await startGateway();
  api = await administrator(gateway);
  browser = await startBrowser();
});
after(async () => {
  calling.forEach((call) => call.close());
  await browser?.close();
  await gateway?.stop();
});

/** A call that is up: one that is there, or one that a SIP phone places to the echo service. */
async function liveCall() {
  const [present] = await api("GET", "/calls");
  if (present) return present;
  const device = (await api("GET", "/devices")).find(({ kind }) => kind.type === "sip");
  const echo = (await api("GET", "/services")).find(({ kind }) => kind.type === "echo");
  const account = await api("GET", `/devices/${device.id}/account`);
  calling.push(await placeCall({ ...account, udp: gateway.sip ?? account.udp }, echo.number));
  for (;;) {
    const [placed] = await api("GET", "/calls");
    if (placed) return placed;
  }
}

test("a live call shows on the overview by itself, with its time running, and can be hung up", async () => {
  const page = await newPage(browser, gateway);
  await signIn(page);
  const call = await liveCall();
  const row = page.locator(".live-calls li").filter({ has: page.locator(`a[href="/calls/${call.call}"]`) });
  await row.waitFor();
  const time = await row.locator("time").innerText();
  await page.waitForFunction(([href, before]) => {
    const row = [...document.querySelectorAll(".live-calls li")].find((row) => row.querySelector(`a[href="${href}"]`));
    return row?.querySelector("time")?.textContent !== before;
  }, [`/calls/${call.call}`, time]);
  await row.getByRole("button", { name: "Hang up" }).click();
  await page.getByRole("dialog", { name: "Hang up this call?" }).getByRole("button", { name: "Hang up" }).click();
  await row.waitFor({ state: "detached" });
  assert.ok(!(await api("GET", "/calls")).some((other) => other.call === call.call));
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

test("the ladder of a call: parties, arrows, the whole message, and the same as text", async () => {
  const page = await newPage(browser, gateway);
  await signIn(page);
  const call = await liveCall();
  const ladder = await api("GET", `/calls/${call.call}/ladder`);
  await page.goto(`/calls/${call.call}`);
  const region = page.getByRole("region", { name: "Ladder" }).last();
  const rungs = region.locator(".rung > button");
  await rungs.first().waitFor();
  assert.ok((await rungs.count()) >= ladder.rows.length);
  const invite = rungs.filter({ hasText: "INVITE" }).first();
  assert.match(await invite.innerText(), /→ Gateway, SIP INVITE/);
  await invite.click();
  assert.equal(await invite.getAttribute("aria-expanded"), "true");
  assert.match(await region.locator(".message pre").innerText(), /^INVITE sip:.* SIP\/2\.0/);
  await page.getByRole("button", { name: "Copy as text" }).click();
  await page.getByText("Copied").waitFor();
  // A protocol that is not wanted steps aside.
  const before = await rungs.count();
  await page.getByRole("button", { name: "SIP", exact: true }).click();
  assert.ok((await rungs.count()) < before);
  await page.getByRole("button", { name: "SIP", exact: true }).click();
  for (const theme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme: theme });
    await assertSound(page, `ladder, ${theme}`);
  }
  await page.setViewportSize(phone);
  await assertSound(page, "ladder on a phone");
  await page.context().close();
});

test("call records are found by number, and say so when none is", async () => {
  const page = await newPage(browser, gateway);
  await signIn(page);
  const call = await liveCall();
  await api("DELETE", `/calls/${call.call}`);
  await page.getByRole("navigation").getByRole("link", { name: /^Calls/ }).click();
  await page.locator("tbody tr").first().waitFor();
  await page.getByLabel("Search").fill("no such number");
  await page.getByText("No call matches").waitFor();
  await page.getByLabel("Search").fill((await api("GET", "/call_records")).records[0].called);
  await page.locator("tbody tr").first().getByRole("link").first().click();
  await page.getByRole("heading", { level: 1, name: /→/ }).waitFor();
  await page.getByText("Outcome").waitFor();
  await page.context().close();
});
