// The operations of the matrix, for the graph in `graph/`. Each has the client's request and the expected answer:
//
//   name     a description, shown if it fails
//   request  the request: `query`, `operationName`, `documentId`: texts; `variables` and `extensions`: objects, or raw JSON as a
//            text. An array is a batch, and a text is a body
//   answer   DATA, or the code of the first error
//   stage    where the request ends: EXECUTED, REFUSED before execution, MALFORMED if it is not a GraphQL request
//   server   the server: `plain`, or `manifest`, which has persisted documents
//   only     the transports that can send it, if not all can
import { createHash } from 'node:crypto';

import { getIntrospectionQuery } from 'graphql';

export const DATA = 'data';
export const EXECUTED = 'executed';
export const REFUSED = 'refused';
export const MALFORMED = 'malformed';

export const sha256 = (text) => createHash('sha256').update(text).digest('hex');

/** The documents of the server with a manifest. */
export const MANIFEST = {
  instruments: 'query Instruments($first: Int = 2) { instruments(first: $first) { nodes { id name } } }',
  makers: 'query Makers { makers { totalCount } } query Names { makers { nodes { name } } }',
};
for (const document of Object.values(MANIFEST)) MANIFEST[`sha256:${sha256(document)}`] = document;

const operations = [];
const data = (name, query, rest = {}) => add(name, { query, ...rest }, DATA, EXECUTED);
const failed = (name, code, query, variables) => add(name, { query, variables }, code, EXECUTED);
const refused = (name, code, query, rest = {}) => add(name, { query, ...rest }, code, REFUSED);
const malformed = (name, request, only) => add(name, request, 'BAD_REQUEST', MALFORMED, { only });

function add(name, request, answer, stage, rest = {}) {
  operations.push({ name, request, answer, stage, server: 'plain', ...rest });
}

// Queries of each kind.
data('a field', '{ graph { title } }');
data('a type name', '{ __typename }');
data('a node', '{ node(id: "lute-1") { __typename id ... on Instrument { name code } } }');
data('nodes, one of which is not there', '{ nodes(ids: ["maler", "nobody", "lute-2"]) { id label } }');
data('a lookup that finds nothing', '{ maker(id: "nobody") { name } }');
data('a lookup by a unique field', '{ instrument(by: { code: "L-002" }) { name copyOf { name } copyOfEdge { statement { rank } } } }');
data('a list with all values', '{ instruments { nodes { id name code kind strings weight price finished playable notes details } } }');
data('a page with cursors', '{ makers(first: 2, orderBy: [{ name: DESC }]) { edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount } }');
data('a filter', '{ instruments(filter: { or: [{ strings: { gte: 13 } }, { not: { price: { isNull: true } } }], kind: { in: [LUTE, VIOL] } }) { nodes { id } } }');
data('a filter over a relation', '{ makers(filter: { instruments: { some: { kind: { eq: LUTE } } } }) { nodes { name instruments { edges { role share year node { id } } } } } }');
data('figures and groups', '{ instruments { aggregate { count strings { min max sum avg } price { sum distinct } groupBy(by: [{kind: {}}]) { key count keys { field value } } } } }');
data('statements', '{ instrument(id: "lute-1") { statements { nodes { field value rank valid { from until } target { id } edge citations { locator source { title } } } } } }');
data('links', '{ entity(id: "maler") { degree links { nodes { relation forward from { id } to { id } } } } }');
data('a full-text search', '{ search(query: "lute") { totalCount edges { score node { id } highlights { field fragments } } } }');
data('a path', '{ path(from: "lute-2", to: "bavaria") { length cost nodes { id } steps { relation forward } } }');
data('a neighborhood', '{ neighborhood(of: ["maler"], hops: 2) { totalCount truncated nodes { id } links { relation from { id } to { id } } } }');
data('a ranking', '{ ranking(by: PAGE_RANK, first: 5) { score exact entity { id } } }');
data('similar entities and components', '{ similar(to: "lute-1") { score entity { id } } components { size nodes { nodes { id } } } }');
data('a timeline', '{ timeline(first: 4) { totalCount nodes { date entity { id } statement { field value } } } }');
data('a date to ask about', '{ now: maker(id: "maler") { town { name } } then: maker(id: "maler", asOf: "1510") { town { name } } }');
data('a path expression', '{ town(id: "fuessen") { follow(path: "region+") { nodes { id } } } }');

