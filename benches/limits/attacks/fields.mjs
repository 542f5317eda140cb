// Fields that are expensive for a short request.

import { query } from "../attack.mjs";
import { Random, aliases, many, repeat } from "./text.mjs";

const wide = (levels, first) => `${repeat(`links(first: ${first}) { nodes { to { `, levels)}degree${repeat(" } } }", levels)}`;
const TYPES = "{ types { name description fields { name description args { name description } type { name kind ofType { name kind ofType { name } } } } inputFields { name } enumValues { name description } } }";
const second = ["--timeout", "1"];
const large = { graph: "large", whole: true };
const field = (name, body, settings) => query("fields", name, body, settings);
const asks = (text) => () => ({ query: text });
const hub = "synset-00001740-n";
/** An answer that shows every entity of the large graph's first pages. */
const page = "{ synsets(first: 10000) { nodes { id label gloss examples words { edges { position node { lemma } } } } } }";
const drawn = (name, accept, text, settings = {}) =>
  field(`a large answer as ${name}`, asks(text), {
    ...large,
    options: second,
    request: { headers: { accept } },
    expects: ["ok", "limit", "BAD_USER_INPUT"],
    ...settings,
  });

export default [
  field("500 aliases of the whole __schema", asks(`${aliases(500, "__schema { ...F }")} fragment F on __Schema ${TYPES}`), { listed: true, expects: ["limit"] }),
  // The generated schema was larger when this attack was listed.
  field("50 aliases of the whole __schema", asks(aliases(50, `__schema ${TYPES}`)), { listed: true, expects: ["limit", "ok"] }),
  field("250 aliases of the whole __schema", asks(aliases(250, `__schema ${TYPES}`)), { expects: ["limit"] }),
  field("types of fields of types, nested", asks(`{ __schema { types { ${repeat("fields { type { ", 8)} name ${repeat("} }", 8)} } } }`), { expects: ["limit", "ok", "BAD_USER_INPUT"] }),
  field("possible types of interfaces, nested", asks(`{ __type(name: "Entity") { ${repeat("possibleTypes { interfaces { ", 6)} name ${repeat("} }", 6)} } }`), { expects: ["limit", "ok", "BAD_USER_INPUT"] }),
  field("1,500 aliases of __type", asks(`${aliases(1500, (no) => `__type(name: "${["Entity", "Query", "Association", "EntityFilter"][no % 4]}") { ...F }`)} fragment F on __Type { fields { name type { name } } inputFields { name } }`), { expects: ["limit", "ok"] }),
  field("1,900 aliases of graph with components", asks(`${aliases(1900, "graph { ...F }")} fragment F on GraphInfo { entityCount componentCount types { name count } relations { name count } }`), { expects: ["ok", "limit"], options: second }),
  field("links of links, 6 levels of 1,000", asks(`{ entities(first: 1000) { nodes { ${wide(6, 1000)} } } }`), { expects: ["COST_LIMIT"] }),
  field("links of links, 9 levels until the deadline", asks(`{ entities(first: 128) { nodes { ${wide(9, 40)} } } }`), {
    expects: ["TIMEOUT", "BYTE_LIMIT"],
    options: ["--timeout", "1", "--max-cost", "1000000000000000000", "--max-rows", "1000000000000"],
  }),
  field("statements of all, with targets and citations", asks(aliases(40, "entities(first: 128) { nodes { statements(first: 1000) { nodes { field value target { label statements(first: 100) { nodes { value citations { locator source { title } } } } } } } } }")), { expects: ["limit", "ok"], options: second }),
  field("20 aliases of 10,000 synsets with all texts", asks(aliases(20, page.slice(1, -1))), { ...large, options: second, expects: ["limit"] }),
  field("100 aliases of betweenness", asks(aliases(100, "ranking(by: BETWEENNESS, first: 10000) { score }")), { ...large, options: second, expects: ["limit"] }),
  field("100 aliases of closeness", asks(aliases(100, "ranking(by: CLOSENESS, first: 10000) { score exact }")), { ...large, options: second, expects: ["limit"] }),
  field("200 aliases of PageRank and components", asks(aliases(200, (no) => (no % 2 ? "ranking(by: PAGE_RANK) { score }" : "components(strong: true) { size }"))), { ...large, options: second, expects: ["limit"] }),
  field("components with their nodes", asks(aliases(20, "components(first: 10000) { size nodes(first: 10000) { nodes { id label } } }")), { ...large, options: second, expects: ["limit", "ok"] }),
  field("neighborhood of everything", asks(aliases(20, `neighborhood(of: ["${hub}"], hops: 50, first: 10000) { totalCount nodes { id label } links { relation from { id } to { id } } }`)), { ...large, options: second, expects: ["limit", "ok"] }),
  field("10,000 shortest paths", asks(aliases(20, `paths(from: "${hub}", to: "synset-02086723-n", maxHops: 30, first: 10000) { nodes { length nodes { id } } }`)), { ...large, options: second, expects: ["limit"] }),
  field("500 aliases of path", asks(aliases(500, (no) => `path(from: "${hub}", to: "synset-02086723-n", maxHops: ${1 + (no % 40)}) { length }`)), { ...large, options: second, expects: ["limit", "ok"] }),
  field("500 aliases of similar", asks(aliases(500, (no) => `similar(to: "${hub}", by: ${no % 2 ? "JACCARD" : "ADAMIC_ADAR"}, first: 10000) { score entity { label } }`)), { ...large, options: second, expects: ["limit", "ok"] }),
  field("500 aliases of timeline", asks(aliases(500, "timeline(first: 1000) { totalCount nodes { date entity { label } statement { value } } }")), { options: second, expects: ["limit", "ok"] }),
  field("500 aliases of conflicts", asks(aliases(500, "conflicts(first: 1000) { totalCount nodes { field statements { value citations { locator } } } }")), { options: second, expects: ["limit", "ok"] }),
  field("100 aliases of groupBy over all texts", asks(aliases(100, "synsets { aggregate { groupBy(by: [{category: {}}, {partOfSpeech: {}}, {hypernyms: {}}], first: 10000) { key count } gloss { distinct min max } } }")), { ...large, options: second, expects: ["limit"] }),
  field("groupBy by two relations, 8 times each", asks(`{ associations { aggregate { groupBy(by: [${many(8, () => "{memberOf: {}}, {partners: {}}", ", ")}]) { key count } } } }`), { expects: ["limit", "ok", "BAD_USER_INPUT"], options: second }),
  field("groupBy by all keys, 40 aliases", asks(aliases(40, "associations { aggregate { groupBy(by: [{partners: {}}, {memberOf: {}}, {members: {}}, {kinds: {}}, {formerNames: {}}, {cups: {}}, {regions: {}}, {articles: {}}, {subjectOf: {}}], first: 10000) { key count } } }")), { expects: ["limit", "ok", "BAD_USER_INPUT"], options: second }),
  field("300 aliases of distinct values", asks(aliases(300, "words { aggregate { lemma { distinct min max } } }")), { ...large, options: second, expects: ["limit"] }),
  field("transitive closure, 40 aliases of all depths", asks(aliases(40, (no) => `synsets(first: 10000) { nodes { hyponyms(depth: ${1 + no}, first: 1000) { totalCount } } }`)), { ...large, options: second, expects: ["limit", "ok"] }),
  field("highlights of 10,000 entities", asks('{ search(query: "a* the of in", first: 10000) { edges { score highlights { field fragments } node { label } } } }'), { ...large, options: second, expects: ["limit", "ok"] }),
  field("@cite and @explain of a large answer", () => ({ query: `query @cite @explain ${aliases(10, `entities(first: 128) { nodes { ${many(6, (no) => `b${no}: statements(first: 1000) { nodes { field value target { label } edge } }`)} } }`)}` }), { expects: ["limit", "ok"], options: second }),
  field("@cite and @explain of 10,000 synsets", () => ({ query: `query @cite @explain ${aliases(8, page.slice(1, -1))}` }), { ...large, options: second, expects: ["limit", "ok"] }),
  drawn("SVG", "image/svg+xml", page),
  drawn("SVG (1,000 entities)", "image/svg+xml", '{ entities(first: 128) { nodes { links(first: 1000) { nodes { to { label } } } } } }', { graph: "small", whole: false }),
  drawn("GraphML", "application/graphml+xml", page),
  drawn("Graphviz", "text/vnd.graphviz", page),
  drawn("Turtle", "text/turtle", page),
  drawn("N-Triples", "application/n-triples", page),
  drawn("JSON-LD", "application/ld+json", page),
  drawn("CSV", "text/csv", "{ synsets(first: 10000) { nodes { id label gloss category examples } } }"),
  drawn("Turtle with 8 aliases", "text/turtle", aliases(8, (no) => `synsets(first: 10000, filter: { partOfSpeech: { in: [${["NOUN", "VERB", "ADJECTIVE", "ADVERB"][no % 4]}] } }, orderBy: [{ label: ${no < 4 ? "ASC" : "DESC"} }]) { nodes { label gloss hyponyms(first: 100) { nodes { label gloss } } } }`)),
  field("search with 50 kB of random words, fuzzy", () => ({ query: `{ search(query: ${JSON.stringify(new Random().words(50_000))}, fuzzy: true, first: 10) { totalCount } }` }), { listed: true, expects: ["ok"], cpu: 1 }),
  field("search with 1 MB of random words", () => ({ query: `{ search(query: ${JSON.stringify(new Random().words(1_000_000))}, first: 10) { totalCount } }` }), { listed: true, expects: ["ok"], cpu: 1 }),
  field("500 aliases of search", asks(aliases(500, (no) => `search(query: "a* b* c* ${no}", fuzzy: true, first: 1000) { totalCount edges { highlights { fragments } } }`)), { options: second, expects: ["limit", "ok"] }),
  field("40 aliases of search over all words", asks(aliases(40, (no) => `search(query: "a* b* c* d* e* f* g* h* ${no}", first: 1000) { totalCount nodes { label } }`)), { ...large, options: second, expects: ["limit", "ok"] }),
];
