import { parse, visit } from 'graphql';
import { expect, test } from 'vitest';

import { cited } from './cite';
import { suggestedIds } from './client';
import * as queries from './queries';
import { csv, sorted, table } from './table';
import { cardinalityOf, edgeProperties, ends, endsOf, facetsOf, grouped, statedFields, vocabulary } from './vocabulary';

const FACETS: queries.Facet[] = [
  { name: 'kind', isList: false, isBoolean: false, chosen: 'STEAMER' },
  { name: 'uses', isList: true, isBoolean: false },
  { name: 'retired', isList: false, isBoolean: true, chosen: 'true' },
];

const QUESTIONS = {
  home: queries.home(),
  newest: queries.newest('2026-01-01'),
  suggest: queries.suggest('a'),
  search: queries.search('a', ['Ship']),
  typesFound: queries.typesFound('a'),
  facetFields: queries.facetFields('Ship'),
  facetCounts: queries.facetCounts('ships', 'Ship', FACETS),
  browseFacets: queries.browseFacets('ships', 'Ship', FACETS, 'cursor'),
  near: queries.near('a'),
  browse: queries.browse(['Ship']),
  contents: queries.contents(),
  entity: queries.entity('a', '1900'),
  entityByField: queries.entityByField('a', ['name', '^about']),
  wholeEntity: queries.wholeEntity('a'),
  entityField: queries.entityField('a', 'owners', undefined, 'cursor'),
  conflicts: queries.conflicts('Ship', ['tonnage']),
  trees: queries.trees('a', ['WITHIN', 'PART_OF']),
  names: queries.names(['a']),
  source: queries.source('a', 'may/2', 'cursor'),
  type: queries.type('Ship'),
  schema: queries.schema(),
  edgeTypes: queries.edgeTypes(['PlaceEdge', 'ShipEdge']),
};

test.each(Object.entries(QUESTIONS))('the question %s is a document that declares the variables that it is given', (_, { query, variables }) => {
  const declared = new Set<string>();
  visit(parse(query), { VariableDefinition: (node) => void declared.add(node.variable.name.value) });
  expect([...declared]).toEqual(expect.arrayContaining(Object.keys(variables)));
});

test('variables that are not given are left out', () => {
  expect(queries.entity('a').variables).toEqual({ id: 'a' });
  expect(queries.search('a', []).variables).toEqual({ query: 'a' });
});

test.each([
  ['{ a }', 'query @cite { a }'],
  ['# {\n{ a }', '# {\nquery @cite { a }'],
  ['query A($b: In = {c: "}"}) { a }', 'query A($b: In = {c: "}"}) @cite { a }'],
  ['query @cite { a }', 'query @cite { a }'],
  ['query A @explain{ a }', 'query A @explain @cite { a }'],
  ['query A { a(b: "{") { ...F } }\nfragment F on T { b }', 'query A @cite { a(b: "{") { ...F } }\nfragment F on T { b }'],
])('%s asks for sources as %s', (document, wanted) => {
  expect(cited(document)).toBe(wanted);
  parse(cited(document));
});

test('a chosen value narrows the list and the counts of the other fields', () => {
  expect(queries.browseFacets('ships', 'Ship', FACETS).variables).toEqual({ filter: { kind: { eq: 'STEAMER' }, retired: { eq: true } } });
  expect(queries.facetCounts('ships', 'Ship', FACETS).variables).toEqual({
    kind: { retired: { eq: true } },
    uses: { kind: { eq: 'STEAMER' }, retired: { eq: true } },
    retired: { kind: { eq: 'STEAMER' } },
  });
});

test('facets are the enums and booleans of a type', () => {
  const of = (name: string, kind: string, type: string) => ({ name, description: null, type: { kind, name: type } });
  const fields = [of('name', 'SCALAR', 'String'), of('kind', 'ENUM', 'ShipKind'), of('retired', 'SCALAR', 'Boolean')];
  const answer = { __type: { fields }, query: { fields: [of('ship', 'OBJECT', 'Ship'), of('ships', 'OBJECT', 'ShipConnection')] } };
  expect(facetsOf('Ship', answer, ['kind:A:B', 'name:x'])).toEqual({
    list: 'ships',
    facets: [
      { name: 'kind', isList: false, isBoolean: false, chosen: 'A:B' },
      { name: 'retired', isList: false, isBoolean: true },
    ],
  });
});

test('near ids are read from the message of an error', () => {
  const error = { message: '`of` is "x", and no entity has this id: did you mean "the-code", "the-code-members" or "b"?' };
  expect(suggestedIds([error])).toEqual(['the-code', 'the-code-members', 'b']);
  expect(suggestedIds([{ message: '`of` is "x", and no entity has this id' }])).toEqual([]);
});

