// Hardware tests: what can be run, a bench, a run that goes on and asks, its verdicts and reports.
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

const idle = { running: false, cancelled: false, unit: "", began_at: 0, steps: 0, now: null, results: [] };
const step = { spans: [1], values: [], files: [], took_ms: 900, remedy: "" };
const results = [
  { ...step, test: "inventory", title: "Inventory", subject: "the unit", verdict: "passed", reason: "Every card is there." },
  { ...step, test: "bert", title: "Bit error rate", subject: "spans 1 and 2", verdict: "failed", reason: "312 bit errors in 60 s.", remedy: "Change the cable, then test again.", values: [{ name: "bit errors", value: 312, unit: "", limit: "0" }, { name: "error rate", value: 0.00000254, unit: "", limit: "< 1e-7" }], files: ["bert-1.wav"] },
  { ...step, test: "ring", title: "Ring this phone", subject: "port 5/2", verdict: "skipped", reason: "Nobody is there." },
];

/** Stands in for the runs of a gateway, so that each of their states can be looked at. */
async function stage(page) {
  const state = { run: idle, asked: [] };
  await page.route("**/api/hardware_tests/run", async (route) => {
    const method = route.request().method();
    if (method === "GET") return route.fulfill({ json: state.run });
    state.asked.push([method, route.request().postDataJSON()]);
    return route.fulfill({ status: 202, json: state.run });
  });
  await page.route("**/api/hardware_tests/run/answer", (route) => {
    state.asked.push(["answer", route.request().postDataJSON()]);
    return route.fulfill({ status: 202 });
  });
  return state;
}

test("a run is chosen, with the bench that it needs", async () => {
  const page = await newPage(browser, gateway);
  const state = await stage(page);
  await signIn(page);
  await page.getByRole("navigation").getByRole("link", { name: "Hardware tests" }).click();
  const tests = await api("GET", "/hardware_tests");
  await page.getByText(`${tests.length} tests are chosen`).waitFor();
  await assertSoundEverywhere(page, "hardware tests");
  await page.getByLabel("Serial number of the unit").fill("DM-000123");
  await page.getByRole("button", { name: "Add a pair" }).click();
  assert.equal(await page.getByLabel("FXO port, row 1").inputValue(), "2/1");
  await page.getByRole("button", { name: "Add a plug" }).click();
  await page.getByRole("button", { name: "None of them" }).click();
  await page.getByRole("checkbox", { name: tests[1].title, exact: false }).first().check();
  await page.getByRole("radio", { name: /Thoroughly/ }).check();
  await page.getByRole("button", { name: "Start" }).click();
  const sure = page.getByRole("dialog", { name: "Start the tests?" });
  if (tests[1].disturbs !== "nothing") await sure.getByRole("button", { name: "Start" }).click();
  await page.waitForFunction(() => !document.querySelector("dialog[open]"));
  while (state.asked.length === 0) await page.waitForTimeout(50);
  const [method, { tests: chosen, length, bench }] = state.asked[0];
  assert.deepEqual([method, chosen, length, bench.unit], ["POST", [tests[1].id], "thorough", "DM-000123"]);
  assert.deepEqual([bench.pair, bench.plug], [[{ fxs: "3/1", fxo: "2/1" }], [{ span: 1 }]]);
  await page.reload();
  assert.equal(await page.getByLabel("Serial number of the unit").inputValue(), "DM-000123", "the bench is remembered");
  await page.context().close();
});

test("a bench.toml is read", async () => {
  const page = await newPage(browser, gateway);
  await stage(page);
  await signIn(page);
  await page.goto("/hardware-tests");
  const file = (text) => ({ name: "bench.toml", mimeType: "text/plain", buffer: Buffer.from(text) });
  await page.getByLabel("Read a bench.toml…").setInputFiles(file('unit = "DM-7"\ntester = "Line 2"\n[[plug]]\nspan = 1\n'));
  await page.waitForFunction(() => [...document.querySelectorAll("input")].some((input) => input.value === "DM-7"));
  assert.equal(await page.getByLabel("Tested by").inputValue(), "Line 2");
  await page.getByLabel("Read a bench.toml…").setInputFiles(file("unit = "));
  await page.getByRole("alert").waitFor();
  await page.context().close();
});