// Syntax of documents.
data('aliases', '{ first: maker(id: "maler") { n: name } second: maker(id: "gerle") { n: name m: name } }');
data('fragments', 'query { named(id: "maler") { ...A } } fragment A on Named { name ...B } fragment B on Maker { born ... on Entity { label ... { id } } }');
data('skip and include', 'query ($yes: Boolean!, $no: Boolean = false) { graph { title @include(if: $yes) licence @skip(if: $yes) revision @include(if: $no) } }', { variables: { yes: true } });
data('one operation of several', 'query A { graph { title } } query B($id: ID!) { maker(id: $id) { name } }', { operationName: 'B', variables: { id: 'gerle' } });
data('comments, commas, byte order mark and line ends', '\uFEFF# A comment, “quoted” 😀\r\n{,graph,{\r\ttitle # to the end\n},}\n');
data('block strings and escapes', '{ a: search(query: """\n    Lute "in"\n      courses\n  """) { totalCount } b: makers(filter: { name: { eq: "\\u7530\\u4E2D \\u3055くら \\u{1F338}" } }) { nodes { id } } }');
data('an empty member for all that may be null', '{ graph { title } }', { operationName: null, variables: null, extensions: null });
data('members that are not known', '{ graph { title } }', { extensions: { tracing: true, 'x-trace': { id: [1, null] } }, variables: { unused: 'x' } });

// Variables of every scalar.
data('variables: String, ID, Int', 'query ($s: String!, $i: ID!, $n: Int) { instruments(first: $n, filter: { name: { startsWith: $s } }) { nodes { id } } node(id: $i) { id } }', { variables: { s: 'Lute', i: 'gerle', n: 1 } });
data('variables: Float, Decimal', 'query ($f: Float, $d: Decimal) { a: instruments(filter: { weight: { lte: $f } }) { nodes { id weight } } b: instruments(filter: { price: { eq: $d } }) { nodes { id price } } }', { variables: '{"f": 1.00e-1, "d": "100.0"}' });
data('variables: Boolean, enum, lists', 'query ($b: Boolean, $k: [Kind!], $ids: [ID!]!) { instruments(filter: { or: [{ playable: { eq: $b } }, { kind: { in: $k } }] }) { nodes { id } } nodes(ids: $ids) { id } }', { variables: { b: false, k: ['HARP'], ids: 'maler' } });
data('variables: Date, DateTime', 'query ($d: Date, $t: DateTime) { makers(filter: { born: { overlaps: $d } }) { nodes { id born } } instruments(filter: { finished: { eq: $t } }) { nodes { finished } } }', { variables: { d: '1521/1522', t: '2001-02-03T02:05:06.789Z' } });
data('variables: URL, and texts of several languages', 'query ($u: URL, $t: String, $n: Boolean) { a: makers(filter: { site: { eq: $u } }) { nodes { site motto(lang: ["ja"]) } } b: makers(filter: { motto: { contains: $t } }) { nodes { id } } c: instruments(filter: { details: { isNull: $n } }) { totalCount } }', { variables: { u: 'urn:isbn:9780141036144', t: 'fast', n: true } });
data('variables: a scalar of the schema', 'query ($t: Tuning, $n: [Tuning!]) { a: instruments(filter: { tuning: { eq: $t } }) { nodes { id tuning } } b: instruments(filter: { tuning: { in: $n } }) { totalCount } }', { variables: '{"t": {"open": ["D", "G", "c", "e", "a", "d\'"]}, "n": [1.50, "😀", [[]], {"a": {"b": false}}]}' });
data('variables: input objects', 'query ($f: InstrumentFilter, $o: [InstrumentOrder!], $u: InstrumentUnique!) { instruments(filter: $f, orderBy: $o) { nodes { id } } instrument(by: $u) { id } }', { variables: { f: { kind: { eq: 'LUTE' }, makers: { some: { name: { contains: 'M' } } } }, o: [{ name: 'DESC_NULLS_FIRST' }], u: { code: 'V-001' } } });
data('variables: numbers as they are written', 'query ($n: Int!, $i: ID!) { makers(first: $n) { nodes { id } } node(id: $i) { id } }', { variables: '{ "n" : 1e0 , "i":\n 7 }' });
data('variables: defaults and null', 'query ($n: Int = 1, $k: Kind, $f: MakerFilter = null) { makers(first: $n, filter: $f) { nodes { id } } instruments(filter: { kind: { eq: $k } }) { totalCount } }', { variables: { k: null } });
data('variables: surrogates, separators, nothing', 'query ($a: String!, $b: String!) { a: makers(filter: { name: { endsWith: $a } }) { nodes { name } } b: instruments(filter: { notes: { has: $b } }) { nodes { notes } } c: search(query: "") { totalCount } }', { variables: '{"a": "\\ud83c\\udf38", "b": "line\\nbreak\\u2028and\\u2029more"}' });

