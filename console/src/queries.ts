// The questions that pages ask, and the types of their answers. Each page can show its question in GraphiQL.

import type { Question } from './client';

export interface Name {
  __typename: string;
  entityId: string;
  label: string;
}

export interface Citation {
  locator: string | null;
  note: string | null;
  source: { entityId: string; label: string };
}

export interface Statement {
  field: string;
  value: unknown;
  edge: Record<string, unknown> | null;
  rank: 'PREFERRED' | 'NORMAL' | 'DEPRECATED';
  valid: { from: string | null; until: string | null } | null;
  target: Name | null;
  citations: Citation[];
}

export interface Page {
  hasNextPage: boolean;
  endCursor: string | null;
}

export interface Statements {
  totalCount: number;
  pageInfo: Page;
  nodes: Statement[];
}

/** How many items a long list asks for at once. Only those near the window are in the page. */
export const LONG_PAGE = 500;

const STATEMENT = `fragment Statement on Statement {
  field
  value
  edge
  rank
  valid { from until }
  target { __typename entityId label }
  citations { locator note source { entityId label } }
}
`;

// --- Home

export interface Home {
  graph: {
    title: string | null;
    description: string | null;
    licence: string | null;
    url: string | null;
    entityCount: number;
    statementCount: number;
    sourceCount: number;
    types: { name: string; description: string | null; count: number }[];
    examples: { title: string; query: string }[];
    sources: { totalCount: number; nodes: { entityId: string; label: string; publisher: string | null; published: string | null }[] };
  };
}

export function home(): Question {
  return {
    query: `query Home {
  graph {
    title
    description
    licence
    url
    entityCount
    statementCount
    sourceCount
    types { name description count }
    examples { title query }
    sources(first: 8) { totalCount nodes { entityId label publisher published } }
  }
}
`,
    variables: {},
  };
}

export interface TimelineEntry {
  date: string;
  entity: Name;
  statement: Pick<Statement, 'field' | 'value' | 'valid' | 'target'>;
}

export interface Newest {
  timeline: { nodes: TimelineEntry[] } | null;
}

/** The last dated statements before a day. */
export function newest(today: string): Question {
  return {
    query: `query Newest($today: Date!) {
  timeline(until: $today, last: 8) {
    nodes {
      date
      entity { __typename entityId label }
      statement { field value valid { from until } target { __typename entityId label } }
    }
  }
}
`,
    variables: { today },
  };
}

// --- Search

export interface Suggested {
  suggest: { text: string; start: number; end: number; entity: Name }[];
  search: { totalCount: number; nodes: Name[] } | null;
}

export function suggest(text: string): Question {
  return {
    query: `query Suggest($text: String!) {
  suggest(prefix: $text, first: 6) { text start end entity { __typename entityId label } }
  search(query: $text, first: 6) { totalCount nodes { __typename entityId label } }
}
`,
    variables: { text },
  };
}

export interface Found {
  search: {
    totalCount: number;
    ignored: number;
    pageInfo: Page;
    edges: {
      node: Name & { description: string | null };
      highlights: { field: string; fragments: string[] }[];
      matched: { field: string; rank: string; valid: { from: string | null; until: string | null } | null }[];
    }[];
  } | null;
}

export function search(query: string, types: string[], after?: string): Question {
  return {
    query: `query Search($query: String!, $types: [EntityType!], $after: String) {
  search(query: $query, types: $types, first: 20, after: $after) {
    totalCount
    ignored
    pageInfo { hasNextPage endCursor }
    edges {
      node { __typename entityId label description }
      highlights { field fragments }
      matched { field rank valid { from until } }
    }
  }
}
`,
    variables: given({ query, types: types.length > 0 ? types : undefined, after }),
  };
}

/** How many results are counted by their types. */
export const COUNTED = 1000;

export interface TypesFound {
  search: { totalCount: number; nodes: { __typename: string }[] } | null;
}

export function typesFound(query: string): Question {
  return {
    query: `query Types($query: String!) {
  search(query: $query, first: ${COUNTED}) { totalCount nodes { __typename } }
}
`,
    variables: { query },
  };
}

export interface Near {
  search: { nodes: Name[] } | null;
  suggest: { entity: Name }[];
}

