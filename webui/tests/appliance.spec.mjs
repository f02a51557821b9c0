// The unit as a machine. Where the operating system is not ours, nothing of it is shown: there a
// stand-in says what a unit of ours would say.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertSoundEverywhere, newPage, phone, signIn, startBrowser } from "./browser.mjs";
import { administrator, password, startGateway } from "./gateway.mjs";

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

const status = {
  version: "1.2.0",
  slot: "A",
  slots: [{ name: "A", version: "1.2.0", booted: true, good: true, next: true }, { name: "B", version: "1.1.0", booted: false, good: true, next: false }],
  update: { state: "idle" },
  last_update: { from: "1.1.0", to: "1.2.0", fault: null, at_s: 1795000000 },
  interfaces: [{ name: "eth0", mac: "02:00:00:00:00:01", up: true, addresses: ["192.0.2.10/24", "2001:db8::10/64"] }, { name: "eth1", mac: "02:00:00:00:00:02", up: false, addresses: [] }],
  network_reverts_in_s: null,
  network_fault: null,
  ssh_until: null,
  ssh_waiting: [],
  name_servers: ["192.0.2.53", "2001:db8::53"],
  services: [{ name: "demarcd", running: true, crashes: 2, last_exit: "signal 11" }],
  exposure: [
    { service: "administration", protocol: "tcp", first_port: 443, last_port: 443, interfaces: ["eth1"], sources: [] },
    { service: "rtp", protocol: "udp", first_port: 16384, last_port: 16783, interfaces: [], sources: [] },
    { service: "sip", protocol: "udp", first_port: 5060, last_port: 5060, interfaces: [], sources: ["192.0.2.0/24"] },
    { service: "icmp", protocol: "icmp", first_port: 0, last_port: 0, interfaces: [], sources: [] },
  ],
  watchdog: true,
  data_size: 8 * 2 ** 30,
  data_free: 0.5 * 2 ** 30,
  uptime_s: 90061,
  clock_synchronised: true,
  healthy: true,
  fingerprint: "AA:BB:CC:DD",
};

/** A page on a unit of ours; what it asks of the machine is kept. */
async function unit(part = {}) {
  const page = await newPage(browser, gateway);
  const asked = [];
  await page.route("**/api/appliance/**", (route) => {
    const [path, method] = [new URL(route.request().url()).pathname.replace("/api/appliance/", ""), route.request().method()];
    if (path === "status") return route.fulfill({ json: { ...status, ...part } });
    if (path === "log") return route.fulfill({ json: ["kernel: up", "demarcd: up"] });
    asked.push([method, path, path === "update/bundle" ? null : route.request().postDataJSON()]);
    return route.fulfill({ status: 204 });
  });
  await signIn(page);
  return { page, asked };
}

/** A public key as OpenSSH writes one; nobody has its other half. */
const key = `ssh-ed25519 ${Buffer.concat([Buffer.from("\0\0\0\x0bssh-ed25519\0\0\0\x20", "latin1"), Buffer.alloc(32, 7)]).toString("base64")} support@example.com`;

/** As long as a real one. */
const fingerprint = "SHA256:Y9Nd3HqOMJLi2B8Hj2OX4hwZn2NZ4t1Qm0m6cE5xJkQ";

/** What the select of the remote shell says. */
const chosen = (page) => page.getByLabel("Remote shell").evaluate((select) => select.selectedOptions[0].textContent);

const until = async (page, reached) => {
  while (!reached()) await page.waitForTimeout(50);
};

test("where the operating system is not ours, nothing of the machine is shown", async () => {
  const page = await newPage(browser, gateway);
  await signIn(page);
  await page.getByRole("navigation").getByRole("link", { name: "System", exact: true }).waitFor();
  assert.equal(await page.getByRole("link", { name: "Appliance" }).count(), 0);
  await page.goto("/appliance");
  await page.getByText("Not our machine").waitFor();
  await page.context().close();
});

