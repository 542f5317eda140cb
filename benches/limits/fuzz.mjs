// Sends random requests with extreme values to a server, one at a time, while a bystander requests the name of one entity.
//
//   (cd tests/oracle && npm ci) && node benches/limits/fuzz.mjs [--seconds 60] [--seed 13 | --seed random] [--all] [--clew target/release/clew]
//
// The operations are generated from the server's schema (`tests/oracle/extremes.mjs`). The conditions are:
//
// - Every request is answered, none with `INTERNAL`, none with a status of 500 or more except 503. The server keeps running.
// - The process grows by at most 64 MiB for one request, and in the end by no more than its caches.
// - A request uses little CPU time after its deadline.
// - The bystander is answered within 250 ms.
//
// The first failure ends the run with exit code 1 and prints the seed and the smallest request that still fails. With `--all`, the run
// continues and prints each failure.

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

import { Extremes, Graph, Random, buildSchema, parse, print, shrink, spoil } from "../../tests/oracle/extremes.mjs";
import { request, send } from "./client.mjs";
import { Server, root, sleep } from "./server.mjs";
import { Bystander } from "./watch.mjs";

const { values: options } = parseArgs({
  options: {
    clew: { type: "string", default: process.env.CLEW ?? join(root, "target/release/clew") },
    seconds: { type: "string", default: "60" },
    seed: { type: "string", default: "13" },
    latency: { type: "string", default: "250" },
    all: { type: "boolean", default: false },
  },
});
const seed = options.seed === "random" ? Date.now() % 2 ** 31 : Number(options.seed);
const random = new Random(seed);

/** Maximum growth of the process by one request, in MiB. */
const GROWTH = 64;
/** Maximum memory of caches at the end, in MiB. */
const KEPT = 160;
/** The deadline of the server under test, in seconds. */
const TIMEOUT = 2;
/** An answer that is not received within this time counts as missing, in milliseconds. */
const PATIENCE = 15_000;
/** After a request that took longer, the run waits until the server is idle, in milliseconds. */
const LONG = 100;
/** The longest body that the server reads, in bytes. */
const MOST_BODY = 1 << 20;
/** Shrinking stops after this many milliseconds. */
const SHRINKING = 90_000;

const ACCEPTED = [
  undefined, "application/json", "application/graphql-response+json", "*/*", "text/turtle", "application/n-triples", "application/ld+json",
  "application/graphml+xml", "text/vnd.graphviz", "image/svg+xml", "text/csv", "text/html", "application/json;q=0, */*;q=0.1", "",
];

/** The graph of this repository, as the generator reads it and as it is served. */
const graph = new Graph(root);
const [somebody] = graph.entities.keys();
const served = { serve: [], probe: { query: `{ node(id: "${somebody}") { label } }`, says: '"label"' } };

let server;
let bystander;
let quiet;
async function start() {
  await bystander?.stop();
  await server?.stop();
  server = await Server.start({ binary: resolve(options.clew), graph: served, options: ["--timeout", String(TIMEOUT)] });
  bystander = new Bystander(server);
  await bystander.phase("first");
  await sleep(200);
  await bystander.phase("asked");
  quiet = server.memory().now;
}

/** Sends a request. Returns the violated condition, if there is one. */
async function judge({ accept, method, query, variables, operationName, extensions }) {
  const headers = { accept };
  let bytes;
  if (method === "GET") {
    const parameters = new URLSearchParams({ query, variables: JSON.stringify(variables) });
    bytes = request({ method, path: `/graphql?${parameters}`, headers: { ...headers, "content-type": undefined } });
  } else {
    bytes = request({ headers, body: { query, variables, operationName, extensions } });
  }
  await bystander.phase("asked");
  server.forgetPeak();
  const before = { memory: server.memory(), cpu: server.cpu() };
  const answer = await send(server.port, bytes, PATIENCE);
  // Work after the answer counts for this request, and not for the next one.
  if (answer.ms > LONG) await server.rest(3000);
  const cpu = server.cpu() - before.cpu;
  const seen = await bystander.phase("asked");
  const after = server.memory();
  const growth = after.most - before.memory.now;
  const wrong = [];
  if (!server.isAlive()) wrong.push(`the server ended with ${server.end}: ${server.logged.slice(-300)}`);
  else if (answer.status === 0) wrong.push(`no answer: ${answer.outcome} after ${Math.round(answer.ms)} ms`);
  if (answer.status >= 500 && answer.status !== 503) wrong.push(`status ${answer.status} ${answer.begin.slice(0, 200)}`);
  if (answer.codes.includes("INTERNAL")) wrong.push(`INTERNAL ${answer.begin.slice(0, 200)}`);
  if (seen.killedAt) wrong.push(`the server grew to ${seen.killedAt} MiB and was ended`);
  else if (growth > GROWTH) wrong.push(`the server grew by ${growth.toFixed(0)} MiB, at most ${GROWTH} MiB are right`);
  if (cpu > TIMEOUT + 0.5) wrong.push(`${cpu.toFixed(2)} s of processor time, the deadline is ${TIMEOUT} s`);
  if (seen.failed) wrong.push(`the bystander was not answered: ${seen.why}`);
  if (seen.most > Number(options.latency)) wrong.push(`the bystander waited ${seen.most.toFixed(0)} ms, at most ${options.latency} ms are right`);
  return { wrong, answer };
}

