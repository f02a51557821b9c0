// Just enough of a SIP phone (RFC 3261 over UDP, digest authentication) to place one call.
import { createHash, randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";

const md5 = (text) => createHash("md5").update(text).digest("hex");
const token = () => randomBytes(6).toString("hex");

/** Calls `number` with an account of the API; resolves when it is answered. */
export async function placeCall({ username, password, realm, udp }, number) {
  const [, host, port] = udp.match(/^(.*):(\d+)$/);
  const socket = createSocket("udp4");
  socket.connect(Number(port), host);
  await once(socket, "connect");
  const { address, port: ours } = socket.address();
  const uri = `sip:${number}@${host}:${port}`;
  const call = { id: `${token()}@${address}`, tag: token(), cseq: 1 };

  function send(method, { to = `<${uri}>`, cseq = call.cseq, branch = `z9hG4bK${token()}`, extra = [], body = "" } = {}) {
    const head = [
      `${method} ${uri} SIP/2.0`,
      `Via: SIP/2.0/UDP ${address}:${ours};branch=${branch};rport`,
      "Max-Forwards: 70",
      `From: <sip:${username}@${realm}>;tag=${call.tag}`,
      `To: ${to}`,
      `Call-ID: ${call.id}`,
      `CSeq: ${cseq} ${method}`,
      `Contact: <sip:${username}@${address}:${ours}>`,
      ...extra,
      ...(body ? ["Content-Type: application/sdp"] : []),
      `Content-Length: ${body.length}`,
    ];
    socket.send(`${head.join("\r\n")}\r\n\r\n${body}`);
    return branch;
  }

  const body = ["v=0", `o=- 1 1 IN IP4 ${address}`, "s=-", `c=IN IP4 ${address}`, "t=0 0", `m=audio ${ours + 2} RTP/AVP 8 0`, ""].join("\r\n");
  let branch = send("INVITE", { body });
  for await (const [datagram] of messages(socket)) {
    const text = String(datagram);
    const [line] = text.split("\r\n");
    const header = (name) => text.match(new RegExp(`^${name}:\\s*(.*)$`, "im"))?.[1].trim();
    if (!line.startsWith("SIP/2.0")) {
      // A request within the call: a BYE ends it, and it is answered so that it is not repeated.
      answer(socket, text);
      continue;
    }
    const status = Number(line.split(" ")[1]);
    if (!header("CSeq").endsWith("INVITE") || Number.parseInt(header("CSeq")) !== call.cseq || status < 200) continue;
    if (status >= 300) send("ACK", { to: header("To"), branch });
    if (status === 401 && call.cseq === 1) {
      const param = (name) => header("WWW-Authenticate").match(new RegExp(`${name}="?([^",]+)`, "i"))?.[1];
      const [nonce, cnonce] = [param("nonce"), token()];
      const ha1 = md5(`${username}:${param("realm")}:${password}`);
      const response = md5(`${ha1}:${nonce}:00000001:${cnonce}:auth:${md5(`INVITE:${uri}`)}`);
      call.cseq++;
      const credentials = `Digest username="${username}", realm="${param("realm")}", nonce="${nonce}", uri="${uri}", qop=auth, nc=00000001, cnonce="${cnonce}", response="${response}", algorithm=MD5`;
      branch = send("INVITE", { body, extra: [`Authorization: ${credentials}${param("opaque") ? `, opaque="${param("opaque")}"` : ""}`] });
    } else if (status >= 300) {
      socket.close();
      throw new Error(`the call was refused: ${line}`);
    } else {
      send("ACK", { to: header("To") });
      break;
    }
  }
  socket.on("message", (datagram) => !String(datagram).startsWith("SIP/2.0") && answer(socket, String(datagram)));
  return { close: () => socket.close() };
}

function answer(socket, request) {
  const kept = request.split("\r\n").filter((line) => /^(via|from|to|call-id|cseq):/i.test(line));
  socket.send(["SIP/2.0 200 OK", ...kept, "Content-Length: 0", "", ""].join("\r\n"));
}

async function* messages(socket) {
  for (;;) yield await once(socket, "message", { signal: AbortSignal.timeout(15_000) });
}
