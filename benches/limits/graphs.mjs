// The graphs that are attacked: ECPAT for most attacks, WordNet (or a graph of its shape) for those that look at everything.

import { execFileSync } from "node:child_process";
import { cpSync, createWriteStream, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { root } from "./server.mjs";

const SMALL = { query: '{ organization(id: "unicef") { name } }', says: "UNICEF" };
const LARGE = { query: '{ synset(id: "synset-02086723-n") { label } }', says: '"label"' };
/** Synsets and words of the graph that is made where WordNet is not there. */
const MADE = 50_000;

export function small() {
  return { serve: [], probe: SMALL, entities: 128 };
}

/** A copy of ECPAT that an attack may change; `folder` holds `schema` and `data`. */
export function copied() {
  const folder = mkdtempSync(join(tmpdir(), "clew-attack-"));
  for (const name of ["schema", "data"]) cpSync(join(root, name), join(folder, name), { recursive: true });
  return {
    folder,
    serve: ["--schema", join(folder, "schema"), "--data", join(folder, "data")],
    probe: SMALL,
    entities: 128,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A file that `clew compile` writes. */
export function compiled(binary) {
  const folder = mkdtempSync(join(tmpdir(), "clew-attack-"));
  const file = join(folder, "graph.clew");
  execFileSync(binary, ["compile", "--out", file], { cwd: root, stdio: "ignore" });
  return { folder, file, serve: [file], probe: SMALL, entities: 128, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** The large graph, compiled once into a file that all its servers map. */
export async function large(binary, wordnet) {
  const folder = mkdtempSync(join(tmpdir(), "clew-attack-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  let data = wordnet;
  let entities = 273_258;
  if (!existsSync(join(wordnet, "nodes.jsonl"))) {
    data = join(folder, "data");
    await make(data);
    entities = 2 * MADE;
  }
  const file = join(folder, "large.clew");
  const schema = join(root, "examples/wordnet/schema");
  execFileSync(binary, ["compile", "--schema", schema, "--data", data, "--out", file], { stdio: ["ignore", "ignore", "inherit"] });
  return () => ({ serve: [file], probe: LARGE, entities });
}

/** Writes a graph in WordNet's schema: trees of synsets, each with a word, and random derivations. */
async function make(folder) {
  mkdirSync(folder, { recursive: true });
  let state = 7;
  const random = (n) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % n;
  };
  const synset = (no) => (no === 0 ? "synset-02086723-n" : `synset-${String(no).padStart(8, "0")}-x`);
  const texts = ["violin", "domestic", "animal", "instrument", "that", "played", "music", "of", "the", "small"];
  const text = () => Array.from({ length: 12 }, () => texts[random(texts.length)] + (random(4) ? "" : random(1000))).join(" ");
  const nodes = createWriteStream(join(folder, "nodes.jsonl"));
  const edges = createWriteStream(join(folder, "edges.jsonl"));
  const write = async (stream, value) => stream.write(`${JSON.stringify(value)}\n`) || once(stream, "drain");
  const edge = (from, to, label, properties = {}) => write(edges, { type: "edge", from, to, labels: [label], properties });
  for (let no = 0; no < MADE; no += 1) {
    const label = [`${texts[random(texts.length)]} ${no}`];
    const partOfSpeech = ["NOUN"];
    await write(nodes, { type: "node", id: synset(no), labels: ["Synset"], properties: { label, partOfSpeech, category: [`noun.${random(40)}`], gloss: [text()] } });
    await write(nodes, { type: "node", id: `word-${no}`, labels: ["Word"], properties: { lemma: [`w${no}`], partOfSpeech } });
    await edge(`word-${no}`, synset(no), "SENSE", { position: [1 + random(5)] });
    if (no > 0) await edge(synset(no), synset(random(Math.ceil(no / 8))), "HYPERNYM");
    const other = random(MADE);
    if (other > no) await edge(synset(no), synset(other), "DERIVATION");
  }
  for (const stream of [nodes, edges]) {
    stream.end();
    await once(stream, "finish");
  }
}
