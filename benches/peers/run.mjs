// Clew beside others on WordNet: the same questions, the same answers, side by side in one run.
//
//   cargo build --release && node benches/peers/run.mjs [--seconds 4] [--rounds 3] [--clew target/release/clew]
//
// Needs wrk, taskset, Node and npm. Each server has core 0, the load core 1. Writes a table in Markdown.

import { spawn, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual, parseArgs } from "node:util";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");
const { values: options } = parseArgs({
  options: {
    seconds: { type: "string", default: "4" },
    rounds: { type: "string", default: "3" },
    clew: { type: "string", default: join(root, "target/release/clew") },
  },
});
const wordnet = join(root, "target/wordnet");
const work = join(root, "target/peers");

const QUESTIONS = {
  W1: '{ synset(id: "synset-02086723-n") { id label category gloss } }',
  W2: '{ synset(id: "synset-02086723-n") { label hypernyms { nodes { id label gloss } } words { nodes { lemma } } } }',
  W3: '{ synset(id: "synset-03806455-n") { label hyponyms(first: 1000) { nodes { label hyponyms(first: 1000) { nodes { label hyponyms(first: 1000) { nodes { label } } } } } } } }',
  W4: "{ synsets(first: 1000, filter: { partOfSpeech: { eq: NOUN } }) { nodes { id label category gloss } } }",
  W5: '{ synsets(first: 50, filter: { partOfSpeech: { eq: NOUN }, gloss: { contains: "violin" } }) { nodes { id label } } }',
};
const body = (name) => JSON.stringify({ query: QUESTIONS[name] });

const children = [];
process.on("exit", () => children.forEach((child) => child.kill()));

/** Starts a server on core 0 and waits for its first answer to W1. */
async function start(name, command, args, path = () => "/graphql") {
  const begin = performance.now();
  const child = spawn("taskset", ["-c", "0", command, ...args], { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  let said = "";
  for await (const part of child.stdout) {
    said += part;
    const found = /listening on (http:\S+)/.exec(said);
    if (found) {
      const server = { name, child, url: (question) => found[1] + path(question) };
      await ask(server, "W1");
      return { ...server, seconds: (performance.now() - begin) / 1000 };
    }
  }
  throw new Error(`${name} did not start: ${said}`);
}

async function ask(server, question) {
  const headers = { "content-type": "application/json" };
  const response = await fetch(server.url(question), { method: "POST", headers, body: body(question) });
  if (response.status !== 200) throw new Error(`${server.name}: ${response.status} ${await response.text()}`);
  return response.text();
}

/** Requests a second, as wrk counts them. */
function load(server, question) {
  const script = join(work, `${question}.lua`);
  const quoted = JSON.stringify(body(question));
  writeFileSync(script, `wrk.method = "POST"\nwrk.headers["content-type"] = "application/json"\nwrk.body = ${quoted}\n`);
  const args = ["-c", "1", "wrk", "-t1", "-c16", `-d${options.seconds}s`, "-s", script, server.url(question)];
  const said = execFileSync("taskset", args, { encoding: "utf8" });
  if (/Non-2xx/.test(said)) throw new Error(`${server.name} ${question}: ${said}`);
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(said)[1]);
}

const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const memory = (child) => {
  const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024;
};
const npm = (folder, ...args) => execFileSync("npm", ["--prefix", folder, ...args], { cwd: root, stdio: "inherit" });

mkdirSync(work, { recursive: true });
if (!existsSync(join(wordnet, "nodes.jsonl"))) {
  npm("examples/wordnet", "ci", "--no-audit", "--no-fund", "--ignore-scripts");
  npm("examples/wordnet", "run", "convert", "--", wordnet);
}
if (!existsSync(join(here, "mercurius/node_modules"))) {
  npm("benches/peers/mercurius", "ci", "--no-audit", "--no-fund", "--ignore-scripts");
}
execFileSync("cargo", ["bench", "--bench", "limit", "--no-run"], { cwd: root, stdio: "inherit" });

const clew = await start("Clew", options.clew, [
  "serve", "--schema", "examples/wordnet/schema", "--data", wordnet, "--listen", "127.0.0.1:0",
]);
const answers = {};
for (const question of Object.keys(QUESTIONS)) {
  answers[question] = await ask(clew, question);
  writeFileSync(join(work, `${question}.json`), answers[question]);
}
const canned = Object.keys(QUESTIONS).map((it) => `${it}=${join(work, `${it}.json`)}`);
const built = execFileSync("cargo", ["bench", "--bench", "limit", "--no-run", "--message-format=json"], {
  cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"],
});
const artifact = built.split("\n").filter(Boolean).map((line) => JSON.parse(line))
  .find((it) => it.target?.name === "limit" && it.executable);
const limit = await start("axum, bytes that lie ready (the limit)", artifact.executable, ["127.0.0.1:0", ...canned], (it) => `/${it}`);
const mercurius = await start("mercurius 16 on Fastify, graphql-jit, data in maps", "node", [
  join(here, "mercurius/server.mjs"), wordnet, "0",
]);
const servers = [limit, mercurius, clew];
for (const question of Object.keys(QUESTIONS)) {
  const theirs = await ask(mercurius, question);
  if (!isDeepStrictEqual(JSON.parse(theirs), JSON.parse(answers[question]))) {
    throw new Error(`${question}: the answers differ: see ${work}, and what mercurius says: ${theirs.slice(0, 300)}`);
  }
}
console.error("all give the same answers");

const rates = new Map(servers.map((it) => [it, {}]));
for (const question of Object.keys(QUESTIONS)) {
  const seen = new Map(servers.map((it) => [it, []]));
  for (let round = 0; round < Number(options.rounds); round += 1) {
    for (const server of servers) seen.get(server).push(load(server, question));
  }
  for (const server of servers) rates.get(server)[question] = median(seen.get(server));
}

const number = (it) => Math.round(it).toLocaleString("en-US");
const names = Object.keys(QUESTIONS);
const lines = [
  `| requests/s on one core | ${names.join(" | ")} | memory | load to first answer |`,
  `| --- |${" --- |".repeat(names.length + 2)}`,
];
for (const server of servers) {
  const cells = names.map((it) => number(rates.get(server)[it]));
  const holds = server === limit ? ["", ""] : [`${number(memory(server.child))} MB`, `${server.seconds.toFixed(1)} s`];
  lines.push(`| ${server.name} | ${[...cells, ...holds].join(" | ")} |`);
}
const share = names.map((it) => `${Math.round((100 * rates.get(clew)[it]) / rates.get(limit)[it])} %`);
const times = names.map((it) => `${(rates.get(clew)[it] / rates.get(mercurius)[it]).toFixed(1)} ×`);
lines.push(`| Clew of the limit | ${share.join(" | ")} | | |`, `| Clew to mercurius | ${times.join(" | ")} | | |`);
console.log(lines.join("\n"));
process.exit(0);
