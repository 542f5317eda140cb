// Time and memory of loading as data grow: each kind of data at two sizes, one four times the other.
//
//   cargo build --profile dist && node benches/loading.mjs [--scale 1] [--runs 3] [--only TEXT] [--clew target/dist/clew]
//
// Prints a table in Markdown: processor time and the largest memory of `clew check`, less those of an empty graph, and
// their ratios. Needs GNU time (/usr/bin/time). Exits with 1 if a ratio is far from 4, as with quadratic growth (16). Four
// times as many declared types may take at most four times the memory, that of an empty graph included.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const { values: options } = parseArgs({
  options: {
    scale: { type: "string", default: "1" },
    runs: { type: "string", default: "3" },
    only: { type: "string", default: "" },
    clew: { type: "string", default: join(root, "target/dist/clew") },
  },
});

const clew = resolve(options.clew);

/** A ratio above this is not linear growth. */
const MOST = 8;
/** Below this many seconds or megabytes, ratios are noise. */
const LEAST = { seconds: 0.1, megabytes: 8 };

const SCHEMA = "type Place { name: String! text: Text shape: JSON near: [Place!]! @relation(name: \"NEAR\") }\n";

const times = (count, line) => Array.from({ length: count }, (_, no) => line(no)).join("");
const node = (id, properties) => `${JSON.stringify({ type: "node", id, labels: ["Place"], properties })}\n`;
/** Letters that differ for each number, for language tags. */
const letters = (no) => no.toString(36).padStart(4, "0");

/** A type with values and two relations to others. */
const declared = (no, count) => `"A kind of thing."
type Kind${no} implements Named {
  "Its name."
  name: String! @search
  born: Date
  size: Int
  notes: [String!]!
  next: [Kind${(no + 1) % count}!]! @relation(name: "NEXT_${no}", inverse: "previous${no}", edge: "Tie")
  home: Kind${(no + 7) % count} @relation(name: "HOME_${no}", inverse: "residents${no}")
}
`;

/** The kinds of data: the smaller size, and the files of a size. A kind may write a schema of its own to `schema/a.graphql`. */
const KINDS = {
  "files (YAML)": [25_000, (count, file) => {
    for (let no = 0; no < count; no += 1) file(`${no}.yaml`, `Place:\n  p${no}: {name: P}\n`);
  }],
  "files (JSON Lines)": [25_000, (count, file) => {
    for (let no = 0; no < count; no += 1) file(`${no}.jsonl`, node(`p${no}`, { name: ["P"] }));
  }],
  "keys of a YAML mapping": [50_000, (count, file) => {
    file("a.yaml", `Place:\n${times(count, (no) => `  p${no}: {name: P}\n`)}`);
  }],
  "keys of a JSON object": [100_000, (count, file) => {
    file("a.jsonl", node("p", { name: "P", shape: Object.fromEntries(Array.from({ length: count }, (_, no) => [`k${no}`, 1])) }));
  }],
  "aliases": [50_000, (count, file) => {
    file("a.yaml", `Place:\n  p:\n    name: P\n    shape: [&a {x: 1, y: [2, 3]}\n${times(count, () => "      , *a\n")}      ]\n`);
  }],
  "bytes of JSON Lines": [100_000, (count, file) => {
    const name = ["A name that is as long as the names of things are, and a little longer, to have some bytes"];
    file("a.jsonl", times(count, (no) => node(`p${no}`, { name })));
  }],
  "bytes of a YAML text": [4_000_000, (count, file) => {
    file("a.yaml", `Place:\n  p:\n    name: |\n${times(count / 50, () => `      ${"A line of a text.".padEnd(43, ".")}\n`)}`);
  }],
  "unknown ids": [50_000, (count, file) => {
    file("a.jsonl", times(count, (no) => node(`p${no}`, { name: ["P"] })
      + `${JSON.stringify({ type: "edge", from: `p${no}`, to: `q${no}`, labels: ["NEAR"] })}\n`));
  }],
  "languages": [10_000, (count, file) => {
    file("a.jsonl", times(count, (no) => node(`p${no}`, { name: ["P"], text: { [`x-${letters(no)}`]: "T" } })));
  }],
  "declared types": [250, (count, file) => {
    const types = times(count, (no) => declared(no, count));
    file("../schema/a.graphql", `interface Named { name: String! }\ntype Tie @edge { since: Date }\n${types}`);
  }, { whole: { megabytes: 4 } }],
};

/** CPU time in seconds and peak memory in megabytes, each the minimum of several runs. */
function measure(make, size) {
  const folder = mkdtempSync(join(tmpdir(), "clew-loading-"));
  try {
    mkdirSync(join(folder, "schema"));
    mkdirSync(join(folder, "data"));
    writeFileSync(join(folder, "schema/a.graphql"), SCHEMA);
    make(size, (name, text) => writeFileSync(join(folder, "data", name), text));
    const found = Array.from({ length: Number(options.runs) }, () => {
      const figures = join(folder, "figures");
      const run = spawnSync("/usr/bin/time", ["-f", "%U %S %M", "-o", figures, clew, "check"], { cwd: folder, encoding: "utf8" });
      if (run.error) throw run.error;
      const isExpected = run.status === 0 ? / entities, /.test(run.stdout + run.stderr) : /^[1-9]\d* errors?$/m.test(run.stderr);
      if (!isExpected) throw new Error(`clew check says: ${run.stderr.slice(0, 1000)}`);
      const said = readFileSync(figures, "utf8").trim().split("\n").at(-1);
      const [user, system, kilobytes] = said.split(" ").map(Number);
      return { seconds: user + system, megabytes: kilobytes / 1000 };
    });
    const least = (key) => Math.min(...found.map((it) => it[key]));
    return { seconds: least("seconds"), megabytes: least("megabytes") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const empty = measure((_, file) => file("a.yaml", ""), 0);
console.log(`An empty graph takes ${empty.seconds.toFixed(2)} s and ${empty.megabytes.toFixed(0)} MB, which the table leaves out.\n`);
console.log("| | sizes | seconds | ratio | MB | ratio |");
console.log("| --- | --- | --- | --- | --- | --- |");
let failed = false;
for (const [name, [size, make, { whole = {} } = {}]] of Object.entries(KINDS)) {
  if (!name.includes(options.only)) continue;
  const sizes = [1, 4].map((times) => Math.round(size * Number(options.scale)) * times);
  const [small, large] = sizes.map((it) => measure(make, it));
  const shown = (key, digits) => {
    const [a, b] = [small, large].map((it) => Math.max(it[key] - empty[key], 0));
    const ratio = a > 0 ? b / a : NaN;
    const counts = a >= LEAST[key];
    if (counts && ratio > MOST) failed = true;
    if (large[key] / small[key] > whole[key]) failed = true;
    return `${a.toFixed(digits)}, ${b.toFixed(digits)} | ${counts ? ratio.toFixed(1) : "–"}`;
  };
  const range = sizes.map((it) => it.toLocaleString("en-US")).join(", ");
  console.log(`| ${name} | ${range} | ${shown("seconds", 2)} | ${shown("megabytes", 0)} |`);
}
process.exitCode = failed ? 1 : 0;
