// WebSockets: clients that do not read, and messages in many parts.

import { attack } from "../attack.mjs";
import { request, send } from "../client.mjs";
import { sleep } from "../server.mjs";
import { many } from "./text.mjs";

const sockets = (name, settings, act) => attack("sockets", name, settings, act);
/** Operations that one socket may have. */
const OPERATIONS = 32;
/** About 190 kB of an answer. */
const PART = "entities(first: 128) { nodes { statements(first: 1000) { nodes { field value target { label } citations { locator source { title } } } } } }";
const LONG = (no) => `{ x${no}: __typename ${many(10, (alias) => `a${alias}: ${PART}`)} }`;
const INIT = { type: "connection_init" };
const subscribe = (id, query, more) => ({ id: String(id), type: "subscribe", payload: { query, ...more } });
/** Codes of frames. */
const CONTINUED = 0x00;
const TEXT = 0x01;
const FINAL = 0x80;

/** A frame whose mask is zero. */
function frame(first, text = "") {
  const payload = Buffer.from(text);
  const length = Buffer.alloc(payload.length < 126 ? 1 : payload.length < 1 << 16 ? 3 : 9);
  if (length.length === 1) length[0] = payload.length;
  else if (length.length === 3) length.writeUInt16BE(payload.length, 1);
  else length.writeUInt32BE(payload.length, 5);
  if (length.length > 1) length[0] = length.length === 3 ? 126 : 127;
  length[0] |= 0x80;
  return Buffer.concat([Buffer.from([first]), length, Buffer.alloc(4), payload]);
}

/** A socket with the messages that its client sends at once. It reads nothing. */
function open(trial, messages) {
  const one = trial.connect();
  one.socket.pause();
  const headers = {
    connection: "upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    "sec-websocket-protocol": "graphql-transport-ws",
    "content-type": undefined,
  };
  one.write(request({ method: "GET", path: "/graphql", headers }));
  one.socket.write(Buffer.concat([INIT, ...messages].map((it) => (Buffer.isBuffer(it) ? it : frame(FINAL | TEXT, JSON.stringify(it))))));
  return one;
}

/** Whether the long run of somebody who comes now has its turn. */
async function newcomer(trial, what) {
  const given = await send(trial.server.port, request({ body: { query: LONG("newcomer") } }), 10_000);
  if (given.outcome !== "ok") trial.fail(`a long run was answered with ${given.outcome} ${what}`);
}

export default [
  sockets("a client with 32 long runs that does not read", { pool: true, slow: true }, async (trial) => {
    open(
      trial,
      Array.from({ length: OPERATIONS }, (_, no) => subscribe(no, LONG(no))),
    );
    await sleep(3000);
    for (let no = 0; no < 3; no += 1) {
      await newcomer(trial, "beside a socket that is not read");
      await sleep(1500);
    }
    trial.note("not read");
  }),
  sockets("500 clients with 32 operations that do not read", { pool: true }, async (trial) => {
    const fill = "x".repeat(15_000);
    const messages = Array.from({ length: OPERATIONS }, (_, no) => (no ? subscribe(no, "{ __typename }", { fill }) : subscribe(no, LONG(no))));
    for (let no = 0; no < 500; no += 1) {
      open(trial, messages);
      if (no % 50 === 49) await sleep(50);
    }
    await sleep(3000);
    trial.note("not read");
  }),
  sockets("a message with 20 million empty parts", {}, async (trial) => {
    const empty = frame(CONTINUED);
    const million = Buffer.concat(Array.from({ length: 1_000_000 }, () => empty));
    const one = open(trial, [frame(TEXT, "{")]);
    for (let no = 0; no < 20; no += 1) one.socket.write(million);
    await sleep(2000);
    await newcomer(trial, "beside a message with empty parts");
    trial.note("open");
  }),
];
