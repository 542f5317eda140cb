// Documents that are hard to parse, to validate, to plan or to keep.

import { createHash } from "node:crypto";

import { query, series } from "../attack.mjs";
import { aliases, dense, many, repeat } from "./text.mjs";

const document = (name, text, settings) => query("documents", name, () => ({ query: text() }), { bytes: 200_000, cpu: 1, ...settings });
const parse = ["GRAPHQL_PARSE_FAILED", "TOKEN_LIMIT"];
const wrong = [...parse, "GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT", "limit"];
const persisted = (text) => ({ persistedQuery: { version: 1, sha256Hash: createHash("sha256").update(text).digest("hex") } });

export default [
  document("14,000 exclamation marks", () => `{a(${repeat("!", 14_000)}`, { listed: true, expects: parse }),
  document("9,900 bad escapes in one line", () => `{a(b:"${repeat("\\q", 9900)}")}`, { listed: true, expects: parse }),
  document("9,900 strings with bad escapes", () => `{a(b:[${many(4900, () => '"\\q"', " ")}])}`, { listed: true, expects: parse }),
  document("200,000 opening braces", () => repeat("{a", 200_000), { expects: wrong }),
  document("9,000 opening braces", () => repeat("{a", 9000), { expects: wrong }),
  document("100,000 brackets", () => `{a(b:${repeat("[", 100_000)}`, { expects: wrong }),
  document("19,000 characters that GraphQL does not have", () => repeat("?", 19_000), { expects: parse }),
  document("900 kB of one name that is not a field", () => `{ ${repeat("n", 900_000)} }`, { expects: wrong }),
  document("900 kB of a name that nearly is a field", () => `{ ${repeat("association", 82_000)} }`, { expects: wrong }),
  document("19,000 fields that are not there", () => `{ ${many(9000, (no) => `associatio${no}`)} }`, { expects: wrong }),
  document("5,000 types that are not there", () => `{ ${many(3000, (no) => `... on Associatio${no} { id }`)} }`, { expects: wrong }),
  document("4,000 arguments that are not there", () => `{ associations(${many(4000, (no) => `filte${no}: 1`)}) { totalCount } }`, { expects: wrong }),
  document("the same argument 4,000 times", () => `{ associations(${many(4000, () => "first: 1")}) { totalCount } }`, { expects: wrong }),
  document("9,000 directives on a field", () => `{ __typename ${repeat("@skip ", 9000)} }`, { expects: wrong }),
  document("3,000 repeated conditions on a field", () => `{ __typename ${repeat("@include(if: true) ", 3000)} }`, { expects: [...wrong, "ok"] }),
  document("10,000 variables that nothing uses", () => `query (${many(4500, (no) => `$v${no}: Int`)}) { __typename }`, { expects: wrong }),
  document("the same variable 4,500 times", () => `query (${many(4500, () => "$v: Int")}) { __typename }`, { expects: wrong }),
  document("4,000 variables that are not declared", () => `{ ${many(2400, (no) => `a${no}: associations(first: $v${no}) { totalCount }`)} }`, { expects: wrong }),
  document("1,900 unused fragments", () => `{ __typename } ${many(2400, (no) => `fragment F${no} on Query { __typename }`)}`, { expects: wrong }),
  document("2,400 fragments of one name", () => `{ ...F } ${repeat("fragment F on Query { __typename } ", 2400)}`, { expects: wrong }),
  document("a cycle of 2,000 fragments", () => `{ ...F0 } ${many(2000, (no) => `fragment F${no} on Query { ...F${(no + 1) % 2000} }`)}`, { expects: wrong }),
  document("2,000 fragments that spread each other's neighbours", () => `{ ...F0 } ${many(1200, (no) => `fragment F${no} on Query { ...F${(no + 1) % 1200} ...F${(no + 2) % 1200} }`)}`, { expects: wrong }),
  document("a chain of 2,000 fragments", () => `{ ...F0 } ${many(2000, (no) => `fragment F${no} on Query { ...F${no + 1} }`)} fragment F2000 on Query { __typename }`, { expects: [...wrong, "ok"] }),
  document("2,400 operations", () => many(2400, (no) => `query Q${no} { __typename }`), { expects: wrong }),
  document("2,400 operations of one name", () => repeat("query Q { __typename } ", 2400), { expects: wrong }),
  document("1,000 fields of one key with selections", () => `{ ${many(1000, () => "associations { nodes { id name label } totalCount }")} }`, { expects: [...wrong, "ok"] }),
  document("1,000 fields of one key that differ", () => `{ ${many(1000, (no) => `a: associations(first: ${no}) { nodes { b: ${["id", "name"][no % 2]} } }`)} }`, { expects: wrong }),
  document("one key in fragments of fragments", () => `{ ${many(60, (no) => `...F${no}`)} } ${many(60, (no) => `fragment F${no} on Query { a: associations { nodes { ${many(60, (field) => `b${field}: ${["id", "label"][no % 2]}`)} } } }`)}`, { expects: wrong }),
  document("one key on 400 types, 40 levels", () => `{ entities { nodes { ${repeat("... on Entity { links { nodes { to { ... on Association { a: name } ... on Player { a: label } ", 12)} id ${repeat("} } } }", 12)} } } }`, { expects: [...wrong, "ok"] }),
  document("fragments that double, under a condition", () => `query ($a: Boolean = false) { ...F0 } ${many(30, (no) => `fragment F${no} on Query { ...F${no + 1} @include(if: $a) x${no}: __typename ...F${no + 1} @skip(if: $a) }`)} fragment F30 on Query { __typename }`, { expects: ["FIELD_LIMIT", "ALIAS_LIMIT"] }),
  document("inline fragments in each other, 6,000 levels", () => `${repeat("{ ... on Query ", 6000)}{ __typename }${repeat("}", 6000)}`, { expects: [...wrong, "ok"] }),
  document("1 MB of commas", () => `{ __typename ${repeat(",", 1_000_000)} }`, { expects: [...wrong, "ok"] }),
  document("900 kB of comments", () => `{ __typename ${repeat("#\n", 300_000)} }`, { expects: [...wrong, "ok"] }),
  document("900 kB of block string", () => `{ search(query: """${repeat('\\"""\n  ', 60_000)}""") { totalCount } }`, { expects: [...wrong, "ok"], cpu: 2 }),
  document("byte order marks and separators", () => `${repeat("\uFEFF", 200_000)}{ __typename }${repeat("\u2028", 1000)}`, { expects: [...wrong, "ok"] }),
  series("documents", "483 documents with 1,899 aliases", () => Array.from({ length: 483 }, (_, no) => ({ query: `{ ${many(1899, (alias) => `a${no}b${alias}: __typename`)} }` })), { listed: true, expects: ["ok"] }),
  series("documents", "150 documents of 19,000 tokens that differ in one letter", () => {
    const rest = dense(many(330, (no) => `x${no}: associations(filter: {and: [{name: {contains: "a"}}, {id: {ne: "b"}}]}, first: 1) { nodes { id name label } }`));
    return Array.from({ length: 150 }, (_, no) => ({ query: `{ y${no}: __typename ${rest} }` }));
  }, { expects: ["ok"] }),
  series("documents", "4,000 small documents that push 40 large ones out of the caches", () => {
    const fields = dense(many(400, (no) => `x${no}: associations(filter: {and: [{name: {contains: "a${no}"}}, {id: {ne: "b"}}]}, first: 1) { nodes { id } }`));
    const large = Array.from({ length: 40 }, (_, no) => ({ query: `{ y${no}: __typename ${fields} }` }));
    const small = Array.from({ length: 4000 }, (_, no) => ({ query: `{ y${no}: __typename ${many(30, (alias) => `a${alias}: associations(first: 1) { nodes { id } }`)} }` }));
    return [...large, ...small, ...large, ...small];
  }, { expects: ["ok"] }),
  series("documents", "150 operation names of one document", () => {
    const text = dense(many(150, (no) => `query Q${no} { ${many(6, (field) => `f${field}: associations(first: 3) { nodes { id name } }`)} }`));
    return Array.from({ length: 150 }, (_, no) => ({ query: text, operationName: `Q${no}` }));
  }, { expects: ["ok"] }),
  series("documents", "300 persisted texts of 1 MB that are only a comment", () => ({
    *[Symbol.iterator]() {
      for (let no = 0; no < 300; no += 1) {
        const text = `#${no}${repeat("x", 990_000)}`;
        yield { query: text, extensions: persisted(text) };
      }
    },
  }), { listed: true, expects: wrong }),
  series("documents", "300 persisted documents that are valid and have comments of 900 kB", () => ({
    *[Symbol.iterator]() {
      for (let no = 0; no < 300; no += 1) {
        const text = `{ __typename } #${no}${repeat("x", 900_000)}`;
        yield { query: text, extensions: persisted(text) };
      }
    },
  }), { expects: ["ok", "limit"] }),
  series("documents", "3,000 hashes that nobody knows", () => Array.from({ length: 3000 }, (_, no) => ({ extensions: persisted(String(no)) })), { expects: ["PERSISTED_QUERY_NOT_FOUND"] }),
  query("documents", "a hash of 900 kB", () => ({ extensions: { persistedQuery: { version: 1, sha256Hash: repeat("a", 900_000) } } }), { expects: ["PERSISTED_QUERY_NOT_FOUND", "BAD_REQUEST", "BAD_USER_INPUT"], bytes: 100_000 }),
  query("documents", "an id of a document of 900 kB", () => ({ documentId: `sha256:${repeat("a", 900_000)}` }), { expects: ["PERSISTED_DOCUMENT_NOT_FOUND", "PERSISTED_QUERY_NOT_FOUND", "BAD_REQUEST", "BAD_USER_INPUT"], bytes: 100_000 }),
  query("documents", "an operation name of 900 kB", () => ({ query: "query A { __typename }", operationName: repeat("a", 900_000) }), { expects: ["BAD_USER_INPUT"], bytes: 100_000 }),
  query("documents", "no introspection, but the types of the graph", () => ({ query: aliases(100, "graph { types { name description count } relations { name } }") }), {
    listed: true, options: ["--no-introspection"], expects: ["INTROSPECTION_DISABLED", "GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT", "ok"],
    hides: /"name":"Association"|PARTNER_OF/,
  }),
  query("documents", "no introspection, but suggestions", () => ({ query: "{ associatio(id: 1) { id } association(id: \"association-1\") { nam partner { id } ... on Asociation { id } } }" }), {
    listed: true, options: ["--no-introspection"], expects: ["GRAPHQL_VALIDATION_FAILED"], hides: /did you mean/i,
  }),
];
