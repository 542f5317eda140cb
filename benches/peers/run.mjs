// Compares Clew with other servers on WordNet: the same queries and the same answers, in one run.
//
//   cargo build --profile dist && node benches/peers/run.mjs [--seconds 1] [--rounds 9] [--clew target/dist/clew]
//
// Needs wrk, taskset, Node, npm and curl; with --raphtory also Python, and root for a network namespace. Each server has core 0, the load
// has core 1. Writes a table in Markdown.

import { spawn, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual, parseArgs } from "node:util";

import { built } from "../built.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");
const { values: options } = parseArgs({
  options: {
    seconds: { type: "string", default: "1" },
    rounds: { type: "string", default: "9" },
    clew: { type: "string", default: join(root, "target/dist/clew") },
    raphtory: { type: "boolean", default: false },
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

/** Raphtory has its own schema, so it gets an equivalent query, and its answer is converted to Clew's form for comparison. */
const get = (name) => `${name}: properties { get(key: "${name}") { value } }`;
const over = (layer, way, what) => `layer(name: "${layer}") { ${way} { list { ${what} } } }`;
const below = (what) => over("HYPERNYM", "inNeighbours", what);
const node = (id, what) => `{ graph(path: "wordnet") { node(name: "${id}") { ${what} } } }`;
const RAPHTORY = {
  W1: node("synset-02086723-n", `name ${["label", "category", "gloss"].map(get).join(" ")}`),
  W2: node(
    "synset-02086723-n",
    `${get("label")} hypernyms: ${over("HYPERNYM", "outNeighbours", `name ${get("label")} ${get("gloss")}`)} ` +
      `words: ${over("SENSE", "inNeighbours", `name ${get("lemma")}`)}`,
  ),
  W3: node("synset-03806455-n", `${get("label")} ${below(`name ${get("label")} ${below(`name ${get("label")} ${below(`name ${get("label")}`)}`)}`)}`),
  W4: `{ graph(path: "wordnet") { nodes { page(limit: 1000) { name ${["label", "category", "gloss"].map(get).join(" ")} } } } }`,
};
const value = (it, name) => it[name].get?.value ?? null;
const byName = (list) => [...list].sort((a, b) => (a.name < b.name ? -1 : 1));
const plain = (it) => ({ id: it.name, label: value(it, "label"), category: value(it, "category"), gloss: value(it, "gloss") });
const level = (it, deeper) => ({
  label: value(it, "label"),
  ...(deeper > 0 && { hyponyms: { nodes: byName(it.layer.inNeighbours.list).map((each) => level(each, deeper - 1)) } }),
});
const OURS = {
  W1: ({ graph }) => ({ synset: plain(graph.node) }),
  W2: ({ graph: { node: it } }) => ({
    synset: {
      label: value(it, "label"),
      hypernyms: {
        nodes: byName(it.hypernyms.outNeighbours.list).map((each) => ({ id: each.name, label: value(each, "label"), gloss: value(each, "gloss") })),
      },
      words: { nodes: byName(it.words.inNeighbours.list).map((each) => ({ lemma: value(each, "lemma") })) },
    },
  }),
  W3: ({ graph }) => ({ synset: level(graph.node, 3) }),
  W4: ({ graph }) => ({ synsets: { nodes: graph.nodes.page.map(plain) } }),
};

/** A server that would listen on all addresses runs in a network namespace with only a loopback interface. */
const ALONE = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"];
const inside = (server) => ["-t", String(server.child.pid), "-n"];

const children = [];
process.on("exit", () => children.forEach((child) => child.kill()));

/** Starts a server on core 0 and waits for its first answer to W1. */
async function start(name, command, args, path = () => "/graphql", more = {}) {
  const begin = performance.now();
  const [program, ...all] = [...(more.alone ? ALONE : []), "taskset", "-c", "0", command, ...args];
  const child = spawn(program, all, { cwd: root, stdio: ["ignore", "pipe", more.quiet ? "ignore" : "inherit"] });
  children.push(child);
  let said = "";
  for await (const part of child.stdout) {
    said += part;
    const found = /listening on (http:\S+)/.exec(said);
    if (found) {
      const server = { name, child, url: (question) => found[1] + path(question), ...more };
      while (!(await ask(server, "W1").then(() => true, (error) => (more.alone ? false : Promise.reject(error))))) {
        await new Promise((done) => setTimeout(done, 20));
      }
      return { ...server, seconds: (performance.now() - begin) / 1000 };
    }
  }
  throw new Error(`${name} did not start: ${said}`);
}

async function ask(server, question) {
  const asked = server.asks ? JSON.stringify({ query: server.asks[question] }) : body(question);
  if (server.alone) {
    const args = ["-sf", "-H", "content-type: application/json", "-d", asked, server.url(question)];
    return execFileSync("nsenter", [...inside(server), "curl", ...args], { encoding: "utf8", maxBuffer: 1 << 26 });
  }
  const headers = { "content-type": "application/json" };
  const response = await fetch(server.url(question), { method: "POST", headers, body: asked });
  if (response.status !== 200) throw new Error(`${server.name}: ${response.status} ${await response.text()}`);
  return response.text();
}

/** Requests per second, as wrk counts them. */
function load(server, question) {
  const script = join(work, `${question}${server.asks ? ".own" : ""}.lua`);
  const quoted = JSON.stringify(server.asks ? JSON.stringify({ query: server.asks[question] }) : body(question));
  writeFileSync(script, `wrk.method = "POST"\nwrk.headers["content-type"] = "application/json"\nwrk.body = ${quoted}\n`);
  const args = ["-c", "1", "wrk", "-t1", "-c16", `-d${options.seconds}s`, "-s", script, server.url(question)];
  const said = server.alone
    ? execFileSync("nsenter", [...inside(server), "taskset", ...args], { encoding: "utf8" })
    : execFileSync("taskset", args, { encoding: "utf8" });
  if (/Non-2xx/.test(said)) throw new Error(`${server.name} ${question}: ${said}`);
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(said)[1]);
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
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
const bytes = built(root, "limit");

const clew = await start("Clew", options.clew, [
  "serve", "--schema", "examples/wordnet/schema", "--data", wordnet, "--listen", "127.0.0.1:0",
]);
const answers = {};
for (const question of Object.keys(QUESTIONS)) {
  answers[question] = await ask(clew, question);
  writeFileSync(join(work, `${question}.json`), answers[question]);
}
const canned = Object.keys(QUESTIONS).map((it) => `${it}=${join(work, `${it}.json`)}`);
const limit = await start("axum, prepared bytes (the limit)", bytes, ["127.0.0.1:0", ...canned], (it) => `/${it}`);
const mercurius = await start("mercurius 16 on Fastify, graphql-jit, data in maps", "node", [
  join(here, "mercurius/server.mjs"), wordnet, "0",
]);
let raphtory;
if (options.raphtory) {
  const python = join(work, "venv/bin/python");
  if (!existsSync(python)) {
    execFileSync("python3", ["-m", "venv", join(work, "venv")], { stdio: "inherit" });
    const requirements = join(here, "raphtory/requirements.txt");
    execFileSync(python, ["-m", "pip", "-q", "install", "-r", requirements], { stdio: "inherit" });
  }
  raphtory = await start("Raphtory 0.17 (Rust, async-graphql)", python, [join(here, "raphtory/server.py"), wordnet, "7700"], () => "/", {
    alone: true, quiet: true, asks: RAPHTORY,
  });
  for (const question of Object.keys(RAPHTORY)) {
    const theirs = OURS[question](JSON.parse(await ask(raphtory, question)).data);
    if (!isDeepStrictEqual({ data: theirs }, JSON.parse(answers[question]))) {
      throw new Error(`${question}: the answers differ: see ${work}, and what Raphtory says: ${JSON.stringify(theirs).slice(0, 300)}`);
    }
  }
}
// The limit and Clew are measured in direct succession, since the machine's speed changes from one minute to the next.
const servers = [mercurius, raphtory, limit, clew].filter(Boolean);
const asked = (server, question) => !server.asks || question in server.asks;
for (const question of Object.keys(QUESTIONS)) {
  const theirs = await ask(mercurius, question);
  if (!isDeepStrictEqual(JSON.parse(theirs), JSON.parse(answers[question]))) {
    throw new Error(`${question}: the answers differ: see ${work}, and what mercurius says: ${theirs.slice(0, 300)}`);
  }
}
console.error("all give the same answers");

const rates = new Map(servers.map((it) => [it, {}]));
/** The ratio of Clew's requests per second to those of other servers: the median of the ratios of all rounds. */
const ratios = new Map(servers.map((it) => [it, {}]));
for (const question of Object.keys(QUESTIONS)) {
  const seen = new Map(servers.map((it) => [it, []]));
  for (let round = 0; round < Number(options.rounds); round += 1) {
    for (const server of servers) if (asked(server, question)) seen.get(server).push(load(server, question));
  }
  for (const server of servers) {
    if (!asked(server, question)) continue;
    rates.get(server)[question] = median(seen.get(server));
    ratios.get(server)[question] = median(seen.get(server).map((rate, round) => seen.get(clew)[round] / rate));
  }
}

const number = (it) => Math.round(it).toLocaleString("en-US");
const names = Object.keys(QUESTIONS);
const lines = [
  `| requests/s on one core | ${names.join(" | ")} | memory | load to first answer |`,
  `| --- |${" --- |".repeat(names.length + 2)}`,
];
for (const server of [limit, ...servers.filter((it) => it !== limit)]) {
  const cells = names.map((it) => (asked(server, it) ? number(rates.get(server)[it]) : ""));
  const holds = server === limit ? ["", ""] : [`${number(memory(server.child))} MB`, `${server.seconds.toFixed(1)} s`];
  lines.push(`| ${server.name} | ${[...cells, ...holds].join(" | ")} |`);
}
const share = names.map((it) => `${Math.round(100 * ratios.get(limit)[it])} %`);
const times = (server) => names.map((it) => (asked(server, it) ? `${ratios.get(server)[it].toFixed(1)} ×` : ""));
lines.push(`| Clew, relative to the limit | ${share.join(" | ")} | | |`, `| Clew, relative to mercurius | ${times(mercurius).join(" | ")} | | |`);
if (raphtory) lines.push(`| Clew, relative to Raphtory | ${times(raphtory).join(" | ")} | | |`);
console.log(lines.join("\n"));
process.exit(0);
