// Latency and memory as the graph grows: runs `clew bench --generate` for one size after the other.
//
//   cargo build --profile dist && node benches/growth.mjs [--edges 100000,1000000,10000000] [--seconds 1] [--out docs/growth.svg]
//
// Prints a table in Markdown and draws the figure of docs/performance.md. 10^8 edges need about 9 GB and three minutes.

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const { values: options } = parseArgs({
  options: {
    edges: { type: "string", default: "100000,1000000,10000000,100000000" },
    seconds: { type: "string", default: "1" },
    out: { type: "string", default: join(root, "docs/growth.svg") },
    clew: { type: "string", default: join(root, "target/dist/clew") },
  },
});

const number = (text) => Number(text.replaceAll(",", ""));
const shown = (it) => it.toLocaleString("en-US");
const QUESTIONS = ["point lookup", "1 hop", "3 hops", "1,000 rows", "path"];

const points = options.edges.split(",").map(Number).map((edges) => {
  const shape = `entities=${edges / 10},edges=${edges},seed=7`;
  const said = execFileSync(options.clew, ["bench", "--generate", shape, "--seconds", options.seconds, "--no-search"], {
    encoding: "utf8",
  });
  const rows = said.split("\n").filter((it) => it.startsWith("| ")).map((it) => it.split("|").map((cell) => cell.trim()));
  const micros = Object.fromEntries(rows.map((cells) => [cells[1], Number(cells[3])]));
  const [, graph] = /([\d.]+) MB in the graph/.exec(said);
  const [, most] = /([\d.]+) MB at most/.exec(said);
  const [, seconds] = /loaded in ([\d.]+) s/.exec(said);
  const [, rate] = /the rest is ([\d,]+) lines\/s/.exec(said);
  const point = { edges, micros, graph: Number(graph), most: Number(most), seconds: Number(seconds), rate: number(rate) };
  console.error(JSON.stringify(point));
  return point;
});

console.log(`| edges (entities a tenth) | ${QUESTIONS.map((it) => `${it} µs`).join(" | ")} | graph MB | at most MB | loaded in s | lines/s |`);
console.log(`| --- |${" --- |".repeat(QUESTIONS.length + 4)}`);
for (const point of points) {
  const micros = QUESTIONS.map((it) => point.micros[it].toFixed(1));
  console.log(`| ${shown(point.edges)} | ${[...micros, point.graph, point.most, point.seconds, shown(point.rate)].join(" | ")} |`);
}

// Both axes are logarithmic: microseconds on the left, megabytes on the right.
const [width, height, left, top, right, bottom] = [760, 420, 70, 30, 150, 60];
const log = Math.log10;
const [first, last] = [log(points[0].edges), log(points.at(-1).edges)];
const x = (edges) => left + ((log(edges) - first) / (last - first || 1)) * (width - left - right);
const lowest = 0;
const highest = Math.ceil(Math.max(...points.flatMap((it) => [log(it.graph), ...QUESTIONS.map((name) => log(it.micros[name]))])));
const y = (value) => height - bottom - ((log(value) - lowest) / (highest - lowest)) * (height - top - bottom);
const colours = ["#1b6ca8", "#2a9d8f", "#8a5fbf", "#e07a1f", "#7a7a7a"];
const lines = QUESTIONS.map((name, at) => ({ name: `${name}, µs`, colour: colours[at], of: (it) => it.micros[name], dash: "" }));
lines.push({ name: "memory, MB", colour: "#c0392b", of: (it) => it.graph, dash: "6 4" });
const parts = [
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
  `<rect width="${width}" height="${height}" fill="#fff"/>`,
];
for (let power = lowest; power <= highest; power += 1) {
  const at = y(10 ** power).toFixed(1);
  parts.push(`<path d="M${left} ${at}H${width - right}" stroke="#ddd"/><text x="${left - 8}" y="${at}" text-anchor="end" dominant-baseline="middle">${shown(10 ** power)}</text>`);
}
for (const { edges } of points) {
  parts.push(`<text x="${x(edges).toFixed(1)}" y="${height - bottom + 20}" text-anchor="middle">${shown(edges)}</text>`);
}
parts.push(`<text x="${(left + width - right) / 2}" y="${height - 15}" text-anchor="middle">edges; a tenth as many entities</text>`);
const ends = lines.map((line) => ({ line, y: y(line.of(points.at(-1))) })).sort((a, b) => a.y - b.y);
ends.forEach((end, at) => { if (at > 0) end.label = Math.max(end.y, ends[at - 1].label + 15); else end.label = end.y; });
for (const { line, label } of ends) {
  const path = points.map((it, at) => `${at ? "L" : "M"}${x(it.edges).toFixed(1)} ${y(line.of(it)).toFixed(1)}`).join("");
  parts.push(`<path d="${path}" fill="none" stroke="${line.colour}" stroke-width="2" stroke-dasharray="${line.dash}"/>`);
  for (const point of points) {
    parts.push(`<circle cx="${x(point.edges).toFixed(1)}" cy="${y(line.of(point)).toFixed(1)}" r="3" fill="${line.colour}"/>`);
  }
  parts.push(`<text x="${width - right + 10}" y="${label.toFixed(1)}" fill="${line.colour}" dominant-baseline="middle">${line.name}</text>`);
}
parts.push("</svg>");
writeFileSync(options.out, `${parts.join("\n")}\n`);
