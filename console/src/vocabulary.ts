// The fields of a type, from the schema.

import { words } from './format';
import type { EdgeTypesAnswer, Facet, FacetFields, Field, Relation, SchemaAnswer, Statement, TypeAnswer } from './queries';

export type Side = 'property' | 'outgoing' | 'incoming';

export interface FieldInfo {
  side: Side;
  /** The scalar or enum of a property. */
  type?: string;
  isEnum: boolean;
  isList: boolean;
  isRequired: boolean;
  description?: string;
  relation?: Relation;
}

export type Vocabulary = (field: string) => FieldInfo;

/** Descriptions that the server made of a relation's ends say nothing more than the page. */
function meant(description: string | null): string | undefined {
  return description === null || /^The .*(whose `[^`]*` leads here|that it leads to)\.$/.test(description) ? undefined : description;
}

interface Named {
  name?: string;
  kind: string;
  isList: boolean;
  isRequired: boolean;
}

function named(field: Pick<Field, 'type'>): Named {
  let { type } = field;
  const isRequired = type.kind === 'NON_NULL';
  let isList = false;
  while (type.ofType) {
    isList ||= type.kind === 'LIST';
    type = type.ofType;
  }
  const name = type.name ?? undefined;
  return { name, kind: type.kind, isRequired, isList: isList || (name?.endsWith('Connection') ?? false) };
}

export function vocabulary(typeName: string, { __type, graph }: TypeAnswer): Vocabulary {
  const fields = new Map((__type?.fields ?? []).map((field) => [field.name, field]));
  const outgoing = new Map<string, Relation>();
  const incoming = new Map<string, Relation>();
  for (const relation of graph.relations) {
    if (relation.from.includes(typeName)) {
      outgoing.set(relation.field, relation);
    }
    if (relation.to.includes(typeName)) {
      incoming.set(relation.inverse ?? `^${relation.field}`, relation);
    }
  }
  return (name) => {
    const field = fields.get(name);
    const relation = outgoing.get(name) ?? incoming.get(name);
    const type = field && named(field);
    return {
      side: outgoing.has(name) ? 'outgoing' : relation || name.startsWith('^') ? 'incoming' : 'property',
      type: relation ? undefined : type?.name,
      isEnum: type?.kind === 'ENUM',
      isList: type?.isList ?? true,
      isRequired: type?.isRequired ?? false,
      description: field && meant(field.description),
      relation,
    };
  };
}

/** Fields of each entity that are no statements. */
const OWN = new Set(['id', 'entityId', 'label', 'degree', 'follow', 'statements', 'links']);

/** The fields that a type declares, with the inverses of others, in the order of the schema. */
export function declaredFields({ __type }: TypeAnswer): string[] {
  const fields = __type?.fields ?? [];
  const names = new Set(fields.map((field) => field.name));
  const isEdge = (name: string) => name.endsWith('Edge') && names.has(name.slice(0, -'Edge'.length));
  // Each entity has a description, of which the server says if no type declares it.
  const isNone = ({ name, description }: Field) => name === 'description' && (description ?? '').startsWith('Null: ');
  return fields.filter((field) => !OWN.has(field.name) && !isEdge(field.name) && !isNone(field)).map((field) => field.name);
}

/** The fields of a type that may have statements: those of which some were `seen`, then the others in the order of the schema. */
export function statedFields(typeName: string, answer: TypeAnswer, seen: string[]): string[] {
  const inverse = answer.graph.relations.filter((it) => it.inverse === null && !it.symmetric && it.to.includes(typeName));
  const declared = declaredFields(answer).filter((name) => name !== 'description');
  return [...new Set([...seen, ...declared, ...inverse.map((it) => `^${it.field}`)])];
}

/** The list of a type's entities, and its fields with few values. */
export function facetsOf(typeName: string, { __type, query }: FacetFields, chosen: string[]): { list?: string; facets: Facet[] } {
  const list = (query?.fields ?? []).find((field) => named(field).name === `${typeName}Connection`)?.name;
  const facets = (__type?.fields ?? []).flatMap((field): Facet[] => {
    const { name = '', kind, isList } = named(field);
    if (kind !== 'ENUM' && name !== 'Boolean') {
      return [];
    }
    const value = chosen.find((it) => it.startsWith(`${field.name}:`))?.slice(field.name.length + 1);
    return [{ name: field.name, isList, isBoolean: name === 'Boolean', ...(value === undefined ? {} : { chosen: value }) }];
  });
  return { ...(list === undefined ? {} : { list }), facets };
}

/** How many values or entities a field has. */
export function cardinality({ isList, isRequired }: { isList: boolean; isRequired: boolean }): string {
  return isList ? 'any number' : isRequired ? 'exactly one' : 'at most one';
}

/** How many edges of a relation an entity has, seen from either end, and the type of these edges. */
export interface Ends {
  /** How many entities a start leads to. */
  to: string;
  /** How many starts lead to an entity; unknown if the relation has no inverse. */
  from?: string;
  /** The API's type of an edge, which has the properties of edges. */
  edge?: string;
}

const IN_SHORT: Record<string, string> = { 'any number': 'many', 'exactly one': 'one' };

/** The cardinality of a relation, such as `many to at most one`. */
export function cardinalityOf({ from = 'any number', to }: Ends): string {
  return `${IN_SHORT[from] ?? from} to ${IN_SHORT[to] ?? to}`;
}

/** The ends of relations, by the names of the relations. */
export function ends({ __type, graph }: SchemaAnswer): Map<string, Ends> {
  const types = new Map((__type?.possibleTypes ?? []).map(({ name, fields }) => [name, new Map((fields ?? []).map((field) => [field.name, field]))]));
  const side = (names: string[], field: string): { many?: string; edge?: string } => {
    const found = names.flatMap((name) => {
      const fields = types.get(name);
      const it = fields?.get(field);
      return it ? [{ ...named(it), single: fields?.get(`${field}Edge`) }] : [];
    });
    const [first] = found;
    const many = [...new Set(found.map(cardinality))].join(' or ');
    const edge = first?.isList ? first.name?.replace(/Connection$/, 'Edge') : first?.single && named(first.single).name;
    return { ...(many ? { many } : {}), ...(edge ? { edge } : {}) };
  };
  return new Map(
    graph.relations.map(({ name, field, inverse, symmetric, from, to }) => {
      const out = side(from, field);
      const back = symmetric ? out : inverse === null ? {} : side(to, inverse);
      return [name, { to: out.many ?? 'any number', ...(back.many ? { from: back.many } : {}), ...(out.edge ? { edge: out.edge } : {}) }];
    }),
  );
}

/** Fields of all edges, which are no properties. */
const OF_EDGES = new Set(['node', 'cursor', 'statement']);

export interface EdgeProperty {
  name: string;
  type?: string;
  description?: string;
}

/** The properties of edges, by the type of an edge. */
export function edgeProperties(answer: EdgeTypesAnswer): Map<string, EdgeProperty[]> {
  return new Map(
    Object.values(answer).flatMap((type) =>
      type
        ? [
            [
              type.name,
              (type.fields ?? [])
                .filter(({ name }) => !OF_EDGES.has(name))
                .map((field) => ({ name: field.name, type: named(field).name, ...(field.description ? { description: field.description } : {}) })),
            ],
          ]
        : [],
    ),
  );
}

/** A group of types that a relation begins at or ends in. */
export interface End {
  name: string;
  kind: 'type' | 'interface' | 'any';
  types: string[];
}

export function endName({ name, kind }: Pick<End, 'name' | 'kind'>): string {
  return kind === 'any' ? 'Any type' : words(name);
}

/** Types with as few names as possible: all types are one, and those of an interface are the interface. */
export function endsOf(names: string[], all: string[], known: Interface[]): End[] {
  if (all.length > 2 && all.every((name) => names.includes(name))) {
    return [{ name: 'Entity', kind: 'any', types: names }];
  }
  const rest = new Set(names);
  const found: End[] = [];
  for (const { name, types } of known.toSorted((a, b) => b.types.length - a.types.length)) {
    if (types.length > 1 && types.every((type) => rest.has(type))) {
      found.push({ name, kind: 'interface', types });
      types.forEach((type) => rest.delete(type));
    }
  }
  return [...found, ...[...rest].map((name): End => ({ name, kind: 'type', types: [name] }))];
}

export interface Interface {
  name: string;
  description: string | null;
  types: string[];
}

/** The interfaces of the schema with the types that have them. */
export function interfaces({ __type }: SchemaAnswer): Interface[] {
  const own = new Set(['Node', 'Entity']);
  const found = new Map<string, Interface>();
  for (const type of __type?.possibleTypes ?? []) {
    for (const { name, description } of type.interfaces.filter((it) => !own.has(it.name))) {
      const known = found.get(name) ?? { name, description, types: [] };
      known.types.push(type.name);
      found.set(name, known);
    }
  }
  return [...found.values()];
}

export interface Group {
  field: string;
  total: number;
  statements: Statement[];
}

/** Statements by their fields, in the order in which the fields first come. */
export function grouped(statements: Statement[]): Group[] {
  const groups = new Map<string, Group>();
  for (const statement of statements) {
    const group = groups.get(statement.field) ?? { field: statement.field, total: 0, statements: [] };
    group.statements.push(statement);
    group.total += 1;
    groups.set(statement.field, group);
  }
  return [...groups.values()];
}