/** Entities that a text without results may mean. */
export function near(query: string): Question {
  return {
    query: `query Near($query: String!, $prefix: String!) {
  search(query: $query, fuzzy: true, first: 8) { nodes { __typename entityId label } }
  suggest(prefix: $prefix, first: 8) { entity { __typename entityId label } }
}
`,
    variables: { query, prefix: query.trim().slice(0, 3) },
  };
}

export interface Browsed {
  entities: { totalCount: number; pageInfo: Page; nodes: (Name & { description: string | null })[] } | null;
}

/** All entities of types, by their labels. */
export function browse(types: string[], after?: string): Question {
  return {
    query: `query Browse($types: [EntityType!]!, $after: String) {
  entities(filter: { entityType: { in: $types } }, orderBy: [{ label: ASC }], first: ${LONG_PAGE}, after: $after) {
    totalCount
    pageInfo { hasNextPage endCursor }
    nodes { __typename entityId label description }
  }
}
`,
    variables: given({ types, after }),
  };
}

export interface FacetFields {
  __type: { fields: Field[] | null } | null;
  query: { fields: Pick<Field, 'name' | 'type'>[] | null } | null;
}

/** The fields of a type, and the lists of entities. */
export function facetFields(type: string): Question {
  return {
    query: `query FacetFields($type: String!) {
  __type(name: $type) { ${FIELDS} }
  query: __type(name: "Query") { fields { name type { kind name ofType { kind name } } } }
}
`,
    variables: { type },
  };
}

/** A field with few values, and the value that is chosen. */
export interface Facet {
  name: string;
  isList: boolean;
  isBoolean: boolean;
  chosen?: string;
}

export type FacetCounts = Record<string, { aggregate: { groupBy: { key: unknown; count: number }[] } } | null>;

/** The entities that have the chosen values, as the filter of a type. */
function filterOf(facets: Facet[]): Record<string, unknown> {
  return Object.fromEntries(
    facets.flatMap(({ name, isList, isBoolean, chosen }) => {
      if (chosen === undefined) {
        return [];
      }
      const value = isBoolean ? chosen === 'true' : chosen;
      return [[name, isList ? { hasAny: [value] } : { eq: value }]];
    }),
  );
}

/** The values of fields with their counts. A chosen value narrows the counts of the other fields. */
export function facetCounts(list: string, type: string, facets: Facet[]): Question {
  const fields = facets.map(({ name }) => `  ${name}: ${list}(filter: $${name}, first: 0) {
    aggregate { groupBy(by: [{ ${name}: { includeMissing: false } }], first: 30) { key count } }
  }`);
  return {
    query: `query FacetCounts(${facets.map(({ name }) => `$${name}: ${type}Filter`).join(', ')}) {\n${fields.join('\n')}\n}\n`,
    variables: Object.fromEntries(facets.map(({ name }) => [name, filterOf(facets.filter((it) => it.name !== name))])),
  };
}

/** The entities of a type that have the chosen values. */
export function browseFacets(list: string, type: string, facets: Facet[], after?: string): Question {
  return {
    query: `query Browse($filter: ${type}Filter, $after: String) {
  entities: ${list}(filter: $filter, orderBy: [{ label: ASC }], first: ${LONG_PAGE}, after: $after) {
    totalCount
    pageInfo { hasNextPage endCursor }
    nodes { __typename entityId label ... on Entity { description } }
  }
}
`,
    variables: given({ filter: filterOf(facets), after }),
  };
}

export interface Contents {
  graph: {
    types: { name: string; description: string | null; count: number }[];
    examples: { title: string; query: string }[];
  };
}

export function contents(): Question {
  return { query: 'query Contents {\n  graph {\n    types { name description count }\n    examples { title query }\n  }\n}\n', variables: {} };
}

// --- Entity

/** How many statements the first question for an entity asks for. */
export const FIRST_STATEMENTS = 200;
/** How many statements of one field the page of an entity shows. */
export const FIRST_OF_FIELD = 10;

export interface Entity extends Name {
  description: string | null;
  degree: number;
}

export interface EntityAnswer {
  entity: (Entity & { statements: Statements }) | null;
  timeline: { totalCount: number; nodes: TimelineEntry[] } | null;
}

const ENTITY = `__typename
    entityId
    label
    description
    degree`;

const TIMELINE = `timeline(of: $id, asOf: $asOf, first: ${LONG_PAGE}) {
    totalCount
    nodes {
      date
      entity { __typename entityId label }
      statement { field value valid { from until } target { __typename entityId label } }
    }
  }`;

