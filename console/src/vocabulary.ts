// What the schema says of the fields of a type.

import type { Field, Relation, Statement, TypeAnswer } from './queries';

export type Side = 'property' | 'outgoing' | 'incoming';

export interface FieldInfo {
  side: Side;
  /** The scalar or enum of a property. */
  type?: string;
  isEnum: boolean;
  isList: boolean;
  description?: string;
  relation?: Relation;
}

export type Vocabulary = (field: string) => FieldInfo;

/** Descriptions that the server made of a field's name, or of its inverse's, say nothing more than the name. */
function meant(description: string | null): string | undefined {
  return description === null || /^(Its `[^`]*`\.|The .* whose `[^`]*` leads here\.)$/.test(description) ? undefined : description;
}

function named(field: Field): { name?: string; kind: string; isList: boolean } {
  let { type } = field;
  let isList = false;
  while (type.ofType) {
    isList ||= type.kind === 'LIST';
    type = type.ofType;
  }
  const name = type.name ?? undefined;
  return { name, kind: type.kind, isList: isList || (name?.endsWith('Connection') ?? false) };
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
      description: field && meant(field.description),
      relation,
    };
  };
}

/**
 * The fields of a type that may have statements: those of which some were `seen`, then the others in the order of the
 * schema. `description` is a field of each entity even if no type declares it, so it counts only if it was seen.
 */
export function statedFields(typeName: string, { __type, graph }: TypeAnswer, seen: string[]): string[] {
  const own = new Set(['id', 'entityId', 'label', 'description', 'degree', 'follow', 'statements', 'links']);
  const declared = (__type?.fields ?? []).map((field) => field.name);
  const isEdge = (name: string) => name.endsWith('Edge') && declared.includes(name.slice(0, -'Edge'.length));
  const inverse = graph.relations.filter((it) => it.inverse === null && !it.symmetric && it.to.includes(typeName));
  return [
    ...new Set([
      ...seen,
      ...declared.filter((name) => !own.has(name) && !isEdge(name)),
      ...inverse.map((it) => `^${it.field}`),
    ]),
  ];
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
