// Makes valid operations invalid, each by one rule of the specification.
import { getNamedType } from 'graphql';

const replace = (query, from, to) => (query.includes(from) ? query.replace(from, to) : undefined);
const insert = (query, at, text) => (at < 0 ? undefined : query.slice(0, at) + text + query.slice(at));
const body = (query) => query.indexOf('{', query.indexOf(')') > 0 && query.startsWith('query (') ? query.indexOf(') {') : 0);

/** The operation with another header, which replaces its variables, so it must have none. */
const withHead = (query, head) => (query.startsWith('query {') ? query.replace('query {', head) : `${head} __typename }`);

const SPOILS = {
  'an unknown field': (q) => insert(q, body(q) + 1, ' nothing '),
  'an unknown argument': (q) => insert(q, body(q) + 1, ' x1: graph(nothing: 1) { title } '),
  'a required argument is missing': (q) => insert(q, body(q) + 1, ' x1: node { id } '),
  'an argument twice': (q) => insert(q, body(q) + 1, ' x1: node(id: "a", id: "b") { id } '),
  'a leaf with a selection': (q) => insert(q, body(q) + 1, ' x1: graph { title { x } } '),
  'a composite without a selection': (q) => insert(q, body(q) + 1, ' x1: graph '),
  'a literal of a wrong type': (q, it) => insert(q, body(q) + 1, ` x1: ${it.list}(first: "two") { totalCount } `),
  'an integer that does not fit': (q, it) => insert(q, body(q) + 1, ` x1: ${it.list}(first: 3000000000) { totalCount } `),
  'an enum as a string': (q, it) => insert(q, body(q) + 1, ` x1: ${it.list}(orderBy: [{label: "ASC"}]) { totalCount } `),
  'an unknown enum value': (q, it) => insert(q, body(q) + 1, ` x1: ${it.list}(orderBy: [{label: UP}]) { totalCount } `),
  'two fields of a oneOf': (q, it) => insert(q, body(q) + 1, ` x1: ${it.list}(orderBy: [{label: ASC, id: ASC}]) { totalCount } `),
  'no field of a oneOf': (q, it) => insert(q, body(q) + 1, ` x1: ${it.list}(orderBy: [{}]) { totalCount } `),
  'null in a oneOf': (q, it) => insert(q, body(q) + 1, ` x1: ${it.list}(orderBy: [{label: null}]) { totalCount } `),
  'an unknown input field': (q, it) => insert(q, body(q) + 1, ` x1: ${it.list}(filter: {nothing: {eq: 1}}) { totalCount } `),
  'an input field twice': (q, it) => insert(q, body(q) + 1, ` x1: ${it.list}(filter: {label: {eq: "a"}, label: {eq: "b"}}) { totalCount } `),
  'null for a non-null': (q) => insert(q, body(q) + 1, ' x1: node(id: null) { id } '),
  'an undefined variable': (q) => insert(q, body(q) + 1, ' x1: node(id: $nothing) { id } '),
  'a variable of a wrong type': (q) => withHead(q, 'query ($w: Int!) { x1: node(id: $w) { id } '),
  'a nullable variable for a non-null': (q) => withHead(q, 'query ($w: ID) { x1: node(id: $w) { id } '),
  'a list variable for a single value': (q) => withHead(q, 'query ($w: [ID!]!) { x1: node(id: $w) { id } '),
  'a nullable variable in a oneOf': (q, it) => withHead(q, `query ($w: SortOrder) { x1: ${it.list}(orderBy: [{label: $w}]) { totalCount } `),
  'an unused variable': (q) => withHead(q, 'query ($w: Int) {'),
  'a variable twice': (q) => withHead(q, 'query ($w: ID!, $w: ID!) { x1: node(id: $w) { id } '),
  'a variable of an output type': (q, it) => withHead(q, `query ($w: ${it.type}) { x1: ${it.list}(filter: $w) { totalCount } `),
  'a default of a wrong type': (q, it) => withHead(q, `query ($w: Int = "x") { x1: ${it.list}(first: $w) { totalCount } `),
  'an unknown fragment': (q) => insert(q, body(q) + 1, ' ...Nothing '),
  'an unused fragment': (q, it) => `${q}\nfragment Unused on ${it.type} { id }`,
  'a fragment twice': (q) => insert(q, body(q) + 1, ' ...Twice ') && `${insert(q, body(q) + 1, ' ...Twice ')}\nfragment Twice on Query { __typename }\nfragment Twice on Query { __typename }`,
  'a fragment in itself': (q) => `${insert(q, body(q) + 1, ' ...Circle ')}\nfragment Circle on Query { ...Circle }`,
  'a fragment on a leaf': (q) => insert(q, body(q) + 1, ' ... on String { x } '),
  'a fragment on an unknown type': (q) => insert(q, body(q) + 1, ' ... on Nothing { x } '),
  'a fragment that never applies': (q, it) => insert(q, body(q) + 1, ` x1: ${it.one}(id: "x") { ... on ${it.other} { id } } `),
  'two fields under one key': (q) => insert(q, body(q) + 1, ' x1: graph { title } x1: node(id: "a") { id } '),
  'two arguments under one key': (q) => insert(q, body(q) + 1, ' x1: node(id: "a") { id } x1: node(id: "b") { id } '),
  'two types under one key': (q, it) => insert(q, body(q) + 1, ` x1: node(id: "a") { ... on ${it.type} { y: label } ... on ${it.other} { y: degree } } `),
  'an unknown directive': (q) => insert(q, body(q) + 1, ' x1: graph @nothing { title } '),
  'a directive twice': (q) => insert(q, body(q) + 1, ' x1: graph @skip(if: true) @skip(if: false) { title } '),
  'a directive in a wrong place': (q) => withHead(q, 'query @skip(if: true) {'),
  'a directive without its argument': (q) => insert(q, body(q) + 1, ' x1: graph @skip { title } '),
  'a syntax error': (q) => q.slice(0, -1),
  'no such operation type': (q) => replace(q, 'query', 'mutation'),
  'two operations without names': (q) => `${q}\n{ __typename }`,
  'an introspection field that is not there': (q) => insert(q, body(q) + 1, ' __nothing '),
};

/** Names that the rules need: a type with its root fields, and another type. */
function names(schema, random) {
  const types = schema.getPossibleTypes(schema.getType('Entity'));
  const type = random.pick(types);
  const other = random.pick(types.filter((it) => it !== type));
  const fields = Object.values(schema.getQueryType().getFields());
  const list = fields.find((it) => getNamedType(it.type).name === `${type.name}Connection`);
  const one = fields.find((it) => getNamedType(it.type) === type);
  return { type: type.name, other: other.name, list: list.name, one: one.name };
}

/** An operation that violates one of the rules; undefined if the rule does not apply to it. */
export function spoil(query, random, schema) {
  const [rule, change] = random.pick(Object.entries(SPOILS));
  const spoiled = change(query, names(schema, random));
  return spoiled && { rule, query: spoiled };
}
