// Counts the instructions of W1 to W5 in process with callgrind, and compares them with those of an earlier commit.
//
//   node benches/instructions.mjs [--most 3] [--write COMMIT] [--program FILE] [--data target/wordnet]
//
// Exits with 1 if a query takes over `--most` percent more than in benches/baseline.json. `--write COMMIT` writes that file instead.
// `--program` is a built benches/instructions.rs, such as that of another commit; by default it is built. Needs valgrind, and the WordNet
// that examples/wordnet converts. Counts depend on the compiler and on the vector instructions of the CPU. They are compared only if the
// compiler is that of the baseline; otherwise this is reported.

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { built } from "./built.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const { values: options } = parseArgs({
  options: {
    most: { type: "string", default: "3" },
    write: { type: "string" },
    program: { type: "string" },
    data: { type: "string", default: join(root, "target/wordnet") },
  },
});
const baselineFile = join(root, "benches/baseline.json");
/** Number of runs of each query: more for short ones. */
const TIMES = { W1: 1000, W2: 1000, W3: 200, W4: 20, W5: 50 };

if (!existsSync(join(options.data, "nodes.jsonl"))) {
  console.error(`there is no WordNet in ${options.data}; make it with: cd examples/wordnet && npm ci --ignore-scripts && npm run convert -- ../../target/wordnet`);
  process.exit(2);
}
const program = options.program ?? built(root, "instructions");
const folder = mkdtempSync(join(tmpdir(), "clew-instructions-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const graph = join(folder, "wordnet.clew");
execFileSync(program, ["save", join(root, "examples/wordnet/schema"), options.data, graph], { stdio: ["ignore", "ignore", "inherit"] });

/** Instructions of one request, from its body to its answer. */
function count(name) {
  const tool = ["--tool=callgrind", `--toggle-collect=instructions::${name.toLowerCase()}`, "--callgrind-out-file=/dev/null"];
  const times = TIMES[name];
  const { status, stderr, stdout } = spawnSync("valgrind", [...tool, program, "ask", graph, name, String(times)], { encoding: "utf8" });
  const collected = Number(/Collected : (\d+)/.exec(stderr ?? "")?.[1]);
  if (status !== 0 || !collected) throw new Error(`${name} under callgrind ended with ${status}: ${stderr}\n${stdout}`);
  return Math.round(collected / times);
}

const counts = {};
for (const name of Object.keys(TIMES)) counts[name] = count(name);
const rustc = execFileSync("rustc", ["--version"], { cwd: root, encoding: "utf8" }).trim();

if (options.write) {
  writeFileSync(baselineFile, `${JSON.stringify({ commit: options.write, rustc, counts }, null, 2)}\n`);
  console.log(`wrote ${baselineFile}`);
}
const baseline = JSON.parse(readFileSync(baselineFile, "utf8"));
const number = (it) => it.toLocaleString("en-US");
let failed = false;
console.log(`| instructions per request | ${baseline.commit} | now | change |\n| --- | --- | --- | --- |`);
for (const [name, before] of Object.entries(baseline.counts)) {
  const change = (counts[name] / before - 1) * 100;
  const isOver = change > Number(options.most);
  failed ||= isOver;
  console.log(`| ${name} | ${number(before)} | ${number(counts[name])} | ${change >= 0 ? "+" : ""}${change.toFixed(2)} %${isOver ? ` (over ${options.most} %)` : ""} |`);
}
if (baseline.rustc !== rustc) {
  console.error(`the baseline was counted with ${baseline.rustc}, this is ${rustc}: the counts do not compare; count ${baseline.commit} again and pass --write`);
}
process.exit(failed && baseline.rustc === rustc ? 1 : 0);