export function entity(id: string, asOf?: string): Question {
  return {
    query: `query Entity($id: ID!, $asOf: Date) {
  entity(id: $id, asOf: $asOf) {
    ${ENTITY}
    statements(first: ${FIRST_STATEMENTS}) {
      totalCount
      pageInfo { hasNextPage endCursor }
      nodes { ...Statement }
    }
  }
  ${TIMELINE}
}

${STATEMENT}`,
    variables: given({ id, asOf }),
  };
}

/** The most statements that a copy of an entity has, which is the longest page of a server with its default limits. */
export const MOST_COPIED = 10_000;

/** All statements about an entity, to copy them in another form. */
export function wholeEntity(id: string, asOf?: string): Question {
  return {
    query: `query WholeEntity($id: ID!, $asOf: Date) {
  entity(id: $id, asOf: $asOf) {
    ${ENTITY}
    statements(first: ${MOST_COPIED}) {
      nodes { ...Statement }
    }
  }
}

${STATEMENT}`,
    variables: given({ id, asOf }),
  };
}

/** The alias of a field's statements. `^about` is the other side of `about`. */
function alias(field: string): string {
  return field.startsWith('^') ? `inverse_${field.slice(1)}` : `field_${field}`;
}

export interface EntityByFieldAnswer {
  entity: (Entity & Record<string, unknown>) | null;
  timeline: EntityAnswer['timeline'];
}

/** The first statements of each field, for an entity with many. */
export function entityByField(id: string, fields: string[], asOf?: string): Question {
  const lists = fields.map(
    (field) => `    ${alias(field)}: statements(fields: ["${field}"], first: ${FIRST_OF_FIELD}) {
      totalCount
      pageInfo { hasNextPage endCursor }
      nodes { ...Statement }
    }`,
  );
  return {
    query: `query EntityByField($id: ID!, $asOf: Date) {
  entity(id: $id, asOf: $asOf) {
    ${ENTITY}
${lists.join('\n')}
  }
  ${TIMELINE}
}

${STATEMENT}`,
    variables: given({ id, asOf }),
  };
}

export function statementsOf(answer: NonNullable<EntityByFieldAnswer['entity']>, field: string): Statements | undefined {
  return answer[alias(field)] as Statements | undefined;
}

/** One field's statements, page by page. */
export function entityField(id: string, field: string, asOf?: string, after?: string): Question {
  return {
    query: `query EntityField($id: ID!, $asOf: Date, $field: String!, $after: String) {
  entity(id: $id, asOf: $asOf) {
    ${ENTITY}
    statements(fields: [$field], first: ${LONG_PAGE}, after: $after) {
      totalCount
      pageInfo { hasNextPage endCursor }
      nodes { ...Statement }
    }
  }
}

${STATEMENT}`,
    variables: given({ id, asOf, field, after }),
  };
}

export interface Conflicts {
  conflicts: { pageInfo: Page; nodes: { entity: { entityId: string }; field: string }[] } | null;
}

/** The disagreements of a type's fields. */
export function conflicts(type: string, fields: string[], asOf?: string, after?: string): Question {
  return {
    query: `query Conflicts($types: [EntityType!], $fields: [String!], $asOf: Date, $after: String) {
  conflicts(types: $types, fields: $fields, asOf: $asOf, first: 1000, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes { entity { entityId } field }
  }
}
`,
    variables: given({ types: [type], fields, asOf, after }),
  };
}

export interface Branch extends Name {
  links?: Branches;
}

export interface Branches {
  totalCount: number;
  /** `to` is the other end, whichever way the edge runs. */
  nodes: { to: Branch }[];
}

export interface Trees {
  entity: Record<string, Branches | undefined> | null;
}

/** How many edges far a tree goes. */
const DEPTH = 4;

function nested(relation: string, direction: 'OUT' | 'IN', depth: number): string {
  const deeper = depth > 1 ? ` ${nested(relation, direction, depth - 1)}` : '';
  return `links(via: [${relation}], direction: ${direction}, first: 20) { totalCount nodes { to { __typename entityId label${deeper} } } }`;
}

