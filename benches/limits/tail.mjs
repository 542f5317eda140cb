// Checks whether expensive queries delay cheap ones. One of sixteen clients sends W4 (1,000 rows), the others W1 (one entity), at half of
// the rate at which these requests saturate the server. benches/pace.rs sends them at exact times: wrk waits for whole milliseconds, so its
// clients would send bursts, and the measurement would mostly show their length.
//
//   cargo build --profile dist && node benches/limits/tail.mjs [--seconds 8] [--clew target/dist/clew]
//
// Needs wrk, taskset and the WordNet that benches/peers/run.mjs converts. The server has core 0, the load core 1.

import { spawn, execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { built } from "../built.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const { values: options } = parseArgs({
  options: {
    seconds: { type: "string", default: "8" },
    clew: { type: "string", default: join(root, "target/dist/clew") },
    data: { type: "string", default: join(root, "target/wordnet") },
  },
});
const work = join(root, "target/tail");
mkdirSync(work, { recursive: true });

const W1 = '{ synset(id: "synset-02086723-n") { id label category gloss } }';
const W4 = "{ synsets(first: 1000, filter: { partOfSpeech: { eq: NOUN } }) { nodes { id label category gloss } } }";
const pace = built(root, "pace");

const server = spawn("taskset", [
  "-c", "0", options.clew, "serve", "--schema", "examples/wordnet/schema", "--data", options.data, "--listen", "127.0.0.1:0",
], { cwd: root, stdio: ["ignore", "pipe", "ignore"] });
process.on("exit", () => server.kill());
const url = await new Promise((resolve, reject) => {
  let said = "";
  server.stdout.on("data", (part) => {
    said += part;
    const found = /listening on (http:\S+)/.exec(said);
    if (found) resolve(`${found[1]}/graphql`);
  });
  server.on("exit", () => reject(new Error("the server ended")));
});

function body(name, query) {
  const path = join(work, `${name}.json`);
  writeFileSync(path, JSON.stringify({ query }));
  return path;
}

/** The results of wrk with sixteen clients that send as fast as possible. */
function saturate(query, seconds) {
  const path = join(work, "saturate.lua");
  const text = JSON.stringify(JSON.stringify({ query }));
  writeFileSync(path, `wrk.method = "POST"\nwrk.headers["content-type"] = "application/json"\nwrk.body = ${text}\n`);
  const said = execFileSync("taskset", ["-c", "1", "wrk", "-t1", "-c16", `-d${seconds}s`, "-s", path, url], { encoding: "utf8" });
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(said)[1]);
}

// The first answers create plans and determine their lengths.
saturate(W4, 1);
const most = { W1: saturate(W1, 4), W4: saturate(W4, 4) };
const cheap = body("W1", W1);
const dear = body("W4", W4);

/** The last lines of the clients' output: a file, its requests per second, three quantiles in microseconds. */
function tail(rate, ...clients) {
  const steady = ["--rate", String(Math.round(rate)), "--seconds", options.seconds];
  const said = execFileSync("taskset", ["-c", "1", pace, new URL(url).host, ...steady, ...clients], { encoding: "utf8" });
  return said.trim().split("\n").map((it) => it.split(" ").slice(1).map(Number));
}

const number = (it) => it.toLocaleString("en-US");
const [w1, w4] = [most.W1, most.W4].map((it) => number(Math.round(it)));
console.log(`${w1} W1/s or ${w4} W4/s saturate the server`);
console.log("| | W1 requests/s | W1 p50 | W1 p90 | W1 p99 | W4 requests/s | W4 p99 |\n| --- | --- | --- | --- | --- | --- | --- |");
for (const [name, saturated, clients] of [
  ["W1 alone", most.W1, [`16x${cheap}`]],
  ["one client in sixteen asks W4", 16 / (15 / most.W1 + 1 / most.W4), [`15x${cheap}`, `1x${dear}`]],
]) {
  const [[rate, ...quantiles], [dearRate, , , dearTail] = []] = tail(saturated / 2, ...clients);
  const micros = (it) => (it === undefined ? "" : `${number(it)} µs`);
  console.log(`| ${[name, number(rate), ...quantiles.map(micros), number(dearRate ?? 0), micros(dearTail)].join(" | ")} |`);
}
// The running server would keep this process alive.
process.exit(0);