// Introspection, and fields that the server adds.
data('introspection', getIntrospectionQuery({ descriptions: true, specifiedByUrl: true, directiveIsRepeatable: true, schemaDescription: true, inputValueDeprecation: true, oneOf: true }), { operationName: 'IntrospectionQuery' });
data('introspection of a type', '{ __type(name: "Maker") { kind name description fields { name type { kind name ofType { name } } } interfaces { name } } graph { types { name } relations { name count } } }');
data('citations', 'query @cite { instrument(id: "lute-1") { strings makers { edges { role node { name } } } } }');
data('citations of a field', '{ instrument(id: "lute-1") { strings @cite name } maker(id: "maler") { ...M } } fragment M on Maker @cite { name }');
data('an explained query', 'query @explain { makers(filter: { name: { contains: "a" } }) { nodes { name instruments { nodes { id } } } } }');
data('citations and a plan', 'query @cite @explain { maker(id: "maler") { name } }');

// Answers of 64 kB and more.
const many = (count, field) => Array.from({ length: count }, (_, no) => `a${no}: ${field}`).join(' ');
data('an answer of over 64 kB', `{ ${many(200, 'instruments { ...I }')} } fragment I on InstrumentConnection { nodes { name notes details finished } }`);
data('an answer of over 1 MB', `query { ${many(500, 'instruments { ...I }')} } fragment I on InstrumentConnection { nodes { id name notes details finished makers { nodes { ...M } } statements { nodes { field value rank } } } } fragment M on Maker { name motto site }`);

// Errors of fields.
failed('an id that is not there', 'BAD_USER_INPUT', '{ path(from: "maler", to: "nobody") { length } graph { title } }');
failed('a cursor that cannot be read', 'CURSOR_INVALID', '{ makers(after: "?") { nodes { id } } towns { totalCount } }');
failed('a negative page', 'BAD_USER_INPUT', 'query ($n: Int) { graph { title } makers(first: $n) { totalCount } }', { n: -1 });
failed('a null that goes up', 'BAD_USER_INPUT', '{ maker(id: "maler") { name instruments(first: -1) { totalCount } } }');
failed('two errors, and text beyond ASCII before them', 'BAD_USER_INPUT', '{ a: search(query: "😀") { totalCount } b: makers(first: -1) { totalCount } c: makers(filter: { name: { matches: "(“" } }) { totalCount } }');

// Errors of requests.
refused('a syntax error', 'GRAPHQL_PARSE_FAILED', '{ graph { title }');
refused('an empty document', 'GRAPHQL_PARSE_FAILED', '');
refused('a field that is not there', 'GRAPHQL_VALIDATION_FAILED', '{ graph { titel } }');
refused('several errors', 'GRAPHQL_VALIDATION_FAILED', 'query ($a: Int, $b: Nothing) {\n  graph { nothing }\n  makers(fist: 1) { nodes { ...F } } # 😀\n}');
refused('a variable of a wrong type', 'BAD_USER_INPUT', 'query ($n: Int!) { makers(first: $n) { totalCount } }', { variables: { n: '“two”' } });
refused('a variable that is missing', 'BAD_USER_INPUT', 'query ($id: ID!, $f: MakerFilter) { node(id: $id) { id } makers(filter: $f) { totalCount } }', { variables: { f: { nothing: 1 } } });
refused('an operation that is not there', 'BAD_USER_INPUT', 'query A { __typename } query B { __typename }', { operationName: 'C' });
refused('no operation of two is named', 'BAD_USER_INPUT', 'query A { __typename } query B { __typename }');
refused('too deep', 'DEPTH_LIMIT', `{ town(id: "fuessen") { ${'region { '.repeat(60)}id${' }'.repeat(60)} } }`);
add('a mutation', { query: 'mutation { nothing }' }, 'GRAPHQL_VALIDATION_FAILED', REFUSED, { only: ['post', 'response', 'multipart', 'events', 'socket'] });

