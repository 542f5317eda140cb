// Steady load during attacks: checks that memory stays constant.
//
//   node benches/limits/load.mjs [--seconds 600] [--clew target/release/clew] [--data target/wordnet]
//
// Eight clients send W1 to W5 in turns. A ninth repeats the attacks on the large graph and those by documents. Exits with 1 if memory in
// the last third is more than 32 MiB above that in the middle third, if an answer changes, or if the server ends.

import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

import { Connection, request, send } from "./client.mjs";
import * as graphs from "./graphs.mjs";
import { Server, root, sleep } from "./server.mjs";
import { quantile } from "./watch.mjs";
import attacks from "./attacks/all.mjs";

const { values: options } = parseArgs({
  options: {
    clew: { type: "string", default: process.env.CLEW ?? join(root, "target/release/clew") },
    data: { type: "string", default: join(root, "target/wordnet") },
    seconds: { type: "string", default: "600" },
  },
});
/** Maximum growth of memory between the middle and the last third, in MiB. */
const STILL = 32;
const CLIENTS = 8;
/** Pause of a client between two requests, in milliseconds: it keeps this process from becoming the bottleneck. */
const PAUSE = 2;

const QUESTIONS = [
  '{ synset(id: "synset-02086723-n") { id label category gloss } }',
  '{ synset(id: "synset-02086723-n") { label hypernyms { nodes { id label gloss } } words { nodes { lemma } } } }',
  '{ synset(id: "synset-00001740-n") { label hyponyms(first: 1000) { nodes { label hyponyms(first: 1000) { nodes { label } } } } } }',
  "{ synsets(first: 1000, filter: { partOfSpeech: { eq: NOUN } }) { nodes { id label category gloss } } }",
  '{ synsets(first: 50, filter: { partOfSpeech: { eq: NOUN }, gloss: { contains: "violin" } }) { nodes { id label } } }',
].map((query) => request({ body: { query } }));

const binary = resolve(options.clew);
const graph = (await graphs.large(binary, options.data))();
const server = await Server.start({ binary, graph, options: ["--timeout", "2"] });
const expected = [];
for (const bytes of QUESTIONS) expected.push((await send(server.port, bytes)).length);

const end = performance.now() + Number(options.seconds) * 1000;
const began = performance.now();
const isOver = () => performance.now() > end || !server.isAlive();
const taken = [];
let wrong;
let asked = 0;
let attacked = 0;

async function client(no) {
  let connection = new Connection(server.port);
  for (let turn = no; !isOver(); turn += 1) {
    const which = turn % QUESTIONS.length;
    if (connection.end) connection = new Connection(server.port);
    const answer = connection.answer();
    connection.write(QUESTIONS[which]);
    const given = await answer;
    // While all memory for requests is in use, even a small request may be refused.
    if (given.outcome !== "503" && (given.outcome !== "ok" || given.length !== expected[which])) wrong ??= `W${which + 1} was answered with ${given.outcome}, ${given.length} bytes`;
    asked += 1;
    if (taken.length < 1_000_000) taken.push(given.ms);
    await sleep(PAUSE);
  }
  connection.destroy();
}

async function attacker() {
  const chosen = attacks.filter((it) => it.body && (it.graph === "large" || it.kind === "documents"));
  for (let no = 0; !isOver(); no += 1) {
    const { body, request: more } = chosen[no % chosen.length];
    const given = await send(server.port, request({ ...more, body: body() }), 10_000);
    if (/^5/.test(given.outcome) && given.status !== 503) wrong ??= `${chosen[no % chosen.length].name} was answered with ${given.outcome}`;
    attacked += 1;
  }
}

const sizes = [];
async function watcher() {
  while (!isOver()) {
    sizes.push(server.memory().now);
    await sleep(200);
  }
}

await Promise.all([watcher(), attacker(), ...Array.from({ length: CLIENTS }, (_, no) => client(no))]);
const third = Math.floor(sizes.length / 3);
const median = (numbers) => quantile(numbers.toSorted((a, b) => a - b), 0.5);
const [middle, last] = [sizes.slice(third, 2 * third), sizes.slice(-third)].map(median);
taken.sort((a, b) => a - b);
const seconds = (performance.now() - began) / 1000;
console.log(
  `${asked} questions (${Math.round(asked / seconds)}/s, p50 ${quantile(taken, 0.5).toFixed(2)} ms, p99 ${quantile(taken, 0.99).toFixed(1)} ms) and ${attacked} attacks in ${Math.round(seconds)} s; ` +
    `memory ${middle.toFixed(0)} MiB in the middle third, ${last.toFixed(0)} MiB in the last, ${Math.max(...sizes).toFixed(0)} MiB at most`,
);
if (!server.isAlive()) wrong = `the server ended with ${server.end}: ${server.logged.slice(-300)}`;
else if (last - middle > STILL) wrong ??= `memory grew by ${(last - middle).toFixed(0)} MiB, at most ${STILL} MiB are right`;
if (wrong) console.log(`FAILED: ${wrong}`);
await server.stop();
process.exit(wrong ? 1 : 0);
