// Every page, light and dark, on a desk and on a phone: no serious problem, nothing off the edge.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { assertSound, desk, newPage, phone, signIn, startBrowser } from "./browser.mjs";
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

const lists = { "/extensions": "/extensions", "/devices": "/devices", "/ring-groups": "/ring_groups", "/services": "/services", "/trunks": "/trunks", "/spans": "/spans", "/lines": "/lines", "/inbound-routes": "/inbound_routes", "/outbound-routes": "/outbound_routes" };

async function pages() {
  const paths = ["/", "/calls", "/system", "/revisions", "/backup", "/access", "/hardware", "/hardware/1", "/hardware/2", "/autopilot", "/hardware-tests", "/appliance", "/network", "/no-such-page"];
  for (const [page, list] of Object.entries(lists)) {
    const [thing] = await api("GET", list);
    paths.push(page);
    if (thing) paths.push(`${page}/${thing.id}`);
    if (page !== "/spans") paths.push(`${page}/new`);
  }
  return paths;
}

for (const [name, size] of [["desk", desk], ["phone", phone]]) {
  for (const theme of ["light", "dark"]) {
    test(`every page on a ${name}, ${theme}`, async () => {
      const page = await newPage(browser, gateway, { size, theme });
      await page.goto("/");
      await page.getByRole("heading", { name: "Sign in" }).waitFor();
      await assertSound(page, `sign in, ${name}, ${theme}`);
      await signIn(page);
      for (const path of await pages()) {
        await page.goto(path);
        await page.locator("h1").waitFor();
        // What is folded away is looked at too.
        await page.evaluate(() => document.querySelectorAll("main details").forEach((fold) => (fold.open = true)));
        await assertSound(page, `${path}, ${name}, ${theme}`);
      }
      await page.context().close();
    });
  }
}

test("on a phone the menu opens, leads on, and closes", async () => {
  const page = await newPage(browser, gateway, { size: phone });
  await signIn(page);
  await page.getByRole("button", { name: "Menu" }).click();
  const menu = page.getByRole("dialog", { name: "Menu" });
  await assertSound(page, "menu");
  await menu.getByRole("link", { name: "Trunks" }).click();
  await page.getByRole("heading", { level: 1, name: "Trunks" }).waitFor();
  await menu.waitFor({ state: "hidden" });
  await page.context().close();
});

test("the theme can be chosen, and is remembered", async () => {
  const page = await newPage(browser, gateway, { theme: "light" });
  await signIn(page);
  const shown = () => page.evaluate(() => document.documentElement.dataset.theme);
  assert.equal(await shown(), "light");
  await page.getByRole("button", { name: "Theme: system" }).click();
  await page.getByRole("button", { name: "Theme: light" }).click();
  assert.equal(await shown(), "dark");
  await page.reload();
  await page.getByRole("button", { name: "Theme: dark" }).waitFor();
  assert.equal(await shown(), "dark");
  await page.context().close();
});

test("a keyboard is enough: skip link first, then the page", async () => {
  const page = await newPage(browser, gateway);
  await signIn(page);
  await page.goto("/trunks");
  await page.locator("h1").waitFor();
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Skip to the page");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "main");
  await page.context().close();
});

test("the first load stays small", async () => {
  const page = await newPage(browser, gateway);
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  let octets = 0;
  session.on("Network.loadingFinished", ({ encodedDataLength }) => (octets += encodedDataLength));
  await page.goto("/", { waitUntil: "networkidle" });
  assert.ok(octets > 0 && octets < 150_000, `${octets} octets`);
  await page.context().close();
});
