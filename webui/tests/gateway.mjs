// The gateway under test: one that runs already (DEMARC_URL, DEMARC_SETUP_CODE), or one that each
// test file starts for itself (DEMARCD_BIN).
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export const password = process.env.DEMARC_PASSWORD ?? "four quiet green lamps";

/** How many this test file has started: each has RTP ports of its own. */
let started = 0;

/** A gateway: its address, the code of its first start, where it serves SIP when that is not as configured, and how to be rid of it. */
export async function startGateway() {
  if (process.env.DEMARC_URL) {
    return { url: process.env.DEMARC_URL.replace(/\/$/, ""), code: process.env.DEMARC_SETUP_CODE, sip: process.env.DEMARC_SIP, stop: async () => {} };
  }
  const binary = process.env.DEMARCD_BIN;
  if (!binary) throw new Error("say which gateway to test: DEMARC_URL (and DEMARC_SETUP_CODE), or DEMARCD_BIN");
  const mine = started++ % 2;
  // Other gateways may run on this machine. From 32768 up the kernel gives ports to anybody.
  for (let turn = 0; ; turn++) {
    const begun = await begin(binary, 20_000 + ((process.pid + turn) % 15) * 800 + mine * 400);
    if (begun.url) return begun;
    if (turn === 14 || !/RTP port .* cannot be used/.test(begun.said)) throw new Error(`${binary} did not start:\n${begun.said}`);
  }
}

/** Starts one with RTP ports from `rtp` up; without an address when it ended at once. */
async function begin(binary, rtp) {
  const data = await mkdtemp(join(tmpdir(), "demarc-webui-"));
  const [http, sip] = [await freePort(), await freePort()];
  const daemon = spawn(binary, ["--data", data, "--http", `127.0.0.1:${http}`, "--sip", `127.0.0.1:${sip}`, "--rtp", String(rtp)], { stdio: ["ignore", "pipe", "pipe"] });
  process.once("exit", () => daemon.kill());
  const said = [];
  daemon.stderr.on("data", (text) => said.push(String(text)));
  let [code, url] = [undefined, undefined];
  for await (const line of createInterface({ input: daemon.stdout })) {
    said.push(`${line}\n`);
    code = line.match(/setup code:\s*(\S+)/i)?.[1] ?? code;
    url = line.match(/open:\s*(https?:\/\/\S+)/i)?.[1]?.replace(/\/$/, "") ?? url;
    if (code && url) break;
  }
  if (!url) {
    await rm(data, { recursive: true, force: true });
    return { said: said.join("") };
  }
  daemon.stdout.resume();
  return {
    url,
    code,
    sip: `127.0.0.1:${sip}`,
    async stop() {
      daemon.kill("SIGTERM");
      if (daemon.exitCode === null && daemon.signalCode === null) await once(daemon, "exit");
      await rm(data, { recursive: true, force: true });
    },
  };
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** The API as an administrator's program uses it; sets the gateway up if nobody has. */
export async function administrator({ url, code }) {
  const json = { "Content-Type": "application/json" };
  const { done } = await (await fetch(`${url}/api/setup`)).json();
  const wizard = { country: "GB", phones: [{ number: "201", name: "Reception" }], answers: [] };
  const entered = done
    ? await fetch(`${url}/api/session`, { method: "POST", headers: json, body: JSON.stringify({ password }) })
    : await fetch(`${url}/api/setup`, { method: "POST", headers: json, body: JSON.stringify({ code, password, wizard }) });
  if (entered.status !== 201) throw new Error(`nobody can enter: ${await entered.text()}`);
  const cookie = entered.headers.get("set-cookie").split(";")[0];
  return async function api(method, path, body, headers = {}) {
    const answer = await fetch(`${url}/api${path}`, { method, headers: { ...json, cookie, ...headers }, body: body && JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.headers.get("content-type")?.includes("json") ? answer.json() : answer.text();
  };
}
