// Attacks on a server. Each attack has a new server; meanwhile a bystander requests the name of one entity.
//
//   cargo build --release --features probes && node benches/limits/attacks.mjs [--only TEXT] [--list] [--clew target/release/clew]
//                                 [--print] [--markdown FILE] [--data target/wordnet] [--latency 250]
//
// Prints a table in Markdown. Exits with 1 if a condition is violated: on the answer, the memory, the CPU time after the deadline or after
// the client disconnected, the bystander's latency, or the server's answers afterwards. The attacks are in `attacks/`, one file for each
// kind; the common conditions are in `attack.mjs`.
//
// The large graph is WordNet if `--data` has it (`examples/wordnet` converts it), else a generated one. `--print` writes the body of the
// first chosen attack that consists of one request, to try it by hand. With `--metrics-listen` and the cargo feature `probes`, the server
// also reports for how long its workers were occupied, which must be at most 5 ms. Without the feature, the last line says what was not
// measured, and `--probes` makes that a failure.

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";

import { run } from "./attack.mjs";
import * as graphs from "./graphs.mjs";
import { root } from "./server.mjs";
import all from "./attacks/all.mjs";

const { values: options } = parseArgs({
  options: {
    clew: { type: "string", default: process.env.CLEW ?? join(root, "target/release/clew") },
    data: { type: "string", default: join(root, "target/wordnet") },
    only: { type: "string", default: "" },
    list: { type: "boolean", default: false },
    print: { type: "boolean", default: false },
    markdown: { type: "string" },
    latency: { type: "string", default: "250" },
    probes: { type: "boolean", default: false },
  },
});

const chosen = all.filter((it) => `${it.kind}: ${it.name}`.toLowerCase().includes(options.only.toLowerCase()));
if (options.list) {
  for (const { kind, name, listed } of chosen) console.log(`${kind}: ${name}${listed ? " (listed)" : ""}`);
  const kinds = [...new Set(chosen.map((it) => it.kind))];
  const count = (test) => chosen.filter(test).length;
  console.log(`${chosen.length} attacks, ${count((it) => it.listed)} of them listed: ${kinds.map((kind) => `${kind} ${count((it) => it.kind === kind && !it.listed)}`).join(", ")} others`);
  process.exit(0);
}

if (options.print) {
  const body = chosen.find((it) => it.body)?.body() ?? "";
  process.stdout.write(typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body));
  process.exit(0);
}

const binary = resolve(options.clew);
const context = { binary, latency: Number(options.latency), graphs: { small: graphs.small }, unmeasured: new Set() };
if (chosen.some((it) => it.graph === "large")) context.graphs.large = await graphs.large(binary, options.data);

const began = performance.now();
const lines = ["| attack | answered with | MB before / at most | bystander before, p50 / p99 ms | during |", "| --- | --- | --- | --- | --- |"];
let failed = 0;
const ms = (report) => (report?.p50 === undefined ? "" : `${report.p50.toFixed(2)} / ${report.p99.toFixed(2)}`);

function show({ attack, failures, outcomes, memory, most, before, during }) {
  const seen = [...(outcomes ?? [])].toSorted((a, b) => b[1] - a[1]).slice(0, 4).map((it) => `\`${it[0]}\``).join(", ");
  const given = attack.options.filter((it) => typeof it === "string").join(" ");
  const megabytes = memory ? `${memory.now.toFixed(0)} / ${most.toFixed(0)}` : "";
  const line = `| ${attack.kind}: ${attack.name.replaceAll("|", "\\|")} | ${seen}${given ? ` (${given})` : ""} | ${megabytes} | ${ms(before)} | ${attack.dies || attack.unwatched ? "" : ms(during)} |`;
  lines.push(line);
  console.log(line);
  for (const failure of failures) console.error(`FAILED ${attack.kind}: ${attack.name}: ${failure.replace(/\s+/g, " ")}`);
  if (failures.length) failed += 1;
}

/**
 * Other work on the machine also delays the bystander, but rarely in two runs. The same applies to pauses of a virtual machine, which count
 * as CPU time: `cargo bench --bench pauses` shows them.
 */
const OF_THE_MACHINE = /^(the bystander waited|clew_poll_cpu_seconds_max)/;
const isOfTheMachine = ({ failures }) => failures.length > 0 && failures.every((it) => OF_THE_MACHINE.test(it));

for (const line of lines) console.log(line);
for (const attack of chosen.filter((it) => !it.slow)) {
  const seen = await run(attack, context);
  if (isOfTheMachine(seen)) {
    console.error(`again, because ${seen.failures.join(", ")}: ${attack.name}`);
    show(await run(attack, context));
  } else show(seen);
}
// Attacks that wait for timeouts use no CPU time meanwhile, so they run in parallel.
const slow = chosen.filter((it) => it.slow).map((attack) => run(attack, context));
for (const seen of slow) show(await seen);

if (options.markdown) {
  mkdirSync(dirname(resolve(options.markdown)), { recursive: true });
  writeFileSync(options.markdown, `${lines.join("\n")}\n`);
}
console.error(`${chosen.length - failed} of ${chosen.length} attacks hold; ${Math.round((performance.now() - began) / 1000)} s`);
if (context.unmeasured.size) console.error(`not measured, because the binary was built without --features probes: ${[...context.unmeasured].join(", ")}`);
process.exit(failed || (options.probes && context.unmeasured.size) ? 1 : 0);
