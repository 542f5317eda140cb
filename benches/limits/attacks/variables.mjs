// Values of variables: large, deep, many, or used many times.

import { attack, query, series } from "../attack.mjs";
import { request } from "../client.mjs";
import { aliases, many, repeat } from "./text.mjs";

const second = ["--timeout", "1"];
const variable = (name, body, settings) => query("variables", name, body, settings);
const large = { graph: "large", whole: true };
const ids = (count) => Array.from({ length: count }, (_, no) => `synset-${String(no).padStart(8, "0")}-n`);
const bad = ["BAD_USER_INPUT", "BAD_REQUEST", "limit", "ok"];

export default [
  variable("path from an id of 900 kB, 1,000 aliases", () => ({ query: `query ($x: ID!) ${aliases(1000, "path(from: $x, to: $x) { length }")}`, variables: { x: repeat("u", 900_000) } }), { listed: true, expects: bad, bytes: 1 << 20, cpu: 1 }),
  variable("near misses of ids of 96 letters, 1,000 aliases", () => ({ query: `query ($x: ID!) ${aliases(1000, "path(from: $x, to: $x) { length }")}`, variables: { x: repeat("synset-0", 12) } }), { ...large, options: second, expects: bad }),
  variable("a text of 1 MB in 700 filters", () => ({ query: `query ($x: String) ${aliases(700, (no) => `associations(filter: {name: {${["eq", "ne", "contains", "startsWith", "endsWith", "lt"][no % 6]}: $x, caseInsensitive: true}}) { totalCount }`)}`, variables: { x: repeat("ä", 480_000) } }), { expects: bad, options: second }),
  variable("a text of 1 MB in 1,000 searches", () => ({ query: `query ($x: String!) ${aliases(1000, (no) => `search(query: $x, fuzzy: ${no % 2 === 0}) { totalCount }`)}`, variables: { x: many(90_000, (no) => `word${no}`) } }), { expects: bad, options: second }),
  variable("1 MB of path expression, 800 aliases", () => ({ query: `query ($x: String!) ${aliases(800, 'association(id: "association-1") { follow(path: $x) { totalCount } }')}`, variables: { x: many(100_000, () => "partners", "/") } }), { expects: bad, options: second, bytes: 1 << 20 }),
  variable("50,000 ids in 500 filters", () => ({ query: `query ($x: [ID!]) ${aliases(500, "synsets(first: 1, filter: {id: {in: $x}}) { totalCount }")}`, variables: { x: ids(45_000) } }), { ...large, options: second, expects: bad }),
  variable("50,000 ids to avoid, 500 aliases", () => ({ query: `query ($x: [ID!]) ${aliases(500, 'path(from: "synset-00001740-n", to: "synset-02086723-n", avoid: $x) { length }')}`, variables: { x: ids(45_000) } }), { ...large, options: second, expects: bad, bytes: 1 << 20 }),
  variable("10,000 ids in 200 aliases of nodes", () => ({ query: `query ($x: [ID!]!) ${aliases(200, "nodes(ids: $x) { id label degree }")}`, variables: { x: ids(10_000) } }), { ...large, options: second, expects: bad }),
  variable("50,000 ids that are not there, of a neighborhood", () => ({ query: `query ($x: [ID!]!) ${aliases(50, "neighborhood(of: $x) { totalCount }")}`, variables: { x: Array.from({ length: 45_000 }, (_, no) => `nobody-${no}`) } }), { ...large, options: second, expects: bad, bytes: 1 << 20 }),
  variable("100,000 values of an enum", () => ({ query: `query ($x: [EntityType!]) ${aliases(200, 'search(query: "a", types: $x) { totalCount }')}`, variables: { x: Array.from({ length: 70_000 }, (_, no) => ["Player", "Town"][no % 2]) } }), { options: second, expects: bad }),
  variable("JSON that is 100,000 deep", () => `{"query": "query ($x: AssociationFilter) { associations(filter: $x) { totalCount } }", "variables": {"x": ${repeat('{"not":', 100_000)}{}${repeat("}", 100_000)}}}`, { expects: ["BAD_REQUEST", "BAD_USER_INPUT", "400", "limit"] }),
  variable("arrays that are 400,000 deep", () => `{"query": "{ __typename }", "variables": {"x": ${repeat("[", 400_000)}${repeat("]", 400_000)}}}`, { expects: ["BAD_REQUEST", "BAD_USER_INPUT", "400", "ok"] }),
  variable("a filter in a variable, 120 deep", () => ({ query: `query ($x: AssociationFilter) ${aliases(1000, "associations(filter: $x) { totalCount }")}`, variables: { x: Array.from({ length: 120 }).reduce((inner) => ({ not: inner }), { name: { contains: "a" } }) } }), { options: second, expects: bad }),
  variable("a filter in a variable with 15,000 branches", () => ({ query: `query ($x: SynsetFilter) ${aliases(50, "synsets(first: 1, filter: $x) { totalCount }")}`, variables: { x: { or: Array.from({ length: 15_000 }, (_, no) => ({ gloss: { contains: `q${no}` } })) } } }), { ...large, options: second, expects: bad }),
  variable("1,200 filters with 15,000 branches", () => ({ query: `query ($x: AssociationFilter) ${aliases(1200, "associations(filter: $x) { totalCount }")}`, variables: { x: { or: Array.from({ length: 15_000 }, (_, no) => ({ name: { contains: `q${no}` } })) } } }), { options: second, expects: bad }),
  variable("the same key 80,000 times", () => `{"query": "query ($x: Int) { associations(first: $x) { totalCount } }", "variables": {${many(80_000, (no) => `"x": ${no}`, ",")}}}`, { expects: [...bad, "400"] }),
  variable("80,000 variables that the operation does not have", () => `{"query": "query ($x: Int) { associations(first: $x) { totalCount } }", "variables": {${many(60_000, (no) => `"v${no}": ${no}`, ",")}}}`, { expects: [...bad, "400"] }),
  variable("a number with 900,000 digits", () => `{"query": "query ($x: Int) { associations(first: $x) { totalCount } }", "variables": {"x": ${repeat("7", 900_000)}}}`, { expects: [...bad, "400"], bytes: 100_000 }),
  variable("80,000 values of the wrong type", () => ({ query: "query ($x: [ID!]!) { nodes(ids: $x) { id } }", variables: { x: Array.from({ length: 80_000 }, () => ({ a: 1 })) } }), { expects: bad, bytes: 100_000 }),
  variable("700 variables with defaults", () => ({ query: `query (${many(700, (no) => `$v${no}:String="${no}"`)}) ${aliases(700, (no) => `associations(filter: {name: {eq: $v${no}}}) { totalCount }`)}` }), { options: second, expects: [...bad, "GRAPHQL_VALIDATION_FAILED"] }),
  series("variables", "all ways that 10 conditions can come out", () => {
    const names = Array.from({ length: 10 }, (_, no) => `c${no}`);
    const text = `query (${many(10, (no) => `$c${no}: Boolean!`)}) ${aliases(900, (no) => `__typename @include(if: $c${no % 10}) @skip(if: $c${(no + 1) % 10})`)}`;
    return Array.from({ length: 200 }, (_, way) => ({ query: text, variables: Object.fromEntries(names.map((name, no) => [name, ((way * 5) >> no) % 2 === 1])) }));
  }, { expects: ["ok", "limit"] }),
  attack("variables", "short with small values, then two with 1 MB", { listed: true, options: ["--timeout", "2"], expects: bad }, async (trial) => {
    const text = `query ($x: [String!]) ${aliases(300, "associations(filter: {name: {in: $x}}) { totalCount }")}`;
    const small = request({ body: { query: text, variables: { x: ["a"] } } });
    const big = request({ body: { query: text, variables: { x: Array.from({ length: 80_000 }, (_, no) => `name ${no}`) } } });
    for (let times = 0; times < 10; times += 1) await trial.ask(small);
    await Promise.all([trial.ask(big), trial.ask(big)]);
  }),
];
