// A real browser, and what every page is held to.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";
import { password } from "./gateway.mjs";

export const desk = { width: 1366, height: 768 };
export const phone = { width: 390, height: 844 };

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export function startBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}

/** A page of its own, with no cookie of another. What it complains of ends up in `complaints`. */
export async function newPage(browser, gateway, { size = desk, theme = "light" } = {}) {
  const context = await browser.newContext({ baseURL: gateway.url, viewport: size, colorScheme: theme, locale: "en-GB", timezoneId: "Europe/London", reducedMotion: "reduce" });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  page.complaints = [];
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  page.on("console", (message) => {
    // A refused request is part of many tests; a refused script or style is not.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) page.complaints.push(message.text());
  });
  return page;
}

export async function signIn(page) {
  await page.goto("/");
  await page.getByLabel("Administrator password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
}

/** No serious problem that axe-core can see, and nothing that has to be scrolled sideways. */
export async function assertSound(page, where) {
  await page.evaluate(() => document.fonts.ready);
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  const serious = violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target.join(" ")} (${node.failureSummary?.replaceAll("\n", " ")})`).join("; ")}`);
  assert.deepEqual(serious, [], `${where}: axe`);
  const [wanted, given] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(wanted <= given, `${where}: ${wanted} px wide on a screen of ${given} px`);
  assert.deepEqual(page.complaints, [], `${where}: the page complains`);
}

/** The same in both themes and on both screens. */
export async function assertSoundEverywhere(page, where) {
  for (const [name, size] of [["phone", phone], ["desk", desk]]) {
    await page.setViewportSize(size);
    for (const theme of ["dark", "light"]) {
      await page.emulateMedia({ colorScheme: theme });
      await assertSound(page, `${where}, ${name}, ${theme}`);
    }
  }
}
