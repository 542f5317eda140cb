// Arguments: numbers, texts, lists, filters, orders, cursors, patterns and path expressions.

import { query, series } from "../attack.mjs";
import { Random, aliases, many, repeat } from "./text.mjs";

const second = ["--timeout", "1"];
const large = { graph: "large", whole: true };
const argument = (name, body, settings) => query("arguments", name, body, settings);
const asks = (text) => () => ({ query: text });
const follow = (path, on = "association-1") => `association(id: "${on}") { follow(path: ${JSON.stringify(path)}, first: 10) { totalCount } }`;
const bad = ["BAD_USER_INPUT", "CURSOR_INVALID", "limit", "ok"];

export default [
  argument("follow partners{900}, 500 aliases", asks(aliases(500, follow("partners{900}"))), { listed: true, expects: bad, options: second }),
  series("arguments", "follow partners{900}, 455 requests", () => Array.from({ length: 455 }, (_, no) => ({ query: `{ x${no}: ${follow("partners{900}")} }` })), { listed: true, expects: bad }),
  argument("follow with 500 different expressions", asks(aliases(500, (no) => follow(`(partners|memberOf/members){${400 + no}}`))), { expects: bad, options: second }),
  argument("follow with counts that multiply", asks(aliases(100, (no) => follow(`((partners{30}/memberOf?){30}|members{${no}}){30}`))), { expects: bad, options: second }),
  argument("follow with nested stars", asks(aliases(300, follow(`${repeat("(", 200)}partners${repeat("*)", 200)}`))), { expects: bad, options: second }),
  argument("follow with 200,000 parentheses", () => ({ query: `{ ${follow(`${repeat("(", 200_000)}partners${repeat(")", 200_000)}`)} }` }), { expects: bad }),
  argument("follow with an enormous count", asks(aliases(100, (no) => follow(`partners{${no},4294967295}`))), { expects: bad }),
  argument("follow with 10,000 alternatives", () => ({ query: `{ ${follow(many(10_000, (no) => ["partners", "^partners", "memberOf", "members"][no % 4], "|"))} }` }), { expects: bad, options: second }),
  argument("follow with 20,000 steps in a row", () => ({ query: `{ ${follow(many(20_000, () => "partners", "/"))} }` }), { expects: bad, options: second }),
  argument("follow from all synsets", asks(aliases(50, (no) => `synsets(first: 1000) { nodes { follow(path: "(hypernyms|hyponyms|derivations|words/senses)*", first: ${no + 1}) { totalCount } } }`)), { ...large, options: second, expects: ["limit"] }),
  argument("first: 2147483647 in nested connections", asks(`{ entities(first: 2147483647) { nodes { ${repeat("links(first: 2147483647) { nodes { to { ", 8)} id ${repeat("} } }", 8)} } } }`), { expects: ["PAGE_LIMIT", "COST_LIMIT", "BAD_USER_INPUT"] }),
  argument("numbers with 10,000 digits", () => ({ query: aliases(40, (no) => `associations(first: ${no % 2 ? "-" : ""}${repeat("9", 10_000)}) { totalCount }`) }), { expects: ["GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED", "BAD_USER_INPUT"], bytes: 200_000 }),
  argument("1e999999 for each number", () => ({ query: aliases(500, () => "articles(filter: { figure: { gt: 1e999999, lt: -1e999999 } }) { totalCount }") }), { expects: ["GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED", "BAD_USER_INPUT", "ok"], bytes: 400_000 }),
  argument("order by 2,500 keys", () => ({ query: `{ synsets(first: 10, orderBy: [${many(2500, (no) => `{${["label", "gloss", "category", "id"][no % 4]}:DESC}`, "")}]) { nodes { id } } }` }), { ...large, options: second, expects: bad }),
  argument("50 aliases of all words in order of their lemma", asks(aliases(50, (no) => `words(first: 10, orderBy: [{lemma: DESC}], filter: {lemma: {ne: "x${no}"}}) { nodes { id } }`)), { ...large, options: second, expects: ["limit", "ok"] }),
  argument("a filter with 1,800 branches of or", () => ({ query: `{ synsets(first: 1, filter: { or: [${many(1800, (no) => `{label:{contains:"x${no}y"}}`, "")}] }) { totalCount } }` }), { ...large, options: second, expects: bad }),
  argument("a filter with 3,000 nots in each other", () => ({ query: `{ associations(filter: ${repeat("{not: ", 3000)}{id: {eq: "x"}}${repeat("}", 3000)}) { totalCount } }` }), { expects: [...bad, "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"] }),
  argument("a filter through 20 relations of relations", () => ({ query: `{ associations(filter: ${repeat("{partners: {some: {memberOf: {every: {members: {none: ", 16)}{}${repeat("}}}}}}", 16)}) { totalCount } }` }), { expects: [...bad, "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"], options: second }),
  argument("a list literal that is 9,000 deep", () => ({ query: `{ nodes(ids: ${repeat("[", 9000)}"a"${repeat("]", 9000)}) { id } }` }), { expects: ["GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "limit", "BAD_USER_INPUT"], bytes: 200_000 }),
  argument("an enum list of 9,000", () => ({ query: `{ search(query: "a", types: [${many(9000, (no) => ["Association", "Player", "Town"][no % 3], ",")}]) { totalCount } }` }), { expects: bad }),
  argument("matches (\\w{1,200}){50}", () => ({ query: aliases(200, (no) => `associations(filter: {name: {matches: "(\\\\w{1,200}){50}${no}"}}) { totalCount }`) }), { expects: bad, options: second, bytes: 400_000 }),
  argument("900 valid patterns \\pL{n}", () => ({ query: aliases(900, (no) => `associations(filter: {name: {matches: "\\\\pL{${no % 100}}x${no}"}}) { totalCount }`) }), { listed: true, expects: bad, options: ["--timeout", "2"] }),
  series("arguments", "900 valid patterns \\pL{n}, one a request", () => Array.from({ length: 900 }, (_, no) => ({ query: `{ associations(filter: {name: {matches: "\\\\pL{${no % 100}}y${no}"}}) { totalCount } }` })), { listed: true, expects: bad }),
  argument("a bad pattern of 900 kB, 900 times", () => ({ query: `query ($x: String) ${aliases(900, "associations(filter: {name: {matches: $x}}) { totalCount }")}`, variables: { x: `(${repeat("a", 900_000)}` } }), { listed: true, expects: bad, bytes: 1 << 20 }),
  argument("a pattern that is slow elsewhere, over all glosses", asks(aliases(60, (no) => `synsets(first: 1, filter: {gloss: {matches: "(a*)*(a|b|ab)*${no}$"}}) { totalCount }`)), { ...large, options: second, expects: ["limit", "ok"] }),
  argument("contains with one letter, 300 aliases", asks(aliases(300, (no) => `synsets(first: 1, filter: {gloss: {contains: "z${String.fromCharCode(97 + (no % 26))}", caseInsensitive: true}}) { totalCount }`)), { ...large, options: second, expects: ["limit", "ok"] }),
  argument("search with a* 32 times and quotes", () => ({ query: aliases(100, (no) => `search(query: ${JSON.stringify(`${repeat("a* ", 32)}"${repeat("the ", 100)}" ${repeat('"', no)}`)}) { totalCount }`) }), { options: second, expects: bad }),
  argument("search with 240 kB of quotes and stars", () => ({ query: `{ search(query: ${JSON.stringify(repeat('"*\\ ', 60_000))}) { totalCount } }` }), { expects: bad, cpu: 1 }),
  argument("search in a filter, 300 aliases of 1 kB", () => ({ query: aliases(300, (no) => `associations(filter: {name: {search: ${JSON.stringify(new Random(no).words(900))}}}) { totalCount }`) }), { options: second, expects: bad }),
  series("arguments", "1,000 forged cursors", () => {
    const random = new Random();
    return Array.from({ length: 1000 }, (_, no) => ({ query: `{ associations(after: ${JSON.stringify(Buffer.from(random.word(1 + (no % 60))).toString(["base64url", "base64", "hex"][no % 3]))}) { totalCount nodes { id } } }` }));
  }, { expects: bad }),
  argument("a cursor of 900 kB, 1,000 times", () => ({ query: `query ($x: String) ${aliases(1000, "associations(after: $x) { nodes { id } }")}`, variables: { x: repeat("A", 900_000) } }), { expects: bad, bytes: 1 << 20 }),
  argument("dates at and beyond the edges", () => ({ query: aliases(1000, (no) => `associations(asOf: "${["9999", "0000", "-9999-12-31", "2011/2012", "99999999", "2011-13-45"][no % 6]}") { nodes { name } }`) }), { expects: ["BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED", "ok", "limit"], bytes: 1 << 20 }),
  argument("asOf for 400 aliases of everything", asks(aliases(400, (no) => `entities(first: 128, asOf: "${1900 + (no % 120)}") { nodes { statements(first: 1000) { totalCount nodes { value } } } }`)), { options: second, expects: ["limit", "ok"] }),
];
