import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertSound, newPage, phone, signIn, startBrowser } from "./browser.mjs";
import { administrator, password, startGateway } from "./gateway.mjs";

let gateway, browser;
before(async () => {
  gateway = await startGateway();
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await gateway?.stop();
});

test("the first start, from the code on the console to accounts for the phones", async (t) => {
  const { done } = await (await fetch(`${gateway.url}/api/setup`)).json();
  if (done) return t.skip("this gateway is set up already");
  const page = await newPage(browser, gateway);
  await page.goto("/trunks");
  const go = (name = "Continue") => page.getByRole("button", { name }).click();

  await page.getByRole("heading", { name: "Welcome. Is it you?" }).waitFor();
  await assertSound(page, "code");
  await go();
  await page.getByText("Type the code that the console shows.").waitFor();
  await page.getByLabel("Setup code").fill("0000-0000");
  await go();

  await page.getByRole("heading", { name: "Choose a password" }).waitFor();
  await page.getByLabel("Administrator password").fill("short");
  await go();
  await page.getByText("Too short: take 10 characters or more.").waitFor();
  assert.equal(await page.getByLabel("Administrator password").getAttribute("aria-invalid"), "true");
  await page.getByLabel("Administrator password").fill(password);
  await page.getByLabel("Once more").fill(password);
  await assertSound(page, "password");
  await go();

  await page.getByLabel("Site name").fill("Harbour Office");
  await page.getByLabel("Country").selectOption("GB");
  await page.getByLabel("Area code").fill("20");
  await assertSound(page, "site");
  await go();

  await page.getByRole("group", { name: "Phone 1" }).getByLabel("Person or room").fill("Reception");
  await page.getByRole("group", { name: "Phone 2" }).getByLabel("Person or room").fill("Workshop");
  await page.getByRole("button", { name: "One more phone" }).click();
  await page.getByRole("group", { name: "Phone 3" }).getByLabel("Person or room").fill("Door");
  await assertSound(page, "phones");
  await go();

  const number = page.getByRole("group", { name: "Number 1" });
  await number.getByLabel("Your number").fill("+442079460900");
  await number.getByLabel("203").check();
  await assertSound(page, "answers");
  await go("Set up the gateway");

  // The wrong code is told where it was typed, and nothing else is lost.
  await page.getByText("is not the code that the console shows").waitFor();
  await page.getByLabel("Setup code").fill(gateway.code.toLowerCase().replace("-", " "));
  for (const next of ["Choose a password", "Where are we?", "Who gets a phone?", "Who answers your numbers?"]) {
    await go();
    await page.getByRole("heading", { name: next }).waitFor();
  }
  await go("Set up the gateway");

  await page.getByRole("heading", { name: "The gateway is ready" }).waitFor();
  const account = page.getByRole("region", { name: "Reception" });
  assert.match(await account.innerText(), /User name\s+201/);
  assert.match(await account.innerText(), /Password\s+\S{12,}/);
  await account.getByRole("button", { name: "Copy" }).click();
  await account.getByText("Copied").waitFor();
  await assertSound(page, "accounts");
  await page.setViewportSize(phone);
  await assertSound(page, "accounts on a phone");

  await go("Go to the overview");
  await page.getByRole("heading", { level: 1, name: "There is no such page" }).or(page.getByRole("heading", { level: 1, name: "Trunks" })).waitFor();
  await page.goto("/extensions");
  await page.getByRole("link", { name: "203" }).waitFor();
  await page.goto("/inbound-routes");
  const first = page.getByRole("row").nth(1);
  assert.match(await first.innerText(), /\+442079460900/);
  assert.match(await first.innerText(), /Group 60\d/);
  await page.context().close();
});

test("signing in: a wrong password is refused in words, the right one opens, signing out closes", async () => {
  await administrator(gateway);
  const page = await newPage(browser, gateway);
  await page.goto("/calls");
  await page.getByLabel("Administrator password").fill("not the password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("name or password is wrong").waitFor();
  await assertSound(page, "refused");
  await signIn(page);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await page.context().close();
});
