// Reloads, files and the server's own output, while it is attacked or broken.

import { execFileSync, spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { attack } from "../attack.mjs";
import { request, send } from "../client.mjs";
import { compiled, copied } from "../graphs.mjs";
import { root, sleep } from "../server.mjs";
import { many, repeat } from "./text.mjs";

/** A reload holds two graphs and reads files in parts: more than a request may take. */
const reload = (name, settings, act) => attack("reload", name, { prepare: copied, growth: 160, settle: 3, ...settings }, act);
const health = async (trial) => {
  const given = await send(trial.server.port, request({ method: "GET", path: "/health", headers: { "content-type": undefined } }), 5000);
  try {
    return { ...JSON.parse(given.begin), text: given.begin };
  } catch {
    trial.fail(`/health answered with ${given.outcome} ${given.begin.slice(0, 100)}`);
    return { text: given.begin };
  }
};
/** Asks for a reload and waits until it is over, one way or the other. */
const reloaded = async (trial, holds, what, ms = 10_000) => {
  trial.server.kill("SIGHUP");
  const end = performance.now() + ms;
  for (;;) {
    const now = await health(trial);
    if (holds(now)) return now;
    if (performance.now() > end) {
      trial.fail(`${what} within ${ms / 1000} s: /health says ${now.text.slice(0, 150)}`);
      return now;
    }
    await sleep(30);
  }
};
const isStale = (now) => now.status === "stale";
const breaks = (name, change, settings) =>
  reload(name, settings, async (trial) => {
    change(trial.server.graph.folder, trial);
    const now = await reloaded(trial, isStale, "the server does not say that it is stale");
    trial.note(now.status ?? "?");
    const paths = now.text.includes(trial.server.graph.folder) || /squad|\.yaml|\.jsonl|\.graphql/i.test(now.text);
    if (paths) trial.fail(`/health shows paths or data: ${now.text.slice(0, 200)}`);
  });
const LONG = (no) => request({ body: { query: `{ x${no}: __typename entities(first: 128) { nodes { ${repeat("links(first: 40) { nodes { to { ", 9)}degree${repeat(" } } }", 9)} } } }` } });
const NEVER_ENDS = ["--max-cost", "1000000000000000000", "--max-rows", "1000000000000"];
/** The small graph and `count` more towns, so that a reload takes longer than all signals. */
const grown = (count) => {
  const graph = copied();
  writeFileSync(join(graph.folder, "data", "grown.jsonl"), facts(count));
  return { ...graph, entities: count };
};
const facts = (count, from = 0) => many(count, (no) => JSON.stringify({ type: "node", id: `made-${from + no}`, labels: ["Town"], properties: { name: [`Town ${from + no}`], kind: ["CITY"] } }), "\n");

export default [
  reload("301 SIGHUPs while a reload takes long", { listed: true, prepare: () => grown(100_000), growth: 400 }, async (trial) => {
    const before = (await health(trial)).reloads;
    for (let no = 0; no < 301; no += 1) {
      trial.server.kill("SIGHUP");
      // The kernel merges signals that the process has not taken yet.
      if (no % 3 === 2) await sleep(1);
    }
    await sleep(200);
    await trial.server.rest(10_000);
    const count = (await health(trial)).reloads - before;
    trial.note(`${count} reloads`);
    if (!(count >= 1 && count <= 3)) trial.fail(`301 SIGHUPs made ${count} reloads`);
  }),
  reload("SIGHUPs while long runs hold the old graph", { pool: true, options: ["--timeout", "3", ...NEVER_ENDS] }, async (trial) => {
    const runs = Array.from({ length: 20 }, (_, no) => {
      const connection = trial.connect();
      const answer = connection.answer(10_000);
      connection.write(LONG(no));
      return answer;
    });
    for (let no = 0; no < 30; no += 1) {
      appendFileSync(join(trial.server.graph.folder, "data", "more.jsonl"), `${facts(10, no * 10)}\n`);
      trial.server.kill("SIGHUP");
      await sleep(50);
    }
    for (const given of await Promise.all(runs)) trial.note(given.outcome);
  }),
  reload("SIGHUPs while searches wait for the index", { options: ["--timeout", "3"] }, async (trial) => {
    const keeper = {};
    for (let no = 0; no < 100; no += 1) {
      trial.server.kill("SIGHUP");
      await trial.keep(keeper, request({ body: { query: `{ search(query: "club* ${no}") { totalCount } }` } }));
    }
  }),
  reload("data that grow with each reload", { growth: 320 }, async (trial) => {
    const file = join(trial.server.graph.folder, "data", "more.jsonl");
    for (let no = 0; no < 10; no += 1) {
      appendFileSync(file, `${facts(2000, no * 2000)}\n`);
      const entities = (no + 1) * 2000;
      await reloaded(trial, (now) => now.entities > entities, "the reload is not over");
    }
    trial.note("ok");
  }),
  breaks("broken data", (folder) => appendFileSync(join(folder, "data", "members.yaml"), "\nSquad:\n  [secret-content-of-a-file"), { listed: true }),
  breaks("100,000 mistakes in the data", (folder) => writeFileSync(join(folder, "data", "more.jsonl"), many(100_000, (no) => `{"type":"node","id":"m-${no}","labels":["Sqaud"],"properties":{"nme":["x"]}}`, "\n"))),
  breaks("a YAML bomb", (folder) => writeFileSync(join(folder, "data", "more.yaml"), `a: &a [x, x, x, x, x, x, x, x, x]\n${many(12, (no) => `${String.fromCharCode(98 + no)}: &${String.fromCharCode(98 + no)} [${many(9, () => `*${String.fromCharCode(97 + no)}`, ", ")}]`, "\n")}\n`)),
  breaks("YAML that is 100,000 deep", (folder) => writeFileSync(join(folder, "data", "more.yaml"), `Town: ${repeat("[", 100_000)}`)),
  breaks("JSON that is 100,000 deep", (folder) => writeFileSync(join(folder, "data", "more.jsonl"), `${repeat('{"a":', 100_000)}\n`)),
  breaks("a schema that is 100,000 deep", (folder) => writeFileSync(join(folder, "schema", "more.graphql"), `type More { a(b: ${repeat("[", 100_000)}`)),
  breaks("the schema was removed", (folder) => rmSync(join(folder, "schema"), { recursive: true })),
  breaks("a javascript: URL in the data", (folder) => {
    writeFileSync(join(folder, "schema", "more.graphql"), 'type Page { name: String! link: URL }');
    writeFileSync(join(folder, "data", "more.yaml"), "Page:\n  bad:\n    name: Bad\n    link: javascript:alert(1)\n");
  }, { listed: true }),
  reload("a link that leads to itself among the data", {}, async (trial) => {
    const { folder } = trial.server.graph;
    symlinkSync(join(folder, "data"), join(folder, "data", "again"));
    symlinkSync(join(folder, "data", "nothing"), join(folder, "data", "nothing.yaml"));
    trial.server.kill("SIGHUP");
    await sleep(300);
    trial.note((await health(trial)).status);
  }),
  reload("a folder that is named like a file, and a pipe", {}, async (trial) => {
    const { folder } = trial.server.graph;
    mkdirSync(join(folder, "data", "folder.yaml"));
    execFileSync("mkfifo", [join(folder, "data", "pipe.yaml")]);
    trial.server.kill("SIGHUP");
    await sleep(500);
    trial.note((await health(trial)).status);
    rmSync(join(folder, "data", "pipe.yaml"));
    rmSync(join(folder, "data", "folder.yaml"), { recursive: true });
    const before = (await health(trial)).reloads;
    await reloaded(trial, (now) => now.status === "ok" && now.reloads > before, "no reload works any more");
  }),
  reload("a packed file that is 1 GB of one line", { needs: ["--max-memory-total"], options: ["--max-memory-total", String(512 << 20)], growth: 512 }, async (trial) => {
    const bomb = Buffer.alloc(64 << 20, 0x20);
    const parts = Array.from({ length: 16 }, () => gzipSync(bomb));
    writeFileSync(join(trial.server.graph.folder, "data", "bomb.jsonl.gz"), Buffer.concat(parts));
    await reloaded(trial, (now) => isStale(now) || now.reloads > 0, "the reload is not over", 20_000);
    trial.note((await health(trial)).status);
  }),
  reload("data that do not fit into --max-memory-total", { needs: ["--max-memory-total"], options: ["--max-memory-total", String(100 << 20)], growth: 200 }, async (trial) => {
    writeFileSync(join(trial.server.graph.folder, "data", "more.jsonl"), many(6, (no) => facts(100_000, no * 100_000), "\n"));
    trial.note((await reloaded(trial, isStale, "the load is not abandoned", 20_000)).status);
  }),
  reload("nobody reads standard output and standard error", { listed: true }, async (trial) => {
    const { server } = trial;
    server.child.stdout.destroy();
    server.child.stderr.destroy();
    for (let no = 0; no < 2; no += 1) {
      const before = (await health(trial)).reloads;
      await reloaded(trial, (now) => now.reloads > before, "no reload without a reader of the output");
    }
    appendFileSync(join(server.graph.folder, "data", "members.yaml"), "\nSquad:\n  [broken");
    trial.note((await reloaded(trial, isStale, "a broken reload is not noticed without a reader of the output")).status);
  }),
  attack("reload", "a served file is cut short", { listed: true, prepare: ({ binary }) => compiled(binary), dies: true }, async (trial) => {
    const { server } = trial;
    truncateSync(server.graph.file, 4096);
    for (let no = 0; no < 5 && server.isAlive(); no += 1) {
      const connection = trial.connect();
      const answer = connection.answer(2000);
      connection.write(request({ body: { query: `{ x${no}: __typename entities(first: 128) { nodes { id label statements(first: 100) { nodes { value } } } } }` } }));
      await answer;
      await sleep(100);
    }
    await Promise.race([server.ended, sleep(2000)]);
    trial.note(`exit ${server.end ?? "none"}`);
    if (typeof server.end !== "number") trial.fail(`the server ended with ${server.end ?? "nothing"}, a line and an exit code are right`);
    if (!/file|shr[aiu]nk|trunc|short/i.test(server.logged.split("\n").slice(-3).join(" "))) trial.fail(`the last line is ${server.logged.trim().split("\n").at(-1)}`);
  }),
  attack("reload", "a served file is replaced by a broken one", { prepare: ({ binary }) => compiled(binary), settle: 1 }, async (trial) => {
    const { file } = trial.server.graph;
    const whole = readFileSync(file);
    for (const bytes of [Buffer.alloc(0), whole.subarray(0, 5000), Buffer.alloc(whole.length, 7), Buffer.concat([whole.subarray(0, 8192), Buffer.alloc(whole.length - 8192)])]) {
      // A new file under the old name: what is mapped stays whole.
      rmSync(file);
      writeFileSync(file, bytes);
      await reloaded(trial, isStale, "the server does not say that it is stale");
    }
    rmSync(file);
    writeFileSync(file, whole);
    trial.note((await reloaded(trial, (now) => now.status === "ok", "a good file does not help")).status);
  }),
  attack("reload", "a small address space at the start", { listed: true, dies: true }, async (trial) => {
    for (const kilobytes of [60_000, 80_000, 150_000, 300_000, 600_000]) {
      const command = `ulimit -v ${kilobytes}; exec "$0" serve --listen 127.0.0.1:0`;
      const ended = spawnSync("sh", ["-c", command, trial.context.binary], { cwd: root, encoding: "utf8", timeout: 3000, killSignal: "SIGKILL" });
      const served = /listening on/.test(ended.stdout ?? "");
      trial.note(served ? "serves" : `exit ${ended.status ?? ended.signal}`);
      if (!served && ended.status !== 1) trial.fail(`with ulimit -v ${kilobytes} it ended with ${ended.status ?? ended.signal}: ${(ended.stderr ?? "").trim().split("\n").at(-1).slice(0, 150)}`);
    }
  }),
];