const TYPE: queries.TypeAnswer = {
  __type: {
    name: 'Place',
    description: null,
    interfaces: [],
    fields: [
      ['id', 'SCALAR', 'ID'],
      ['name', 'SCALAR', 'String'],
      ['kind', 'ENUM', 'Kind'],
      ['within', 'OBJECT', 'Place'],
      ['withinEdge', 'OBJECT', 'PlaceWithinEdge'],
      ['parts', 'OBJECT', 'PlacePartsConnection'],
      ['statements', 'OBJECT', 'StatementConnection'],
    ].map(([name = '', kind = '', type = '']) => ({
      name,
      description: name === 'within' ? 'The larger place.' : name === 'parts' ? 'The places whose `within` leads here.' : null,
      type: { kind: 'NON_NULL', name: null, ofType: { kind, name: type, ofType: null } },
    })),
  },
  graph: {
    relations: [
      { name: 'WITHIN', field: 'within', inverse: 'parts', symmetric: false, transitive: true, from: ['Place'], to: ['Place'], count: 1 },
      { name: 'ABOUT', field: 'about', inverse: null, symmetric: false, transitive: false, from: ['Text'], to: ['Place'], count: 1 },
    ],
  },
};

test('fields are properties, outgoing or incoming', () => {
  const of = vocabulary('Place', TYPE);
  expect(['name', 'kind', 'within', 'parts', '^about'].map((field) => of(field).side)).toEqual([
    'property',
    'property',
    'outgoing',
    'incoming',
    'incoming',
  ]);
  expect(of('kind').isEnum).toBe(true);
  expect([of('within').isList, of('parts').isList]).toEqual([false, true]);
  expect(['name', 'within', 'parts'].map((field) => of(field).description)).toEqual([undefined, 'The larger place.', undefined]);
  expect(statedFields('Place', TYPE, ['kind', 'description'])).toEqual(['kind', 'description', 'name', 'within', 'parts', '^about']);
});

test('the ends of a relation have cardinalities, and its edges a type', () => {
  const { graph, __type } = TYPE;
  const type = { name: 'Place', interfaces: [], fields: __type?.fields ?? [] };
  const of = ends({ __type: { possibleTypes: [type] }, graph: { types: [], relations: graph.relations.map((it) => ({ ...it, class: null })) } });
  expect(of.get('WITHIN')).toEqual({ to: 'exactly one', from: 'any number', edge: 'PlaceWithinEdge' });
  expect(of.get('ABOUT')).toEqual({ to: 'any number' });
  expect([...of.values()].map(cardinalityOf)).toEqual(['many to one', 'many to many']);
  expect(cardinalityOf({ from: 'at most one', to: 'at most one' })).toBe('at most one to at most one');
});

test('the properties of edges are the fields that not all edges have', () => {
  const field = (name: string, type: string) => ({ name, description: null, type: { kind: 'SCALAR', name: type } });
  const answer = { edge0: { name: 'PlaceEdge', fields: [field('node', 'Place'), field('cursor', 'String'), field('since', 'Date'), field('statement', 'Statement')] }, edge1: null };
  expect(edgeProperties(answer)).toEqual(new Map([['PlaceEdge', [{ name: 'since', type: 'Date' }]]]));
});

test('the types of an end are an interface where they are all of its types', () => {
  const owner = { name: 'Owner', description: null, types: ['Firm', 'Person'] };
  const all = ['Ship', 'Firm', 'Person', 'Place'];
  const names = (types: string[]) => endsOf(types, all, [owner]).map(({ kind, name }) => `${kind} ${name}`);
  expect(names(['Place', 'Person', 'Firm'])).toEqual(['interface Owner', 'type Place']);
  expect(names(['Person', 'Ship'])).toEqual(['type Person', 'type Ship']);
  expect(names(all)).toEqual(['any Entity']);
});

test('statements are grouped in the order in which their fields come', () => {
  const said = (field: string): queries.Statement => ({ field, value: 1, edge: null, rank: 'NORMAL', valid: null, target: null, citations: [] });
  const groups = grouped([said('b'), said('a'), said('b')]);
  expect(groups.map(({ field, total }) => [field, total])).toEqual([
    ['b', 2],
    ['a', 1],
  ]);
});

test('an answer is a table of its first list of objects', () => {
  const answer = {
    graph: { title: 'x' },
    ships: { edges: [{ share: 2, node: { name: 'A, "B"', tags: ['x', 'y'], owners: { nodes: [{ name: 'P' }] } } }, { share: 10, node: { name: 'C', tags: [] } }] },
  };
  const made = table(answer);
  expect(made?.columns).toEqual(['share', 'name', 'tags', 'owners']);
  expect(made && csv(made)).toBe('share,name,tags,owners\r\n2,"A, ""B""",x; y,P\r\n10,C,,\r\n');
  expect(made && sorted(made.rows, 'share', true).map((row) => row.share)).toEqual([10, 2]);
  expect(made && sorted(made.rows, 'owners', true).map((row) => row.owners)).toEqual(['P', undefined]);
  expect(table({ graph: { title: 'x' } })).toBeUndefined();
});
