// The questions of the neighborhood view, and the types of their answers.

import type { Question } from '../client';
import type { Name, Page, Relation, Statement } from '../queries';
import { OF_TYPE, type Direction, type PathsBetween, type View } from './state';

export interface Entity extends Name {
  degree: number;
}

export interface Link {
  from: Entity;
  to: Entity;
  relation: string;
  /** Whether the edge leads from `from` to `to`. */
  forward: boolean;
  statement: Statement | null;
}

export interface Links {
  totalCount: number;
  pageInfo: Page;
  nodes: Omit<Link, 'from'>[];
}

const NAME = '__typename entityId label degree';

const LINK = `fragment Edge on Link {
  relation
  forward
  statement {
    field
    value
    edge
    rank
    valid { from until }
    citations { locator note source { entityId label } }
  }
}
`;

/** Edges of a relation that are not known yet. */
export interface Wanted {
  id: string;
  relation: string;
  direction: Direction;
  first: number;
  after?: string;
}

interface Root {
  variables: string[];
  fields: string[];
  values: Record<string, unknown>;
}

function openedFields({ variables, fields, values }: Root, wanted: Wanted[]) {
  wanted.forEach(({ id, relation, direction, first, after }, no) => {
    variables.push(`$open${no}: ID!`);
    values[`open${no}`] = id;
    if (after !== undefined) {
      variables.push(`$after${no}: String`);
      values[`after${no}`] = after;
    }
    fields.push(`open${no}: entity(id: $open${no}, asOf: $asOf) {
    ${NAME}
    links(via: [${relation}], direction: ${direction}, first: ${first}${after === undefined ? '' : `, after: $after${no}`}) {
      totalCount
      pageInfo { hasNextPage endCursor }
      nodes { ...Edge to { ${NAME} } }
    }
  }`);
  });
}

function pathsField({ variables, fields, values }: Root, { from, to, shown, avoid }: PathsBetween) {
  variables.push('$from: ID!', '$to: ID!', '$avoid: [ID!]');
  Object.assign(values, { from, to, avoid });
  fields.push(`paths(from: $from, to: $to, avoid: $avoid, asOf: $asOf, first: ${shown}) {
    pageInfo { hasNextPage endCursor }
    nodes { length steps { ...Edge from { ${NAME} } to { ${NAME} } } }
  }`);
}

function written(name: string, { variables, fields, values }: Root, asOf?: string): Question {
  const text = fields.join('\n  ');
  const needed = [...(text.includes('$asOf') ? ['$asOf: Date'] : []), ...variables];
  return {
    query: `query ${name}${needed.length > 0 ? `(${needed.join(', ')})` : ''} {\n  ${text}\n}\n${text.includes('...Edge') ? `\n${LINK}` : ''}`,
    variables: { ...(asOf && text.includes('$asOf') ? { asOf } : {}), ...values },
  };
}

/** An id that leads to the entity as of a date. */
export function dated(id: string, asOf?: string): string {
  return asOf === undefined ? id : `${id}?asOf=${asOf}`;
}

export interface Named {
  of?: (Entity | null)[];
}

export interface ViewAnswer extends Named {
  paths?: { pageInfo: Page; nodes: { length: number; steps: Link[] }[] } | null;
  [alias: `open${number}`]: (Entity & { links: Links }) | null;
  [alias: `type${number}`]: { totalCount: number; nodes: Entity[] } | null;
}

/** Parts of a view that a question asks for. Known parts are left out. */
export interface Missing {
  of: string[];
  types: string[];
  opened: Wanted[];
  paths?: PathsBetween;
}

export function missing({ of, types, opened, paths }: Missing, asOf?: string): Question | null {
  const root: Root = { variables: [], fields: [], values: {} };
  if (of.length > 0) {
    root.variables.push('$of: [ID!]!');
    root.values.of = of.map((id) => dated(id, asOf));
    root.fields.push(`of: nodes(ids: $of) { ... on Entity { ${NAME} } }`);
  }
  types.forEach((type, no) => {
    root.fields.push(`type${no}: entities(filter: { entityType: { eq: ${type} } }, asOf: $asOf, first: ${OF_TYPE}) {
    totalCount
    nodes { ${NAME} }
  }`);
  });
  openedFields(root, opened);
  if (paths) {
    pathsField(root, paths);
  }
  return root.fields.length > 0 ? written('Neighborhood', root, asOf) : null;
}