test("the unit tells how it does and what it answers to", async () => {
  const { page } = await unit();
  await page.getByRole("navigation").getByRole("link", { name: "Appliance" }).click();
  const state = page.getByRole("region", { name: "State" });
  assert.match(await state.innerText(), /1\.2\.0[\s\S]*25:01:01[\s\S]*192\.0\.2\.53, 2001:db8::53[\s\S]*0\.5 GiB of 8\.0 GiB free[\s\S]*ended by itself 2 times/);
  const exposure = page.getByRole("region", { name: "What the unit answers to" });
  assert.match(await exposure.getByRole("row", { name: /^SIP/ }).innerText(), /5060\/udp\s+all interfaces\s+192\.0\.2\.0\/24/);
  await assertSoundEverywhere(page, "appliance");
  await page.getByRole("button", { name: "Log" }).click();
  await page.getByRole("dialog", { name: "Log" }).getByText("demarcd: up").waitFor();
  await page.context().close();
});

test("an update is uploaded, and taken into service when no call is up", async () => {
  const first = await unit();
  await first.page.goto("/appliance");
  await first.page.getByLabel("Upload a file…").setInputFiles({ name: "new.raucb", mimeType: "application/octet-stream", buffer: Buffer.from("bundle") });
  await until(first.page, () => first.asked.length === 2);
  assert.deepEqual(first.asked, [["PUT", "update/bundle", null], ["POST", "update", { source: { from: "upload" }, force: false }]]);
  await first.page.context().close();

  const { page, asked } = await unit({ update: { state: "installed", version: "1.3.0", when: null } });
  await page.goto("/appliance");
  await page.getByText("Version 1.3.0 is installed").waitFor();
  await assertSoundEverywhere(page, "an installed update");
  await page.getByRole("button", { name: "When no call is up" }).click();
  await until(page, () => asked.length === 1);
  assert.deepEqual(asked[0], ["POST", "update/switch", { at: "idle" }]);
  await page.context().close();

  const failed = await unit({ update: { state: "failed", fault: "not_ours", reason: "The bundle is not signed for this unit." } });
  await failed.page.goto("/appliance");
  await failed.page.getByText("not signed for this unit").waitFor();
  await failed.page.context().close();
});

test("an older version is installed only when that is said", async () => {
  const reason = "version 1.1.0 is older than 1.2.0, which runs: its configuration may not be readable. Install it with force if you mean it";
  const { page, asked } = await unit({ update: { state: "failed", fault: "older", reason } });
  await page.goto("/appliance");
  await page.getByText("version 1.1.0 is older").waitFor();
  await assertSoundEverywhere(page, "a refused update");
  await page.getByRole("button", { name: "From a USB stick" }).click();
  await until(page, () => asked.length === 1);
  await page.getByLabel("Also an older version").check();
  await page.getByRole("button", { name: "From a USB stick" }).click();
  await until(page, () => asked.length === 2);
  const sent = (force) => ["POST", "update", { source: { from: "usb" }, force }];
  assert.deepEqual(asked, [sent(false), sent(true)]);
  // Said for one only, once the order was taken.
  await page.getByRole("switch", { name: "Also an older version", checked: false }).waitFor();
  await page.context().close();

  // Nothing else is mended by that, whatever its words are: it is not offered.
  const others = ["not_brought", "not_ours", "not_written"].map((fault) => ({ state: "failed", fault, reason }));
  for (const update of [{ state: "idle" }, ...others]) {
    const other = await unit({ update });
    await other.page.goto("/appliance");
    await other.page.getByRole("button", { name: "From a USB stick" }).waitFor();
    if (update.reason) await other.page.getByText(update.reason).waitFor();
    assert.equal(await other.page.getByLabel("Also an older version").count(), 0, update.fault);
    await other.page.context().close();
  }
});

test("everything is forgotten only with the password", async () => {
  const { page, asked } = await unit();
  await page.goto("/appliance");
  await page.getByRole("button", { name: "Forget everything" }).click();
  const dialog = page.getByRole("dialog", { name: "Forget everything?" });
  await dialog.getByLabel("Administrator password").fill(password);
  await dialog.getByRole("button", { name: "Forget everything" }).click();
  await until(page, () => asked.length === 1);
  assert.deepEqual(asked[0], ["POST", "factory_reset", { password }]);
  await page.context().close();
});