test("a run that goes on shows how far it is, asks, and can be stopped", async () => {
  const page = await newPage(browser, gateway);
  const state = await stage(page);
  state.run = { ...idle, running: true, unit: "DM-000123", began_at: Date.now(), steps: 5, now: { test: "ring", subject: "port 5/2", doing: "It rings.", percent: 40, question: "Does the telephone at port 5/2 ring?" }, results: results.slice(0, 2) };
  await signIn(page);
  await page.goto("/hardware-tests");
  const running = page.getByRole("region", { name: "Running" });
  await running.getByText("Step 3 of 5").waitFor();
  await assertSoundEverywhere(page, "a run");
  await running.getByRole("button", { name: "Yes" }).click();
  await running.getByRole("button", { name: "Stop" }).click();
  await page.getByRole("dialog", { name: "Stop the tests?" }).getByRole("button", { name: "Stop" }).click();
  while (state.asked.length < 2) await page.waitForTimeout(50);
  assert.deepEqual(state.asked, [["answer", { yes: true }], ["DELETE", null]]);
  await page.context().close();
});

test("verdicts come with what to do, what was measured, and reports to take away", async () => {
  const page = await newPage(browser, gateway);
  const state = await stage(page);
  state.run = { ...idle, unit: "DM-000123", began_at: Date.now(), steps: 3, results };
  await signIn(page);
  await page.goto("/hardware-tests");
  const last = page.getByRole("region", { name: "Last run" });
  await last.getByText("1 failed, 1 passed and 1 skipped").waitFor();
  const first = last.getByRole("listitem").first();
  assert.match(await first.innerText(), /Failed[\s\S]*Bit error rate[\s\S]*To do: Change the cable/);
  await first.getByText("What was measured").click();
  assert.match(await first.innerText(), /error rate\s+0\.00000254/);
  for (const form of ["pdf", "html", "json"]) {
    const link = last.getByRole("link", { name: `Report, ${form.toUpperCase()}` });
    assert.equal(await link.getAttribute("href"), `/api/hardware_tests/reports/report.${form}`);
  }
  await assertSoundEverywhere(page, "verdicts");
  await page.context().close();
});

test("a real run on the simulated cards ends with a verdict for each step", async () => {
  const page = await newPage(browser, gateway);
  await signIn(page);
  await page.goto("/hardware-tests");
  const tests = await api("GET", "/hardware_tests");
  const title = (id) => tests.find((test) => test.id === id).title;
  await page.getByRole("button", { name: "None of them" }).click();
  const row = (id) => page.getByRole("listitem").filter({ has: page.locator("strong").getByText(title(id), { exact: true }) });
  for (const id of ["inventory", "alarms", "echo"]) await row(id).getByRole("checkbox").check();
  await page.getByText("3 tests are chosen").waitFor();
  await page.getByRole("button", { name: "Start" }).click();
  // The echo test takes a line out of service: that is asked first.
  await page.getByRole("dialog", { name: "Start the tests?" }).getByRole("button", { name: "Start" }).click();
  await page.getByRole("region", { name: "Running" }).waitFor();
  const last = page.getByRole("region", { name: "Last run" });
  await last.waitFor({ timeout: 120_000 });
  const { results } = await api("GET", "/hardware_tests/run");
  const of = (id) => results.filter((result) => result.test === id);
  assert.deepEqual(of("inventory").map(({ verdict }) => verdict), ["passed"]);
  assert.deepEqual(of("alarms").map(({ verdict, spans }) => [verdict, spans]), [["passed", [1]]]);
  // Nobody said which ports are cabled to each other: that is no fault of the cards.
  assert.deepEqual(of("echo").map(({ verdict }) => verdict), ["skipped"]);
  await last.getByText("2 passed and 1 skipped").waitFor();
  const shown = await last.getByRole("listitem").allInnerTexts();
  for (const { title, reason } of results) assert.ok(shown.some((text) => text.includes(title) && text.includes(reason)), `${title}: ${reason}`);
  const report = await api("GET", "/hardware_tests/reports/report.html");
  assert.ok(report.includes(title("alarms")));
  await assertSoundEverywhere(page, "a real run");
  await page.context().close();
});