// Bodies that are not requests.
malformed('neither a query nor a document', { operationName: 'A' });
malformed('variables that are a list', { query: '{ __typename }', variables: '[1]' });
malformed('extensions that are a text', { query: '{ __typename }', extensions: '"none"' });
malformed('a query that is a number', { query: 5 }, ['post', 'response', 'multipart', 'events', 'socket']);
malformed('a name that is a list', { query: '{ __typename }', operationName: ['A'] }, ['post', 'response', 'multipart', 'events', 'socket']);

const OVER_POST = ['post', 'response', 'multipart', 'events'];
malformed('a batch', [{ query: '{ __typename }' }, { query: '{ graph { title } }' }], OVER_POST);
malformed('a batch of one', [{ query: '{ __typename }' }], OVER_POST);
malformed('a body that is not JSON', 'query=%7B__typename%7D', OVER_POST);
malformed('a body that ends early', '{"query": "{ __typename }", "variables": {', OVER_POST);
malformed('an empty body', '', OVER_POST);

// Extreme JSON in variables.
const scalar = 'query ($t: Tuning) { instruments(filter: { tuning: { ne: $t } }) { totalCount } }';
data('variables: 60 levels', scalar, { variables: `{"t": ${'['.repeat(60)}1${']'.repeat(60)}}` });
data('variables: names that are odd', scalar, { variables: '{"": 1, "t": {"": {"\\u0000": "\\u0000"}}, "__proto__": null}' });
refused('variables: a number beyond all bounds', 'BAD_USER_INPUT', 'query ($f: Float) { instruments(filter: { weight: { lt: $f } }) { totalCount } }', { variables: '{"f": 1e400}' });

// Persisted documents. Each client and transport has its own hash, so that each registers its own document.
const persistedQuery = (sha256Hash) => ({ persistedQuery: { version: 1, sha256Hash } });
const own = (tag) => `query Own($id: ID!) { maker(id: $id) { name } } # ${tag}`;
const automatic = (name, request, answer, stage) => add(name, request, answer, stage);
automatic('a hash that is not known', (tag) => ({ variables: { id: 'maler' }, extensions: persistedQuery(sha256(own(tag))) }), 'PERSISTED_QUERY_NOT_FOUND', REFUSED);
automatic('a hash with its query', (tag) => ({ query: own(tag), variables: { id: 'maler' }, extensions: persistedQuery(sha256(own(tag))) }), DATA, EXECUTED);
automatic('a hash that is known', (tag) => ({ operationName: 'Own', variables: { id: 'gerle' }, extensions: persistedQuery(sha256(own(tag))) }), DATA, EXECUTED);
automatic('a hash that is known, as an id', (tag) => ({ documentId: `sha256:${sha256(own(tag))}`, variables: { id: 'tanaka' } }), DATA, EXECUTED);
automatic('the hash of another query', () => ({ query: '{ __typename }', extensions: persistedQuery(sha256('{ other }')) }), 'PERSISTED_QUERY_HASH_MISMATCH', REFUSED);
const named = (name, request, answer, stage) => add(name, request, answer, stage, { server: 'manifest' });
named('a document of the manifest', { documentId: 'instruments' }, DATA, EXECUTED);
named('a document of the manifest with variables', { documentId: 'instruments', variables: { first: 1 } }, DATA, EXECUTED);
named('one operation of a document', { documentId: 'makers', operationName: 'Names' }, DATA, EXECUTED);
named('a document by its hash', { documentId: `sha256:${sha256(MANIFEST.instruments)}` }, DATA, EXECUTED);
named('a document that is not there', { documentId: 'nothing “😀”' }, 'PERSISTED_DOCUMENT_NOT_FOUND', REFUSED);
named('a query that is sent', { query: '{ makers { totalCount } }' }, 'PERSISTED_DOCUMENT_REQUIRED', REFUSED);

export { operations };
