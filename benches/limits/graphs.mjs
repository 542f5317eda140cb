// The graphs under attack: a small one for most attacks, and WordNet (or a similar graph) for attacks that visit the whole graph.

import { execFileSync } from "node:child_process";
import { cpSync, createWriteStream, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { root } from "./server.mjs";

const SMALL = { query: '{ association(id: "association-1") { name } }', says: '"name":"Association 1' };
const LARGE = { query: '{ synset(id: "synset-02086723-n") { label } }', says: '"label"' };
/** Number of synsets and words of the generated graph, which replaces WordNet if it is missing. */
const MADE = 50_000;

/** The schema of the small graph. */
const SCHEMA = join(root, "benches/limits/graph/schema");
/** Number of entities of the small graph, by type, and the source. */
const COUNTS = { Association: 24, Club: 16, Player: 12, Squad: 8, Referee: 4, Sponsor: 4, Broadcaster: 3, Supporters: 4, Season: 4, Match: 14, Cup: 6, Transfer: 5, Prize: 6, Rulebook: 2, Rule: 8, Article: 16, Stadium: 6, Town: 14, Source: 1 };
const ENTITIES = Object.values(COUNTS).reduce((sum, it) => sum + it);

const removed = (folder) => () => rmSync(folder, { recursive: true, force: true });
const served = (folder) => ["--schema", join(folder, "schema"), "--data", join(folder, "data")];

let written;
/** The folder with the small graph, which is written once. */
function original() {
  if (!written) {
    written = mkdtempSync(join(tmpdir(), "clew-attack-"));
    process.on("exit", removed(written));
    cpSync(SCHEMA, join(written, "schema"), { recursive: true });
    mkdirSync(join(written, "data"));
    for (const [name, text] of Object.entries(football())) writeFileSync(join(written, "data", name), text);
  }
  return written;
}

export function small() {
  return { serve: served(original()), probe: SMALL, entities: ENTITIES };
}

/** A copy of the small graph that an attack may change; `folder` holds `schema` and `data`. */
export function copied() {
  const folder = mkdtempSync(join(tmpdir(), "clew-attack-"));
  cpSync(original(), folder, { recursive: true });
  return { folder, serve: served(folder), probe: SMALL, entities: ENTITIES, remove: removed(folder) };
}

/** A file that `clew compile` writes. */
export function compiled(binary) {
  const folder = mkdtempSync(join(tmpdir(), "clew-attack-"));
  const file = join(folder, "graph.clew");
  execFileSync(binary, ["compile", ...served(original()), "--out", file], { stdio: "ignore" });
  return { folder, file, serve: [file], probe: SMALL, entities: ENTITIES, remove: removed(folder) };
}

/**
 * The files of the small graph: members in a network with a hub, matches, articles and towns. Values have citations, and some have a rank,
 * a validity, or contradicting statements.
 */
function football() {
  const random = numbers(11);
  const ids = (type) => Array.from({ length: COUNTS[type] }, (_, no) => `${type.toLowerCase()}-${no}`);
  const members = ["Association", "Club", "Player", "Squad", "Referee", "Sponsor", "Broadcaster", "Supporters"].flatMap(ids);
  const bodies = ["Association", "Club", "Squad"].flatMap(ids);
  const pick = (list) => list[random(list.length)];
  const some = (list, most) => [...new Set(Array.from({ length: random(most + 1) }, () => pick(list)))];
  const words = ["the", "cup", "club", "of", "northern", "league", "children", "and", "women", "play", "in", "a", "stadium", "that", "fans", "built", "against", "old", "rivals", "with", "new", "rules"];
  const sentence = (count = 14) => `${Array.from({ length: count }, () => pick(words)).join(" ")}.`;
  const year = () => 1890 + random(130);
  const date = () => [`${year()}`, `${year()}-0${1 + random(9)}-1${random(10)}`, `${1890 + random(60)}/${1950 + random(70)}`][random(3)];
  const cite = () => ({ cite: `${pick(["members", "matches", "towns"])}/${1 + random(3)}/${1 + random(4)}` });
  /** Some facts are valid only for a time. */
  const during = () => (random(3) ? {} : { valid: { from: String(year()) } });
  const to = (id, more = {}) => ({ to: id, ...more, ...cite(), ...during() });
  const disagree = (make) => [{ value: make(), rank: "preferred", ...cite() }, { value: make(), ...cite() }, { value: make(), rank: "deprecated", ...cite() }].slice(0, random(4) ? 1 : 3);
  const others = (id, list, most) => some(list, most).filter((it) => it !== id);
  // All members belong to the first association and every third to the second, so that two entities have many links.
  const member = (id, no) => ({
    partners: others(id, members, no < 2 ? 12 : 2).filter((it) => it > id).map((it) => to(it, { purpose: sentence(4), period: date() })),
    memberOf: [...new Set([...["association-0", ...(no % 3 ? [] : ["association-1"])].filter((it) => it !== id), ...others(id, bodies, 1)])].map((it) => to(it, { role: pick(["member", "founder", "guest"]), votes: random(9) })),
  });
  const text = (kind, no) => ({ name: `${kind} ${no} ${pick(words)}`, description: { value: sentence(), ...cite() } });
  const made = {
    Association: (id, no) => ({ ...text("Association", no), acronym: `A${no}`, otherNames: [sentence(3)], formerNames: [sentence(3), sentence(2)], kinds: [...new Set([pick(["CONFEDERATION", "NATIONAL", "REGIONAL"]), pick(["AMATEUR", "WOMEN", "YOUTH"])])], founded: date(), aims: [sentence(6)], badge: `${id}.svg`, clubCount: disagree(() => random(300)), countryCount: disagree(() => random(120)), seat: to(pick(ids("Town"))), regions: some(ids("Town"), 2), cups: some(ids("Cup"), 1), rulebooks: some(ids("Rulebook"), 1), predecessors: others(id, ids("Association"), 1), ...member(id, no) }),
    Club: (id, no) => ({ ...text("Club", no), formerNames: [sentence(3)], founded: date(), colours: [...new Set([pick(["RED", "BLUE"]), pick(["WHITE", "BLACK"])])], url: `https://example.org/${id}`, stadium: to(pick(ids("Stadium"))), ...member(id, no) }),
    Player: (id, no) => ({ ...text("Player", no), born: date(), height: 1.5 + random(50) / 100, posts: some(bodies, 1).map((it) => to(it, { title: pick(["chair", "coach", "captain"]) })), ...member(id, no) }),
    Squad: (id, no) => ({ ...text("Squad", no), size: 11 + random(12), ...member(id, no) }),
    Referee: (id, no) => ({ ...text("Referee", no), otherNames: [sentence(2)], born: date(), led: some(ids("Match"), 3).map((it) => to(it, { role: pick(["referee", "assistant"]) })), ...member(id, no) }),
    Sponsor: (id, no) => ({ ...text("Sponsor", no), formerNames: [sentence(2)], url: `https://example.org/${id}`, sponsors: some(ids("Club"), 2).map((it) => to(it, { purpose: sentence(3) })), ...member(id, no) }),
    Broadcaster: (id, no) => ({ ...text("Broadcaster", no), founded: date(), viewers: disagree(() => random(1_000_000)), shows: some(ids("Match"), 2).map((it) => to(it)), ...member(id, no) }),
    Supporters: (id, no) => ({ ...text("Supporters", no), size: disagree(() => random(1000)), supports: [pick(ids("Club"))], ...member(id, no) }),
    Season: (id, no) => ({ ...text("Season", no), date: date(), cups: some(ids("Cup"), 2).map((it, at) => to(it, { position: at + 1 })), follows: no ? `season-${no - 1}` : [] }),
    Match: (id, no) => ({ ...text("Match", no), date: date(), attendance: disagree(() => random(90_000)), rating: random(100) / 10, teams: others(id, ids("Club"), 2).map((it) => to(it, { goals: random(6) })), organizers: some(ids("Association"), 1).map((it) => to(it, { role: "organizer" })), stadium: pick(ids("Stadium")), cup: to(pick(ids("Cup"))), ledTo: some(ids("Prize"), 1) }),
    Cup: (id, no) => ({ ...text("Cup", no), date: date(), current: random(2) === 1, winners: some(ids("Club"), 2).map((it) => to(it, { role: "winner" })), hosts: some(members, 1), partOf: no ? [`cup-${random(no)}`] : [] }),
    Transfer: (id, no) => ({ name: `Transfer ${no}`, date: date(), fee: `${random(100_000)}.50`, player: pick(ids("Player")), club: pick(ids("Club")), signatories: some(members, 2).map((it) => to(it, { role: "signatory" })) }),
    Prize: (id, no) => ({ name: `Prize ${no}`, date: date(), reason: sentence(5), giver: pick(ids("Association")), recipients: some(members, 2).map((it) => to(it)) }),
    Rulebook: (id, no) => ({ ...text("Rulebook", no), date: date(), rules: ids("Rule").filter((_, at) => at % 2 === no).map((it, at) => to(it, { position: at + 1 })), authors: some(members, 2) }),
    Rule: () => ({ name: sentence(9) }),
    Article: (id, no) => ({ name: `Article ${no} ${sentence(4)}`, text: { value: sentence(24), ...cite() }, kind: pick(["REPORT", "COMMENT", "FIGURE", "REPLY"]), figure: random(1_000_000) / 4, unit: pick(words), writers: some(members, 1), quotes: some(members, 1), about: [...new Set([pick(ids("Association").slice(0, 2)), pick(members), pick(ids("Match")), pick(ids("Town"))])].map((it) => to(it)), disputedBy: some(members, 1).map((it) => to(it, { reason: sentence(6) })), answers: others(id, ids("Article"), 1) }),
    Stadium: (id, no) => ({ name: `Stadium ${no}`, seats: disagree(() => random(90_000)), opened: date(), owners: some(members, 1), town: pick(ids("Town")) }),
    // Each town is part of the previous one, so that the relation is deep.
    Town: (id, no) => ({ name: `Town ${no} ${pick(words)}`, kind: pick(["TOWN", "CITY", "REGION", "COUNTRY", "CONTINENT"]), partOf: no ? [to(`town-${no - 1}`)] : [] }),
  };
  const required = ["name", "text", "kind", "player", "club"];
  // Empty values are left out, and for all but the first two entities of a type, also a third of the optional values.
  const filled = (fields, no) => Object.fromEntries(Object.entries(fields).filter(([name, it]) => required.includes(name) || ((!Array.isArray(it) || it.length) && (no < 2 || random(3)))));
  // JSON is YAML.
  const written = (type) => `${type}:\n${ids(type).map((id, no) => `  ${id}: ${JSON.stringify({ ...cite(), ...filled(made[type](id, no), no) })}\n`).join("")}`;
  const file = (...types) => `source: almanac\n${types.map(written).join("")}`;
  return {
    "source.yaml": `graph: {title: Football, licence: CC0-1.0}\nSource:\n  almanac:\n    title: Almanac\n    structure:\n${["members", "matches", "towns"].map((it) => `      - {section: ${it}, title: ${it}, paragraphs: [4, 4, 4]}\n`).join("")}`,
    "members.yaml": file("Association", "Club", "Player", "Squad", "Referee", "Sponsor", "Broadcaster", "Supporters"),
    "matches.yaml": file("Season", "Match", "Cup", "Transfer", "Prize", "Rulebook", "Rule", "Article"),
    "towns.yaml": file("Stadium", "Town"),
  };
}

/** Pseudorandom numbers less than `n`, the same in each run. */
function numbers(seed) {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
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

/** Writes a graph with WordNet's schema: trees of synsets, each with a word, and random derivations. */
async function make(folder) {
  mkdirSync(folder, { recursive: true });
  let state = 7;
  const random = (n) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % n;
  };
  // Two entities that attacks name exist: the one with the most links, and another one.
  const synset = (no) => ["synset-00001740-n", "synset-02086723-n"][no] ?? `synset-${String(no).padStart(8, "0")}-x`;
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
