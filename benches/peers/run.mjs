// Compares Clew with other servers on WordNet: the same queries and the same answers, in one run.
//
//   cargo build --profile dist && node benches/peers/run.mjs [--seconds 1] [--rounds 9] [--clew target/dist/clew] [--try]
//   node benches/peers/run.mjs --table
//
// Needs wrk, taskset, Node, npm and curl; with --raphtory also Python, and root for a network namespace. Each server has core 0, the load
// has core 1. Appends the medians of the run to runs.jsonl, unless it is a --try, and writes a table of all runs in Markdown.

import { spawn, execFileSync } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
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
    table: { type: "boolean", default: false },
    try: { type: "boolean", default: false },
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
/** Questions with another request each time. `lua` makes the body from `next_id()`, or from one of the prepared `bodies`. */
const W1V = "query($id: ID!) { synset(id: $id) { id label category gloss } }";
const W2V = "query($id: ID!) { synset(id: $id) { label hypernyms { nodes { id label gloss } } words { nodes { lemma } } } }";
const FIELDS = ["id", "label", "partOfSpeech", "category", "gloss", "examples"];
const VARYING = {
  W1v: { of: (id) => ({ query: W1V, variables: { id } }) },
  W2v: { of: (id) => ({ query: W2V, variables: { id } }) },
  W1l: { of: (id) => ({ query: QUESTIONS.W1.replace("synset-02086723-n", id) }) },
  W4r: { bodies: [] },
};
const NAMES = [...Object.keys(QUESTIONS), ...Object.keys(VARYING)];
const body = (name) => JSON.stringify(QUESTIONS[name] ? { query: QUESTIONS[name] } : VARYING[name].bodies?.[0] ?? VARYING[name].of("synset-02086723-n"));

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

/** A script of wrk with another body for each request: from a random one on, all ids in order, or all prepared bodies. */
function varying(question) {
  const { of, bodies } = VARYING[question];
  const file = join(work, bodies ? `${question}.bodies` : "ids");
  const [before, after] = bodies ? ["", ""] : JSON.stringify(of("\u0000")).split("\\u0000");
  return `
local lines = {}
for line in io.lines(${JSON.stringify(file)}) do lines[#lines + 1] = line end
math.randomseed(os.time())
local no = math.random(#lines)
function request()
  no = no % #lines + 1
  return wrk.format(nil, nil, nil, ${JSON.stringify(before)} .. lines[no] .. ${JSON.stringify(after)})
end
`;
}