/** The question of a whole view, as a reload asks it. */
export function whole(view: View): Question | null {
  return missing(
    {
      of: view.of,
      types: view.ofTypes,
      opened: view.opened.map(({ id, relation, direction, shown }) => ({ id, relation, direction, first: shown })),
      paths: view.paths,
    },
    view.asOf,
  );
}

/** A relation as it is seen from one side. */
export interface Arm {
  relation: Relation;
  direction: Direction;
  field: string;
}

/** The relations that a type can have, in both directions. */
export function arms(type: string, relations: Relation[]): Arm[] {
  return relations.flatMap((relation): Arm[] => {
    const { field, inverse, symmetric, from, to } = relation;
    if (symmetric) {
      return from.includes(type) || to.includes(type) ? [{ relation, direction: 'BOTH', field }] : [];
    }
    return [
      ...(from.includes(type) ? [{ relation, direction: 'OUT' as const, field }] : []),
      ...(to.includes(type) ? [{ relation, direction: 'IN' as const, field: inverse ?? `^${field}` }] : []),
    ];
  });
}

export interface Counts {
  entity: (Entity & Record<`arm${number}`, { totalCount: number }>) | null;
}

/** How many edges of each relation an entity has. */
export function counts(id: string, list: Arm[], asOf?: string): Question {
  const fields = list.map(
    ({ relation, direction }, no) => `    arm${no}: links(via: [${relation.name}], direction: ${direction}, first: 0) { totalCount }`,
  );
  return {
    query: `query Counts($id: ID!, $asOf: Date) {
  entity(id: $id, asOf: $asOf) {
    ${NAME}
${fields.join('\n')}
  }
}
`,
    variables: { id, ...(asOf ? { asOf } : {}) },
  };
}

export interface BetweenAnswer {
  neighborhood: { nodes: Entity[]; links: Link[] } | null;
}

/** The edges between entities, without those of some relations. */
export function between(ids: string[], relations: string[], asOf?: string): Question {
  return {
    query: `query Between($of: [ID!]!, $asOf: Date) {
  neighborhood(of: $of, hops: 0, via: [${relations.join(', ')}], asOf: $asOf, first: ${Math.max(ids.length, 1)}) {
    nodes { ${NAME} }
    links { ...Edge from { ${NAME} } to { ${NAME} } }
  }
}

${LINK}`,
    variables: { of: ids, ...(asOf ? { asOf } : {}) },
  };
}

/** The question whose other forms are files: entities, and all edges of some relations between them. */
export function file(ids: string[], relations: string[], asOf?: string): Question {
  return {
    query: `query File($of: [ID!]!, $asOf: Date) {
  neighborhood(of: $of, hops: 0, via: [${relations.join(', ')}], asOf: $asOf, first: ${Math.max(ids.length, 1)}) {
    nodes { label }
  }
}
`,
    variables: { of: ids, ...(asOf ? { asOf } : {}) },
  };
}

export interface Checked {
  entity: { entityId: string } | null;
}

/** An id with a date that is not one leads to nothing; this says why. */
export function check(id: string, asOf: string): Question {
  return {
    query: 'query Check($id: ID!, $asOf: Date) {\n  entity(id: $id, asOf: $asOf) { entityId }\n}\n',
    variables: { id, asOf },
  };
}

export interface Range {
  first: { nodes: { date: string }[] } | null;
  last: { nodes: { date: string }[] } | null;
}

/** The first and the last date of the graph. */
export function range(): Question {
  return {
    query: 'query Dates {\n  first: timeline(first: 1) { nodes { date } }\n  last: timeline(last: 1) { nodes { date } }\n}\n',
    variables: {},
  };
}