test("the network is set, and a change on trial is kept", async () => {
  const { page, asked } = await unit({ network_reverts_in_s: 97, ssh_waiting: [{ fingerprint, comment: "the office" }] });
  await page.getByRole("navigation").getByRole("link", { name: "Network" }).click();
  await page.getByText("It is taken back in 97 s").waitFor();
  await page.getByRole("button", { name: "Keep it" }).click();
  await until(page, () => asked.length === 1);
  assert.deepEqual(asked[0].slice(0, 2), ["POST", "network/confirm"]);

  await page.getByLabel("Host name").fill("gw-1");
  await page.getByRole("button", { name: "Add an interface" }).click();
  await page.getByLabel("IPv4", { exact: true }).selectOption("static");
  await page.getByLabel("IPv4 address").fill("nonsense");
  await page.getByLabel("VLAN", { exact: true }).check();
  await page.locator("summary", { hasText: "Advanced" }).click();
  await page.getByLabel("Remote shell").selectOption("8");
  await assertSoundEverywhere(page, "network");
  await page.getByLabel("IPv4 address").fill("192.0.2.10");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("alert").getByText("add a public key first").waitFor();
  await page.getByRole("textbox", { name: /Paste a key/ }).fill(key);
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Everything is saved").waitFor();
  const { hostname, interfaces, ssh } = await api("GET", "/appliance");
  assert.deepEqual(ssh.keys, [key]);
  assert.deepEqual([hostname, interfaces[0].device, interfaces[0].vlan, interfaces[0].ipv4.address], ["gw-1", "eth0", { id: 20, priority: 5 }, "192.0.2.10"]);
  // It is open for nobody: the page does not say that it is.
  assert.match(await chosen(page), /^Until 2.+, once a key is confirmed$/);
  const hours = (ssh.enabled_until - Date.now() / 1000) / 3600;
  assert.ok(hours > 7.9 && hours <= 8, `${hours}`);
  await page.context().close();
});

test("a key that waits is seen at once, with what is to be done", async () => {
  const appliance = await api("GET", "/appliance");
  appliance.ssh = { keys: [key], enabled_until: Math.floor(Date.now() / 1000) + 3600 };
  await api("PUT", "/appliance", appliance, { "If-Match": "*" });
  const nameless = fingerprint.replace("Y9N", "aaa");
  const { page } = await unit({ ssh_waiting: [{ fingerprint, comment: "the office" }, { fingerprint: nameless, comment: "" }] });
  await page.goto("/network");
  const notice = page.locator(".notice", { hasText: "2 keys for the remote shell are not confirmed" });
  assert.match(await notice.innerText(), /press “k”[\s\S]*type “trust”[\s\S]*the office\s+SHA256:Y9N[\s\S]*without a name\s+SHA256:aaa[\s\S]*do not know/);
  await assertSoundEverywhere(page, "keys that wait");
  await page.setViewportSize(phone);
  const [outer, ...inner] = [await notice.boundingBox(), ...(await Promise.all((await notice.locator("code").all()).map((code) => code.boundingBox())))];
  for (const { x, width } of inner) assert.ok(x >= outer.x && x + width <= outer.x + outer.width, `${x} + ${width} in ${outer.x} + ${outer.width}`);
  await page.context().close();

  // One is confirmed, another waits: it is open, and that one is still told of.
  const half = await unit({ ssh_until: appliance.ssh.enabled_until, ssh_waiting: [{ fingerprint, comment: "the office" }] });
  await half.page.goto("/network");
  await half.page.getByText("A key for the remote shell is not confirmed: it opens nothing.").waitFor();
  await half.page.locator("summary", { hasText: "Advanced" }).click();
  assert.match(await chosen(half.page), /^Open until /);
  await half.page.context().close();

  const none = await unit({ ssh_until: appliance.ssh.enabled_until, ssh_waiting: [] });
  await none.page.goto("/network");
  await none.page.getByLabel("Host name").waitFor();
  assert.equal(await none.page.getByText("not confirmed").count(), 0);
  await none.page.context().close();
});