/** Conditions that a second attempt violates as well: other work on the machine affects latencies, but rarely twice. */
async function fails(asked) {
  const first = await judge(asked);
  if (first.wrong.length === 0) return [];
  if (!server.isAlive()) {
    await start();
    return first.wrong;
  }
  await server.rest(3000);
  const again = await judge(asked);
  if (!server.isAlive()) await start();
  return again.wrong;
}

/** The condition that an answer violates, on a server that keeps running. */
async function failsOnce(asked) {
  const { wrong } = await judge(asked);
  if (!server.isAlive()) await start();
  else if (wrong.length) await server.rest(3000);
  return wrong;
}

async function smallest(asked) {
  const end = performance.now() + SHRINKING;
  let document;
  try {
    document = parse(asked.query);
  } catch {
    return asked;
  }
  const query = await shrink(document, async (candidate) => {
    if (performance.now() > end) return false;
    return (await failsOnce({ ...asked, query: print(candidate) })).length > 0;
  });
  const used = Object.entries(asked.variables ?? {}).filter(([name]) => query.includes(`$${name}`));
  let small = { ...asked, query, variables: Object.fromEntries(used) };
  for (let again = true; again && performance.now() < end; ) {
    again = false;
    for (const [name, value] of Object.entries(small.variables)) {
      if (!(Array.isArray(value) || typeof value === "string") || value.length < 2) continue;
      const half = value.length >> 1;
      for (const part of [value.slice(0, half), value.slice(half)]) {
        const candidate = { ...small, variables: { ...small.variables, [name]: part } };
        if ((await failsOnce(candidate)).length === 0) continue;
        small = candidate;
        again = true;
        break;
      }
    }
  }
  return small;
}

await start();
const response = await fetch(`http://${server.host}/schema.graphql`);
const generator = new Extremes(buildSchema(await response.text()), graph, random);

function next() {
  let { query, variables } = generator.operation();
  if (random.chance(0.1)) query = spoil(query, random, generator.schema)?.query ?? query;
  const accept = random.chance(0.5) ? "application/json" : random.pick(ACCEPTED);
  const method = query.length + JSON.stringify(variables).length < 4000 && random.chance(0.1) ? "GET" : "POST";
  const extensions = random.chance(0.02) ? { odd: generator.odd() } : undefined;
  return { accept, method, query, variables, extensions };
}

const began = performance.now();
const outcomes = new Map();
let sent = 0;
let largest = { growth: 0 };
let failures = 0;

/** Prints the violated condition, and the smallest request that shows it. */
async function report(wrong, asked) {
  failures += 1;
  console.log(`seed ${seed}, request ${sent}: ${wrong.join("; ").replace(/\s+/g, " ")}`);
  if (!asked) return;
  const small = await smallest(asked);
  const text = JSON.stringify(small);
  const file = join(mkdtempSync(join(tmpdir(), "clew-fuzz-")), "request.json");
  writeFileSync(file, JSON.stringify({ whole: asked, smallest: small }, null, 2));
  console.log(`the smallest request that fails, ${text.length} characters, is in ${file}:\n${text.slice(0, 3000)}`);
}

let end = began + Number(options.seconds) * 1000;
while (performance.now() < end && (failures === 0 || options.all)) {
  const asked = next();
  if (Buffer.byteLength(JSON.stringify(asked)) > MOST_BODY) continue;
  sent += 1;
  const size = server.memory().now;
  const { wrong, answer } = await judge(asked);
  const growth = server.memory().most - size;
  if (growth > largest.growth) largest = { growth, no: sent };
  outcomes.set(answer.outcome, (outcomes.get(answer.outcome) ?? 0) + 1);
  generator.remember(answer.text());
  if (wrong.length === 0) continue;
  const since = performance.now();
  if (!server.isAlive()) await start();
  const again = await fails(asked);
  if (again.length) await report(again, asked);
  // The search for the smallest request does not count as time of the run.
  end += performance.now() - since;
}
if (failures === 0) {
  await server.rest(3000);
  const kept = server.memory().now - quiet;
  const used = server.cpu();
  await sleep(200);
  if (kept > KEPT) await report([`the server holds ${kept.toFixed(0)} MiB more than before, at most ${KEPT} MiB are right`]);
  if (server.cpu() - used > 0.1) await report(["processor time goes on after the last answer"]);
  console.log(`one request grew the server by ${largest.growth.toFixed(0)} MiB at most, all left ${kept.toFixed(0)} MiB`);
}
console.log(`${sent} requests in ${Math.round((performance.now() - began) / 1000)} s, seed ${seed}, ${failures} failed`);
console.log([...outcomes].toSorted((a, b) => b[1] - a[1]).map(([outcome, count]) => `${outcome} ${count}`).join(", "));
await bystander.stop();
await server.stop();
process.exit(failures ? 1 : 0);
