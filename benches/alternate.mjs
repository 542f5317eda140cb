// Compares two binaries over HTTP in turns: how many requests the new one answers for each request of the old one.
//
//   node benches/alternate.mjs --old PATH --new PATH [--rounds 21] [--seconds 1] [--data target/wordnet]
//
// Prints for W1 to W5 the median of the rounds' ratios, new to old, with its 95 % interval. Exits with 1 if the whole interval is below
// `--least` (0.97). Each round starts both servers again, since their speed depends on their memory layout; then wrk sends requests to one
// after the other. The servers have core 0, wrk has core 1. The order of the servers alternates, so that a machine that becomes slower or
// faster favors neither. The interval is that of the order statistics of the median, which is valid for any distribution of the ratios. 21
// rounds take about six minutes. Needs wrk, taskset and WordNet.

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const { values: options } = parseArgs({
  options: {
    old: { type: "string" },
    new: { type: "string" },
    rounds: { type: "string", default: "21" },
    seconds: { type: "string", default: "1" },
    least: { type: "string", default: "0.97" },
    data: { type: "string", default: join(root, "target/wordnet") },
  },
});
if (!options.old || !options.new) {
  console.error("give the two binaries: --old PATH --new PATH");
  process.exit(2);
}

/** The same as in peers/run.mjs. */
const QUESTIONS = {
  W1: '{ synset(id: "synset-02086723-n") { id label category gloss } }',
  W2: '{ synset(id: "synset-02086723-n") { label hypernyms { nodes { id label gloss } } words { nodes { lemma } } } }',
  W3: '{ synset(id: "synset-03806455-n") { label hyponyms(first: 1000) { nodes { label hyponyms(first: 1000) { nodes { label hyponyms(first: 1000) { nodes { label } } } } } } } }',
  W4: "{ synsets(first: 1000, filter: { partOfSpeech: { eq: NOUN } }) { nodes { id label category gloss } } }",
  W5: '{ synsets(first: 50, filter: { partOfSpeech: { eq: NOUN }, gloss: { contains: "violin" } }) { nodes { id label } } }',
};

const work = mkdtempSync(join(tmpdir(), "clew-alternate-"));
const servers = [];
process.on("exit", () => {
  for (const server of servers) server.kill("SIGKILL");
  rmSync(work, { recursive: true, force: true });
});

/** Starts a server on core 0 and waits until its indexes are built. */
async function start(binary) {
  const args = ["serve", "--schema", "examples/wordnet/schema", "--data", resolve(options.data), "--listen", "127.0.0.1:0"];
  const child = spawn("taskset", ["-c", "0", resolve(binary), ...args], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  servers.push(child);
  let printed = "";
  let logged = "";
  return new Promise((done, failed) => {
    const look = () => {
      const found = /listening on (http:\S+)/.exec(printed);
      if (found && logged.includes("substring index")) done(`${found[1]}/graphql`);
    };
    child.stdout.on("data", (part) => ((printed += part), look()));
    child.stderr.on("data", (part) => ((logged += part), look()));
    child.once("exit", (code) => failed(new Error(`${binary} ended with ${code}: ${logged}`)));
  });
}

/** Requests per second. */
function load(url, name, seconds = options.seconds) {
  const script = join(work, `${name}.lua`);
  const body = JSON.stringify(JSON.stringify({ query: QUESTIONS[name] }));
  writeFileSync(script, `wrk.method = "POST"\nwrk.headers["content-type"] = "application/json"\nwrk.body = ${body}\n`);
  const said = execFileSync("taskset", ["-c", "1", "wrk", "-t1", "-c16", `-d${seconds}s`, "-s", script, url], { encoding: "utf8" });
  if (/Non-2xx|Socket errors/.test(said)) throw new Error(`${url} ${name}: ${said}`);
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(said)[1]);
}

/** The ranks, counted from 0, of the values that bound the median with a confidence of at least 95 %. */
function ranks(count) {
  // The k-th smallest is above the median with the probability that fewer than k of the values are below it.
  let below = 0;
  let choose = 1;
  for (let k = 0; k < count / 2; k += 1) {
    below += choose / 2 ** count;
    if (2 * below > 0.05) return [Math.max(0, k - 1), count - Math.max(1, k)];
    choose = (choose * (count - k)) / (k + 1);
  }
  return [0, count - 1];
}

/** The answer to a query, for comparison. */
async function answer(url, name) {
  const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ query: QUESTIONS[name] }) });
  return response.text();
}

const rounds = Number(options.rounds);
if (!(rounds >= 6)) {
  console.error("an interval of 95 % needs at least 6 rounds");
  process.exit(2);
}
const names = Object.keys(QUESTIONS);
const rates = Object.fromEntries(names.map((name) => [name, { old: [], fresh: [] }]));
for (let round = 0; round < rounds; round += 1) {
  const turns = [["old", await start(options.old)], ["fresh", await start(options.new)]];
  if (round % 2) turns.reverse();
  for (const name of names) {
    const [one, other] = [await answer(turns[0][1], name), await answer(turns[1][1], name)];
    if (one !== other) throw new Error(`${name}: the answers differ: ${one.slice(0, 200)}\n${other.slice(0, 200)}`);
    for (const [which, url] of turns) rates[name][which].push(load(url, name));
  }
  for (const server of servers.splice(0)) server.kill("SIGKILL");
}

const [low, high] = ranks(rounds);
const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const number = (it) => Math.round(it).toLocaleString("en-US");
let failed = false;
console.log(`| ${rounds} rounds | old requests/s | new requests/s | new / old | 95 % |\n| --- | --- | --- | --- | --- |`);
for (const name of names) {
  const { old, fresh } = rates[name];
  const ratios = fresh.map((rate, round) => rate / old[round]).toSorted((a, b) => a - b);
  const isSlower = ratios[high] < Number(options.least);
  failed ||= isSlower;
  console.log(`| ${name} | ${number(median(old))} | ${number(median(fresh))} | ${median(ratios).toFixed(3)} | ${ratios[low].toFixed(3)}–${ratios[high].toFixed(3)}${isSlower ? ` (below ${options.least})` : ""} |`);
}
process.exit(failed ? 1 : 0);