/** Requests per second, as wrk counts them. */
function load(server, question) {
  const script = join(work, `${question}${server.asks ? ".own" : ""}.lua`);
  const quoted = JSON.stringify(server.asks ? JSON.stringify({ query: server.asks[question] }) : body(question));
  const bytes = VARYING[question] ? varying(question) : `wrk.body = ${quoted}\n`;
  writeFileSync(script, `wrk.method = "POST"\nwrk.headers["content-type"] = "application/json"\n${bytes}`);
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

const runs = join(here, "runs.jsonl");
if (options.table) {
  console.log(table(readFileSync(runs, "utf8").trim().split("\n").map((it) => JSON.parse(it))));
  process.exit(0);
}

const clew = await start("Clew", options.clew, [
  "serve", "--schema", "examples/wordnet/schema", "--data", wordnet, "--listen", "127.0.0.1:0",
]);
const answers = {};
const post = async (asked) => {
  const response = await fetch(clew.url(), { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(asked) });
  const text = await response.text();
  if (response.status !== 200 || /^{"errors"/.test(text)) throw new Error(text.slice(0, 300));
  return text;
};
// All ids, and 250 cursors at equal distances.
const ids = [];
const cursors = [];
for (let after = null; ;) {
  const { data } = JSON.parse(await post({ query: "query($after: String) { synsets(first: 1000, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } }", variables: { after } }));
  ids.push(...data.synsets.nodes.map((it) => it.id));
  after = data.synsets.pageInfo.endCursor;
  if (!data.synsets.pageInfo.hasNextPage) break;
}
writeFileSync(join(work, "ids"), `${ids.join("\n")}\n`);
const last = ids.length - 1001;
for (let no = 0; no < 250; no += 1) {
  const { data } = JSON.parse(await post({ query: "query($id: ID!) { synsets(first: 1, filter: { id: { eq: $id } }) { pageInfo { endCursor } } }", variables: { id: ids[Math.floor((no * last) / 250)] } }));
  cursors.push(data.synsets.pageInfo.endCursor);
}
const three = FIELDS.flatMap((a, i) => FIELDS.slice(i + 1).flatMap((b, j) => FIELDS.slice(i + j + 2).map((c) => `${a} ${b} ${c}`)));
VARYING.W4r.bodies = cursors.flatMap((after, no) => [0, 7, 13].map((it) => ({
  query: `query($after: String) { synsets(first: 1000, after: $after) { nodes { ${three[(no + it) % three.length]} } } }`,
  variables: { after },
})));
writeFileSync(join(work, "W4r.bodies"), `${VARYING.W4r.bodies.map((it) => JSON.stringify(it)).join("\n")}\n`);

const canned = [];
for (const question of NAMES) {
  answers[question] = await ask(clew, question);
  const { of, bodies } = VARYING[question] ?? {};
  const asked = of ? ids.filter((_, no) => no % Math.floor(ids.length / 64) === 0).slice(0, 64).map(of) : bodies?.filter((_, no) => no % 11 === 0).slice(0, 64);
  const texts = asked ? await Promise.all(asked.map(post)) : [answers[question]];
  texts.forEach((text, no) => {
    const file = join(work, `${question}.${no}.json`);
    writeFileSync(file, text);
    canned.push(`${question}=${file}`);
  });
}
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
const asked = (server, question) => (server === mercurius ? question !== "W4r" : !server.asks || question in server.asks);
for (const question of NAMES.filter((it) => asked(mercurius, it))) {
  const theirs = await ask(mercurius, question);
  if (!isDeepStrictEqual(JSON.parse(theirs), JSON.parse(answers[question]))) {
    throw new Error(`${question}: the answers differ: see ${work}, and what mercurius says: ${theirs.slice(0, 300)}`);
  }
}
console.error("all give the same answers");

const rates = new Map(servers.map((it) => [it, {}]));
/** The ratio of Clew's requests per second to those of other servers: the median of the ratios of all rounds. */
const ratios = new Map(servers.map((it) => [it, {}]));
for (const question of NAMES) {
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

const git = (...args) => execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();
const run = {
  date: new Date().toISOString().slice(0, 10),
  cpu: /model name\s*:\s*(.*)/.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1] ?? "unknown",
  commit: git("rev-parse", "--short", "HEAD"),
  rounds: Number(options.rounds),
  servers: servers.map((it) => ({
    name: it.name,
    rates: rates.get(it),
    ratios: it === clew ? {} : ratios.get(it),
    ...(it !== limit && { megabytes: memory(it.child), seconds: it.seconds }),
  })),
};
if (!options.try) appendFileSync(runs, `${JSON.stringify(run)}\n`);
console.log(table(options.try ? [run] : readFileSync(runs, "utf8").trim().split("\n").map((it) => JSON.parse(it))));
process.exit(0);

/** All runs as a table: the median of their medians, and the range. */
function table(all) {
  const number = (it) => Math.round(it).toLocaleString("en-US");
  const over = (values, shown) => {
    const known = values.filter((it) => it !== undefined);
    if (known.length === 0) return "";
    const [least, most] = [Math.min(...known), Math.max(...known)].map(shown);
    return least === most ? shown(median(known)) : `${shown(median(known))} (${least}–${most})`;
  };
  const named = (name) => all.map((it) => it.servers.find((server) => server.name === name)).filter(Boolean);
  const order = [...new Set(all.flatMap((it) => it.servers.map((server) => server.name)))].sort((a, b) => a.includes("limit") - b.includes("limit") || 0).reverse();
  const lines = [`| requests/s on one core | ${NAMES.join(" | ")} | memory | load to first answer |`, `| --- |${" --- |".repeat(NAMES.length + 2)}`];
  for (const name of order) {
    const each = named(name);
    const cells = NAMES.map((it) => over(each.map(({ rates }) => rates[it]), number));
    lines.push(`| ${name} | ${cells.join(" | ")} | ${over(each.map((it) => it.megabytes), (it) => `${number(it)} MB`)} | ${over(each.map((it) => it.seconds), (it) => `${it.toFixed(1)} s`)} |`);
  }
  for (const name of order.filter((it) => it !== "Clew")) {
    const shown = name.includes("limit") ? (it) => `${Math.round(100 * it)} %` : (it) => `${it.toFixed(1)} ×`;
    const cells = NAMES.map((it) => over(named(name).map(({ ratios }) => ratios[it]), shown));
    lines.push(`| Clew, relative to ${name.includes("limit") ? "the limit" : name.split(" ")[0]} | ${cells.join(" | ")} | | |`);
  }
  const days = new Set(all.map((it) => it.date)).size;
  const machines = new Set(all.map((it) => it.cpu)).size;
  const count = (no, noun) => `${no} ${noun}${no === 1 ? "" : "s"}`;
  return `${lines.join("\n")}\n\nMedians of ${count(all.length, "run")} on ${count(days, "day")} and ${count(machines, "model")} of CPU, with the range.`;
}
