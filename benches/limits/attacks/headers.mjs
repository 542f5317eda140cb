// Request lines and headers.

import { attack, query } from "../attack.mjs";
import { request } from "../client.mjs";
import { sleep } from "../server.mjs";
import { many, repeat } from "./text.mjs";

const SMALL = { query: '{ association(id: "association-1") { name } }' };
const ask = (name, given, settings) => query("headers", name, () => SMALL, { ...settings, request: given });
/** Sends bytes on a connection of their own, and notes what comes back. */
const raw = (name, bytes, settings) =>
  attack("headers", name, settings, async (trial) => {
    for (const each of [bytes()].flat()) {
      const connection = trial.connect();
      const answer = connection.answer(5000);
      connection.write(each);
      const given = await answer;
      trial.note(given.outcome, given.begin);
      connection.destroy();
    }
  });
const lines = (...all) => Buffer.from(`${all.join("\r\n")}\r\n\r\n`);
const json = "content-type: application/json";
const body = JSON.stringify(SMALL);
const refused = ["400", "closed", "BAD_REQUEST", "431", "413", "501", "no answer"];

export default [
  ask("a foreign Host", { host: "attacker.example" }, { listed: true, expects: ["421"] }),
  ask("a foreign Host in an absolute target", { path: "http://attacker.example/graphql", host: "attacker.example" }, { expects: ["421"] }),
  raw("a target and a Host that differ", () => request({ path: "http://attacker.example/graphql", body }), { expects: ["421", "400"] }),
  raw("two Hosts", () => lines("POST /graphql HTTP/1.1", "host: 127.0.0.1", "host: attacker.example", json, "content-length: 2", "", "{}"), { listed: true, expects: ["400", "BAD_REQUEST"] }),
  raw("lists and odd forms of Host", () => ["127.0.0.1, attacker.example", "attacker.example#127.0.0.1", "user@127.0.0.1", "127.0.0.1.attacker.example", "[::1", "localhost.attacker.example", "0x7f.1", "", "\u00ff"].map((host) => request({ host, body })), { expects: ["421", "400", "BAD_REQUEST"] }),
  raw("no Host", () => lines("POST /graphql HTTP/1.1", json, `content-length: ${body.length}`, "", body).subarray(0, -4), { expects: ["400", "421", "BAD_REQUEST"] }),
  raw("HTTP/1.0 without Host", () => request({ version: "1.0", host: undefined, body }), { expects: ["ok", "400", "421", "BAD_REQUEST"] }),
  ask("100 headers of 8 kB", { headers: Object.fromEntries(Array.from({ length: 100 }, (_, no) => [`x-${no}`, repeat("v", 8000)])) }, { expects: ["431", "closed"] }),
  ask("99 headers of 3 kB", { headers: Object.fromEntries(Array.from({ length: 90 }, (_, no) => [`x-${no}`, repeat("v", 3000)])) }, { expects: ["ok", "431", "closed"] }),
  ask("5,000 headers", { headers: Object.fromEntries(Array.from({ length: 5000 }, (_, no) => [`x-${no}`, "v"])) }, { expects: ["431", "400", "closed"] }),
  ask("a header of 1 MB", { headers: { "x-a": repeat("v", 1 << 20) } }, { expects: ["431", "closed"] }),
  ask("a header name of 1 MB", { headers: { [repeat("n", 1 << 20)]: "v" } }, { expects: ["431", "400", "closed"] }),
  raw("a target of 1 MB", () => request({ path: `/graphql?query=${repeat("x", 1 << 20)}`, body }), { expects: ["414", "431", "400", "closed"] }),
  query("headers", "a query of 60 kB in the URL", () => "", { request: { method: "GET", path: `/graphql?query=${encodeURIComponent(`{ ${many(1200, (no) => `a${no}: __typename`)} }`)}`, headers: { "content-type": undefined } }, expects: ["ok", "limit", "414"] }),
  query("headers", "the same parameter 10,000 times in the URL", () => "", { request: { method: "GET", path: `/graphql?${repeat("query=a&", 6000)}`, headers: { "content-type": undefined } }, expects: ["400", "BAD_REQUEST", "414"] }),
  ask("5,000 media types in Accept", { headers: { accept: many(5000, (no) => `text/x${no};q=0.${no % 10}`, ",") } }, { expects: ["NOT_ACCEPTABLE", "406", "BAD_REQUEST"], bytes: 10_000 }),
  ask("`*/*` 15,800 times in Accept", { headers: { accept: `${repeat("*/*,", 15_800)}application/json;q=0.1` } }, { expects: ["ok"], cpu: 0.05 }),
  ask("odd qualities in Accept", { headers: { accept: "application/json;q=NaN, text/turtle;q=1e999, */*;q=-1, application/json;q=0.0000000000000000000000000000000000000000001" } }, { expects: ["ok", "406", "BAD_REQUEST"] }),
  ask("a Content-Type of 8 kB", { headers: { "content-type": `application/json; charset=${repeat("x", 8000)}` } }, { expects: ["415", "BAD_REQUEST"], bytes: 1000 }),
  query("headers", "If-None-Match with 3,000 tags", () => "", { request: { method: "GET", path: "/graphql?query=%7B__typename%7D", headers: { "content-type": undefined, "if-none-match": many(3000, (no) => `"${no}"`, ",") } }, expects: ["ok"] }),
  raw("smuggling: both lengths, and other forms", () => [
    lines("POST /graphql HTTP/1.1", "host: 127.0.0.1", json, "content-length: 5", "transfer-encoding: chunked", "", "0"),
    lines("POST /graphql HTTP/1.1", "host: 127.0.0.1", json, "content-length: 5", "content-length: 6", "", "hello"),
    lines("POST /graphql HTTP/1.1", "host: 127.0.0.1", json, "transfer-encoding: chunked, identity", "", "0"),
    lines("POST /graphql HTTP/1.1", "host: 127.0.0.1", json, "transfer-encoding: xchunked", "", "0"),
    lines("POST /graphql HTTP/1.1", "host: 127.0.0.1", json, "content-length: +5", "", "hello"),
    lines("POST /graphql HTTP/1.1", "host: 127.0.0.1", json, "content-length: 0x5", "", "hello"),
    lines("POST /graphql HTTP/1.1", "host: 127.0.0.1", json, "content-length : 5", "", "hello"),
    lines("POST /graphql HTTP/1.1", "host: 127.0.0.1", " folded: 1", json, "content-length: 5", "", "hello"),
    lines("POST /graphql HTTP/1.1", "host: 127.0.0.1", json, "content-length: 18446744073709551616", "", "hello"),
  ], { expects: [...refused, "400"] }),
  attack("headers", "500 OPTIONS, HEAD and odd methods", { expects: ["204", "405", "400", "404", "200", "ok", "closed", "501", "421", "BAD_REQUEST"] }, async (trial) => {
    const keeper = {};
    for (let no = 0; no < 500; no += 1) {
      const method = ["OPTIONS", "PUT", "DELETE", "TRACE", "PROPFIND", "CONNECT", "A".repeat(100)][no % 7];
      const given = await trial.keep(keeper, request({ method, path: ["/graphql", "/", "/health", "/schema.graphql"][no % 4], body: "", headers: { "content-length": undefined, origin: "https://attacker.example", "access-control-request-method": "POST" } }), 5000);
      if (method === "CONNECT" || given.status === 0) {
        keeper.current.destroy();
        keeper.current = undefined;
      }
    }
    const connection = trial.connect();
    for (let no = 0; no < 300; no += 1) {
      const answer = connection.answer(5000, { isHead: true });
      connection.write(request({ method: "HEAD", path: "/schema.graphql", headers: { "content-type": undefined } }));
      trial.note((await answer).outcome);
    }
  }),
  attack("headers", "headers that trickle", { slow: true, growth: 64 }, async (trial) => {
    const connections = Array.from({ length: 50 }, () => trial.connect());
    const since = performance.now();
    const bytes = lines("POST /graphql HTTP/1.1", "host: 127.0.0.1", `x-a: ${repeat("v", 4000)}`);
    for (let no = 0; no < 150 && connections.some((it) => !it.end); no += 1) {
      for (const connection of connections) if (!connection.end) connection.write(bytes.subarray(no, no + 1));
      await sleep(100);
    }
    const open = connections.filter((it) => !it.end).length;
    trial.note(open ? "open" : "closed");
    if (open) trial.fail(`${open} of 50 connections are open after ${Math.round((performance.now() - since) / 1000)} s, 10 s are right`);
  }),
  query("headers", "traversal", () => "", { request: { method: "GET", path: "/../../../../etc/passwd", headers: { "content-type": undefined } }, expects: ["404", "400", "ok"], hides: /root:/ }),
  attack("headers", "security headers of the pages", { listed: true }, async (trial) => {
    const svg = { accept: "image/svg+xml", "content-type": "application/json" };
    const pages = [
      ["the console", request({ method: "GET", path: "/", headers: { "content-type": undefined } }), /default-src 'self'.*frame-ancestors 'none'/],
      ["SVG", request({ body: { query: "{ associations(first: 5) { nodes { id } } }" }, headers: svg }), /default-src 'none'/],
    ];
    for (const [name, bytes, policy] of pages) {
      const { headers, outcome } = await trial.ask(bytes);
      if (!policy.test(headers.get("content-security-policy") ?? "")) trial.fail(`${name} (${outcome}): Content-Security-Policy is ${headers.get("content-security-policy") ?? "not there"}`);
      if (headers.get("x-content-type-options") !== "nosniff") trial.fail(`${name}: X-Content-Type-Options is not there`);
      if (!headers.has("referrer-policy")) trial.fail(`${name}: Referrer-Policy is not there`);
    }
  }),
];
