// Whether dear questions stall cheap ones: of sixteen clients one asks W4 (1,000 rows), the others W1 (one entity), at half
// of the rate of W1 that saturates the server.
//
//   cargo build --release && node benches/limits/tail.mjs [--seconds 8] [--clew target/release/clew]
//
// Needs wrk, taskset and the WordNet that benches/peers/run.mjs converts. The server has core 0, the load core 1.

import { spawn, execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const { values: options } = parseArgs({
  options: {
    seconds: { type: "string", default: "8" },
    clew: { type: "string", default: join(root, "target/release/clew") },
    data: { type: "string", default: join(root, "target/wordnet") },
  },
});
const work = join(root, "target/tail");
mkdirSync(work, { recursive: true });

const W1 = '{ synset(id: "synset-02086723-n") { id label category gloss } }';
const W4 = "{ synsets(first: 1000, filter: { partOfSpeech: { eq: NOUN } }) { nodes { id label category gloss } } }";
/** So many clients stand for each of the sixteen: wrk waits whole milliseconds between the requests of a client. */
const EACH = 10;

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

function script(name, query, delay) {
  const path = join(work, `${name}.lua`);
  const body = JSON.stringify(JSON.stringify({ query }));
  // Spread, so that clients do not all ask in the same millisecond.
  const wait = delay === undefined ? "" : `function delay() return math.random(0, ${2 * delay}) end\n`;
  writeFileSync(path, `wrk.method = "POST"\nwrk.headers["content-type"] = "application/json"\nwrk.body = ${body}\n${wait}`);
  return path;
}

const wrk = (clients, path, seconds) => ["-c", "1", "wrk", "-t1", `-c${clients}`, `-d${seconds}s`, "--latency", "-s", path, url];
const rate = (said) => Number(/Requests\/sec:\s+([\d.]+)/.exec(said)[1]);
const quantile = (said, share) => new RegExp(`${share}%\\s+(\\S+)`).exec(said)[1];

execFileSync("taskset", wrk(16, script("warm", W4), 2));
const saturated = rate(execFileSync("taskset", wrk(16, script("saturate", W1), 4), { encoding: "utf8" }));
const delay = Math.max(1, Math.round((16 * EACH * 1000) / (saturated / 2)));

async function tail(withW4) {
  const dear = withW4
    ? spawn("taskset", wrk(EACH, script("dear", W4, delay), options.seconds), { stdio: ["ignore", "pipe", "ignore"] })
    : undefined;
  let other = "";
  dear?.stdout.on("data", (part) => (other += part));
  const cheap = spawn("taskset", wrk(15 * EACH, script("cheap", W1, delay), options.seconds), { stdio: ["ignore", "pipe", "ignore"] });
  let said = "";
  cheap.stdout.on("data", (part) => (said += part));
  await Promise.all([cheap, dear].filter(Boolean).map((it) => new Promise((done) => it.on("close", done))));
  return { said, other };
}

console.log(`W1 saturates the server at ${Math.round(saturated).toLocaleString("en-US")} requests/s`);
console.log("| | W1 requests/s | W1 p50 | W1 p90 | W1 p99 | W4 requests/s |\n| --- | --- | --- | --- | --- | --- |");
for (const withW4 of [false, true]) {
  const { said, other } = await tail(withW4);
  const cells = [rate(said), ...[50, 90, 99].map((it) => quantile(said, it)), other ? rate(other) : 0];
  console.log(`| ${withW4 ? "one client in sixteen asks W4" : "W1 alone"} | ${cells.join(" | ")} |`);
}
