// Bodies: their encoding, their length, and how they arrive.

import { gzipSync } from "node:zlib";

import { attack, query } from "../attack.mjs";
import { request } from "../client.mjs";
import { sleep } from "../server.mjs";
import { many, repeat } from "./text.mjs";

const body = (name, make, settings) => query("bodies", name, make, { bytes: 100_000, cpu: 1, ...settings });
const SMALL = '{"query":"{ __typename }"}';
const bad = ["400", "BAD_REQUEST", "BAD_USER_INPUT"];
const chunked = { "transfer-encoding": "chunked", "content-length": undefined };
/** Sends parts one after the other on one connection. */
const parts = (name, make, settings) =>
  attack("bodies", name, settings, async (trial) => {
    const connection = trial.connect();
    const answer = connection.answer(15_000);
    for (const part of make()) {
      if (connection.end) break;
      await connection.write(part);
    }
    const given = await answer;
    trial.note(given.outcome, given.begin);
  });
const chunk = (text, extension = "") => `${text.length.toString(16)}${extension}\r\n${text}\r\n`;

export default [
  body("extensions of 1 MB", () => ({ query: "{ __typename }", extensions: { a: repeat("x", 1_000_000) } }), { expects: ["ok"] }),
  body("extensions that are 300,000 deep", () => `{"query":"{ __typename }","extensions":{"a":${repeat("[", 300_000)}${repeat("]", 300_000)}}}`, { expects: ["ok", ...bad] }),
  body("90,000 keys that a request does not have", () => `{${many(60_000, (no) => `"k${no}":${no}`, ",")},"query":"{ __typename }"}`, { expects: ["ok", ...bad] }),
  body("the key query 50,000 times", () => `{${many(50_000, () => '"query":"{a}"', ",")}}`, { expects: bad }),
  body("a batch of 60,000", () => `[${many(35_000, () => SMALL, ",")}]`, { expects: bad }),
  body("500,000 brackets", () => repeat("[", 500_000), { expects: bad }),
  body("an object that is 100,000 deep", () => `${repeat('{"a":', 150_000)}`, { expects: bad }),
  body("1 MB of escapes", () => `{"query":"{ __typename ${repeat("\\u002c", 160_000)} }"}`, { expects: ["TOKEN_LIMIT"] }),
  body("1 MB of blanks", () => `${repeat(" \n\t\r", 250_000)}${SMALL}`, { expects: ["ok"] }),
  body("bytes that are not UTF-8", () => Buffer.concat([Buffer.from('{"query":"{ __typename }#'), Buffer.alloc(900_000, 0xff), Buffer.from('"}')]), { expects: bad }),
  body("NULs", () => Buffer.alloc(1_000_000), { expects: bad }),
  body("half of a surrogate pair, 100,000 times", () => `{"query":"{ search(query: \\"${repeat("\\ud800", 100_000)}\\") { totalCount } }"}`, { expects: [...bad, "GRAPHQL_PARSE_FAILED", "limit", "ok"] }),
  body("a bomb in gzip", () => gzipSync(Buffer.alloc(64 << 20, 0x20)), { request: { headers: { "content-encoding": "gzip" } }, expects: [...bad, "415"] }),
  body("multipart/form-data", () => `--x\r\ncontent-disposition: form-data; name="operations"\r\n\r\n${SMALL}\r\n--x--`, { request: { headers: { "content-type": "multipart/form-data; boundary=x" } }, expects: ["415", "BAD_REQUEST"] }),
  parts("20,000 chunks of one byte", () => {
    const padded = SMALL.padEnd(20_000, " ");
    return [request({ headers: chunked, body: "" }), ...padded.match(/.{100}/gs).map((it) => [...it].map((letter) => chunk(letter)).join("")), "0\r\n\r\n"];
  }, { expects: ["ok"] }),
  parts("chunks with extensions of 1 MB", () => [request({ headers: chunked, body: "" }), chunk(SMALL, `;a=${repeat("x", 1 << 20)}`), "0\r\n\r\n"], { expects: ["400", "closed", "ok", "413", "BAD_REQUEST"] }),
  parts("10,000 chunks with extensions of 100 bytes", () => [request({ headers: chunked, body: "" }), ...Array.from({ length: 100 }, () => Array.from({ length: 100 }, () => chunk(" ", `;${repeat("x", 100)}`)).join("")), chunk(SMALL), "0\r\n\r\n"], { expects: ["400", "closed", "ok", "413", "BAD_REQUEST"] }),
  parts("a chunk whose length overflows", () => [request({ headers: chunked, body: "" }), "fffffffffffffffffff\r\n{}"], { expects: ["400", "closed", "BAD_REQUEST"] }),
  parts("a chunked body of 64 MB", () => [request({ headers: chunked, body: "" }), ...Array.from({ length: 64 }, () => chunk(repeat(" ", 1 << 20)))], { expects: ["413", "closed"] }),
  parts("trailers of 1 MB", () => [request({ headers: chunked, body: "" }), chunk(SMALL), `0\r\n${many(20_000, (no) => `x-${no}: ${repeat("v", 40)}\r\n`, "")}\r\n`], { expects: ["ok", "400", "closed", "431", "BAD_REQUEST"] }),
  parts("a length of 900 GB", () => [request({ headers: { "content-length": 900_000_000_000 }, body: "" }), repeat(" ", 1 << 21)], { expects: ["413", "closed"] }),
  attack("bodies", "500 half bodies", { listed: true, slow: true, pool: true }, async (trial) => {
    const bytes = request({ body: `${SMALL}${repeat(" ", 900_000)}` });
    const connections = Array.from({ length: 500 }, () => trial.connect());
    await Promise.all(connections.map((it) => it.write(bytes.subarray(0, bytes.length - 10))));
    await ends(trial, connections, 35, "half bodies");
  }),
  attack("bodies", "bodies at 200 bytes a second", { slow: true }, async (trial) => {
    const bytes = request({ body: `${SMALL}${repeat(" ", 900_000)}` });
    const connections = Array.from({ length: 50 }, () => trial.connect());
    const since = performance.now();
    for (let at = 0; performance.now() - since < 36_000 && connections.some((it) => !it.end); at += 100) {
      for (const connection of connections) if (!connection.end) connection.write(bytes.subarray(at, at + 100));
      await sleep(500);
    }
    await ends(trial, connections, 1, "slow bodies");
  }),
  attack("bodies", "Expect: 100-continue and no body", { slow: true }, async (trial) => {
    const connections = Array.from({ length: 100 }, () => trial.connect());
    await Promise.all(connections.map((it) => it.write(request({ headers: { expect: "100-continue", "content-length": 1000 }, body: "" }))));
    await ends(trial, connections, 36, "expecting clients");
  }),
];

/** Waits until all connections were ended by the server. */
export async function ends(trial, connections, seconds, what) {
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end && connections.some((it) => !it.end)) await sleep(100);
  const open = connections.filter((it) => !it.end).length;
  trial.note(open ? "open" : "closed");
  if (open) trial.fail(`${open} of ${connections.length} ${what} are open after ${seconds} s`);
}