/** Entities at both ends of transitive relations, over several edges. */
export function trees(id: string, relations: string[], asOf?: string): Question {
  const lists = relations.flatMap((relation) => [
    `    up_${relation}: ${nested(relation, 'OUT', DEPTH)}`,
    `    down_${relation}: ${nested(relation, 'IN', DEPTH)}`,
  ]);
  return {
    query: `query Trees($id: ID!, $asOf: Date) {\n  entity(id: $id, asOf: $asOf) {\n${lists.join('\n')}\n  }\n}\n`,
    variables: given({ id, asOf }),
  };
}

export interface Names {
  nodes: (Name | null)[];
}

export function names(ids: string[]): Question {
  return {
    query: 'query Names($ids: [ID!]!) {\n  nodes(ids: $ids) { __typename ... on Entity { entityId label } }\n}\n',
    variables: { ids },
  };
}

// --- Source

export interface SourceAnswer {
  source: {
    entityId: string;
    label: string;
    description: string | null;
    title: string;
    url: string | null;
    author: string | null;
    publisher: string | null;
    licence: string | null;
    published: string | null;
    retrieved: string | null;
    structure: unknown;
    cited: {
      totalCount: number;
      pageInfo: Page;
      edges: {
        locator: string | null;
        note: string | null;
        node: { entity: Name; statement: Pick<Statement, 'field' | 'value' | 'edge' | 'valid' | 'target'> };
      }[];
    };
  } | null;
  timeline: { totalCount: number } | null;
}

/** A source and what it says, at a place or at all. */
export function source(id: string, locator?: string, after?: string): Question {
  return {
    query: `query Source($id: ID!, $locator: String, $after: String) {
  source(id: $id) {
    entityId
    label
    description
    title
    url
    author
    publisher
    licence
    published
    retrieved
    structure
    cited(locator: $locator, first: ${LONG_PAGE}, after: $after) {
      totalCount
      pageInfo { hasNextPage endCursor }
      edges {
        locator
        note
        node {
          entity { __typename entityId label }
          statement { field value edge valid { from until } target { __typename entityId label } }
        }
      }
    }
  }
  timeline(of: $id, first: 0) { totalCount }
}
`,
    variables: given({ id, locator, after }),
  };
}

// --- Schema

interface TypeReference {
  kind: string;
  name: string | null;
  ofType?: TypeReference | null;
}

export interface Field {
  name: string;
  description: string | null;
  type: TypeReference;
}

export interface Relation {
  name: string;
  field: string;
  inverse: string | null;
  symmetric: boolean;
  transitive: boolean;
  from: string[];
  to: string[];
  count: number;
}

export interface TypeAnswer {
  __type: { name: string; description: string | null; interfaces: { name: string }[] | null; fields: Field[] | null } | null;
  graph: { relations: Relation[] };
}

const FIELDS = 'fields { name description type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } }';
const RELATIONS = 'relations { name field inverse symmetric transitive from to count }';

/** The fields of a type, in the order of the schema, and all relations. */
export function type(name: string): Question {
  return {
    query: `query Type($name: String!) {
  __type(name: $name) {
    name
    description
    interfaces { name }
    ${FIELDS}
  }
  graph { ${RELATIONS} }
}
`,
    variables: { name },
  };
}

export interface SchemaAnswer {
  __type: {
    possibleTypes:
      | { name: string; interfaces: { name: string; description: string | null }[]; fields: Pick<Field, 'name' | 'type'>[] | null }[]
      | null;
  } | null;
  graph: {
    types: { name: string; description: string | null; class: string | null; count: number }[];
    relations: (Relation & { class: string | null })[];
  };
}

export function schema(): Question {
  return {
    query: `query Schema {
  __type(name: "Entity") {
    possibleTypes {
      name
      interfaces { name description }
      fields { name type { kind name ofType { kind name } } }
    }
  }
  graph {
    types { name description class count }
    relations { name field inverse symmetric transitive from to class count }
  }
}
`,
    variables: {},
  };
}

export type EdgeTypesAnswer = Record<string, { name: string; fields: Field[] | null } | null>;

/** The fields of edge types. */
export function edgeTypes(names: string[]): Question {
  const lists = names.map((name, no) => `  edge${no}: __type(name: "${name}") { name ${FIELDS} }`);
  return { query: `query EdgeTypes {\n${lists.join('\n')}\n}\n`, variables: {} };
}

/** Leaves out variables that are not given. */
function given(variables: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined));
}
