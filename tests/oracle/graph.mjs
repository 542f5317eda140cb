// A graph with naive queries. It reads the files of the graph with its own reader.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { parse as parseSdl, print } from 'graphql';
import { parse as parseYaml } from 'yaml';

const files = (folder, end) => readdirSync(folder).filter((name) => name.endsWith(end)).sort().map((name) => join(folder, name));
const compareText = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

/** The reason why a field is deprecated, or null. */
function reason(field) {
  const directive = (field.directives ?? []).find((it) => it.name.value === 'deprecated');
  return directive ? (directive.arguments[0]?.value.value ?? 'No longer supported') : null;
}

/** The content of the schema folder: types with their fields, and relations in the order of their first declaration. */
export function readOntology(folder) {
  const types = new Map();
  const relations = new Map();
  const text = files(folder, '.graphql').map((file) => readFileSync(file, 'utf8')).join('\n');
  const prefixes = new Map();
  for (const definition of parseSdl(text).definitions) {
    if (definition.kind === 'SchemaExtension') {
      for (const { arguments: given } of definition.directives) {
        const { name, iri } = Object.fromEntries(given.map((it) => [it.name.value, it.value.value]));
        prefixes.set(name, iri);
      }
      continue;
    }
    const kind = definition.kind.replace('TypeDefinition', '');
    const type = { name: definition.name.value, kind, fields: new Map(), interfaces: [], members: [], values: [] };
    types.set(type.name, type);
    type.interfaces = (definition.interfaces ?? []).map((it) => it.name.value);
    type.members = kind === 'Union' ? definition.types.map((it) => it.name.value) : [];
    type.values = kind === 'Enum' ? definition.values.map((it) => it.name.value) : [];
    type.description = definition.description?.value ?? null;
    type.edge = (definition.directives ?? []).some((it) => it.name.value === 'edge');
    for (const field of definition.fields ?? []) {
      let ty = field.type;
      let list = false;
      while (ty.kind !== 'NamedType') {
        list ||= ty.kind === 'ListType';
        ty = ty.type;
      }
      const directive = (field.directives ?? []).find((it) => it.name.value === 'relation');
      const relation = directive && Object.fromEntries((directive.arguments ?? []).map((it) => [it.name.value, it.value.value]));
      type.fields.set(field.name.value, { name: field.name.value, type: ty.name.value, list, relation, required: field.type.kind === 'NonNullType', printed: print(field.type), description: field.description?.value ?? null, unique: (field.directives ?? []).some((it) => it.name.value === 'unique'), deprecated: reason(field) });
      if (relation && !relations.has(relation.name)) {
        relations.set(relation.name, { ...relation, target: ty.name.value });
      }
    }
  }
  const source = { name: 'Source', description: 'Where facts come from: an article, a book, a page, a data set. Citations point into it.', kind: 'Object', fields: new Map(), interfaces: [], members: [], values: [] };
  for (const [name, type] of Object.entries({
    title: 'String', url: 'URL', author: 'String', publisher: 'String', licence: 'String', published: 'Date', retrieved: 'Date', structure: 'JSON',
  })) {
    source.fields.set(name, { name, type, list: false, printed: name === 'title' ? 'String!' : type, unique: false, deprecated: null });
  }
  types.set('Source', source);
  for (const type of types.values()) {
    if (type.kind !== 'Object' || type.edge) continue;
    const inverses = [...relations.values()].filter((it) => it.inverse && typesOf({ types }, it.target).includes(type.name));
    const names = new Set([...type.fields.keys(), ...inverses.map((it) => it.inverse)]);
    for (const [name, ty] of [['aliases', 'Text'], ['sameAs', 'ExternalId']]) {
      if (!names.has(name)) type.fields.set(name, { name, type: ty, list: true, required: true });
    }
  }
  return { types, relations, prefixes };
}

/** The entities and edges in the data folder. */
export function readData(folder, ontology) {
  const entities = new Map();
  const edges = [];
  let graph = {};
  for (const file of files(folder, '.yaml')) {
    const document = parseYaml(readFileSync(file, 'utf8'), { schema: 'failsafe' });
    const source = document.source;
    graph = { ...graph, ...(document.graph ?? {}) };
    for (const [type, entries] of Object.entries(document)) {
      if (['source', 'graph', 'cite'].includes(type)) continue;
      for (const [id, fields] of Object.entries(entries)) {
        const entity = { id, type, values: new Map() };
        entities.set(id, entity);
        const fallback = fields.cite;
        for (const [name, given] of Object.entries(fields)) {
          if (name === 'cite') continue;
          const field = ontology.types.get(type).fields.get(name);
          const inverse = [...ontology.relations.values()].find((it) => it.inverse === name);
          const items = field?.type !== 'JSON' && Array.isArray(given) ? given : [given];
          for (const item of items) {
            const isMap = typeof item === 'object' && !Array.isArray(item);
            const statement = { citations: citations((isMap ? item.cite : undefined) ?? fallback, source), rank: (isMap && item.rank) || 'normal', valid: isMap && item.valid ? validity(item.valid) : null };
            if (field?.relation || (!field && inverse)) {
              const relation = field?.relation ?? inverse;
              const other = isMap ? item.to : item;
              const properties = isMap ? Object.fromEntries(Object.entries(item).filter(([key]) => !['to', 'cite', 'rank', 'valid'].includes(key))) : {};
              const [from, to] = field ? [id, other] : [other, id];
              edges.push({ relation: relation.name, from, to, properties, statement, order: edges.length });
            } else {
              const value = isMap && 'value' in item ? item.value : item;
              const said = entity.values.get(name) ?? [];
              const read = { JSON: json, ExternalId: (it) => expand(it, ontology.prefixes) }[field.type] ?? ((it) => scalar(it, field.type));
              said.push({ value: read(value), statement });
              entity.values.set(name, said);
            }
          }
        }
      }
    }
  }
  return { entities, edges, graph };
}

/** The IRI of a CURIE; any other text is an IRI itself. */
export function expand(text, prefixes) {
  const [name, ...rest] = text.split(':');
  const iri = prefixes.get(name);
  return iri === undefined || rest.join(':').startsWith('//') ? text : iri + rest.join(':');
}

/** An identifier in another system: the longest prefix that matches its IRI, and the rest. */
export function external(url, prefixes) {
  const fits = [...prefixes].filter(([, iri]) => url.startsWith(iri) && url !== iri).sort((a, b) => b[1].length - a[1].length);
  const [prefix, iri] = fits[0] ?? [null, ''];
  return { prefix, id: url.slice(iri.length), url };
}

function validity(given) {
  if (typeof given === 'object') return { from: given.from ?? null, until: given.until ?? null };
  const [from, until = from] = given.split('/').map((it) => (isOpen(it) ? null : it));
  return { from, until };
}

/** Whether a statement is valid at a date: both share a day. */
function holds({ valid }, date) {
  const [first, last] = span(date);
  return !valid || ((!valid.from || span(valid.from)[0] <= last) && (!valid.until || span(valid.until)[1] >= first));
}

const isOpen = (end) => end === '' || end === '..';

/** The first and the last day of a date or an interval, as numbers with the digits of year, month and day. */
export function span(text) {
  const [from, until = from] = String(text).split('/');
  return [isOpen(from) ? -Infinity : days(from)[0], isOpen(until) ? Infinity : days(until)[1]];
}

function days(text) {
  const [, long, minus, digits, month, day] = /^(?:Y(-?\d+)|(-?)(\d\d[\dX]{2})(?:-(\d\d|XX))?(?:-(\d\d|XX))?)[?~%]?$/.exec(text);
  const [low, high] = ['0', '9'].map((it) => Number(digits?.replaceAll('X', it)));
  const [first, last] = long ? [Number(long), Number(long)] : minus ? [-high, -low] : [low, high];
  const number = (year, month, day) => year * 10_000 + month * 100 + day;
  // The calendar repeats every 400 years. Day 0 of a month is the last day of the previous month.
  const length = (year, month) => new Date(Date.UTC(2000 + (((year % 400) + 400) % 400), month, 0)).getUTCDate();
  const whole = (month, year, until) => [number(first, month, 1), number(year, until, length(year, until))];
  if (!month || month === 'XX') return whole(1, last, 12);
  if (month === '24') return whole(12, last + 1, 2);
  if (month > '20') return whole((month - 20) * 3, last, (month - 20) * 3 + 2);
  if (!day || day === 'XX') return whole(Number(month), last, Number(month));
  return [number(first, Number(month), Number(day)), number(last, Number(month), Number(day))];
}

/** The relation whose edges end in entities of a type, if the type has the field. */
function inverseOf(ontology, type, name) {
  return [...ontology.relations.values()].find((it) => it.inverse === name && typesOf(ontology, it.target).includes(type));
}

function typesOf(ontology, name) {
  const all = [...ontology.types.values()].filter((it) => it.kind === 'Object' && !it.edge);
  if (name === 'Entity' || name === 'Node') return all.map((it) => it.name);
  const type = ontology.types.get(name);
  if (type.kind === 'Union') return type.members;
  if (type.kind === 'Interface') return all.filter((it) => it.interfaces.includes(name)).map((it) => it.name);
  return [name];
}

function json(value) {
  if (Array.isArray(value)) return value.map(json);
  if (typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([key, it]) => [key, json(it)]));
  return /^\d+$/.test(value) ? Number(value) : value;
}

export function scalar(text, type) {
  if (type === 'Int' || type === 'Float') return Number(text);
  if (type === 'Boolean') return text === 'true';
  if (type === 'Point') return point(text);
  return text;
}

/** A point as answers have it, which is GeoJSON. */
export function point(given) {
  const [lon, lat] = given.coordinates ?? [given.lon, given.lat];
  return { type: 'Point', coordinates: [Number(lon), Number(lat)] };
}

function citations(given, source) {
  if (given === undefined) return [];
  return (Array.isArray(given) ? given : [given]).map((it) => {
    if (typeof it === 'object') return { source: it.source ?? source, locator: it.locator ?? null, note: it.note ?? null };
    if (it.includes('#')) return { source: it.split('#')[0], locator: it.split('#')[1], note: null };
    return { source, locator: it, note: null };
  });
}

/** The order of two places in a source: as a whole, by the sections, then as texts whose numbers count by their value. */
function comparePlaces(sections, a, b) {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null);
  const [first, second] = [a, b].map((it) => (sections.length ? (sections.indexOf(it.split('/')[0]) + 1 || Infinity) : 0));
  if (first !== second) return first - second;
  const [parts, others] = [a, b].map((it) => it.split(/(\d+)/));
  for (let no = 0; no < Math.max(parts.length, others.length); no += 1) {
    const [part, other] = [parts[no] ?? '', others[no] ?? ''];
    const both = part !== '' && other !== '';
    const by = no % 2 === 1 && both ? Number(part) - Number(other) : compareText(part, other);
    if (by !== 0) return by;
  }
  return compareText(a, b);
}

/** Whether a place is another one, a part of it, or shares a sentence with it. */
export function liesIn(place, within) {
  if (place === within || place.startsWith(`${within}/`)) return true;
  const [parts, others] = [place, within].map((it) => it.split('/'));
  if (parts.length !== others.length || parts.length < 3) return false;
  const [range, other] = [parts, others].map((it) => it.pop()).map((it) => /^(\d+)(?:-(\d+))?$/.exec(it));
  if (!range || !other || parts.join('/') !== others.join('/')) return false;
  const [[first, last], [from, until]] = [range, other].map(([, first, last = first]) => [Number(first), Number(last)]);
  return first <= until && from <= last;
}

/** Whether a statement is preferred to an earlier one: by rank, then by the end of its validity; an open end is the latest. */
function preferred(statement, other) {
  const latest = ({ valid }) => (valid ? (valid.until ? span(valid.until)[1] : Infinity) : -Infinity);
  const [rank, before] = [statement, other].map((it) => RANKS.indexOf(it.rank));
  return rank !== before ? rank > before : latest(statement) > latest(other);
}

const RANKS = ['deprecated', 'normal', 'preferred'];

export class Graph {
  constructor(root) {
    this.ontology = readOntology(join(root, 'schema'));
    Object.assign(this, readData(join(root, 'data'), this.ontology));
    this.relationOrder = [...this.ontology.relations.keys()];
  }

  /** The graph at a date: without statements that are not valid then. Required edges are kept for their own field only (`oneWay`). */
  at(date) {
    const then = Object.assign(Object.create(Graph.prototype), this);
    then.edges = this.edges.filter((it) => {
      const from = this.entities.get(it.from);
      const field = [...this.ontology.types.get(from.type).fields.values()].find((field) => field.relation?.name === it.relation);
      if (holds(it.statement, date)) return true;
      return Boolean(field?.required && !field.list);
    }).map((it) => (holds(it.statement, date) ? it : { ...it, oneWay: true }));
    then.entities = new Map([...this.entities].map(([id, entity]) => {
      const values = [...entity.values].map(([name, said]) => [name, said.filter((it) => holds(it.statement, date))]);
      return [id, { ...entity, values: new Map(values.filter(([, said]) => said.length > 0)) }];
    }));
    return then;
  }

  typesOf(name) {
    return typesOf(this.ontology, name);
  }

  all(name) {
    const types = this.typesOf(name);
    return [...this.entities.values()].filter((it) => types.includes(it.type)).sort((a, b) => compareText(a.id, b.id));
  }

  field(entity, name) {
    return this.ontology.types.get(entity.type).fields.get(name);
  }

  /** All statements about a property; if it has one value, the shown one first. */
  said(entity, name) {
    const said = entity.values.get(name) ?? [];
    if (this.field(entity, name)?.list) return said;
    const best = said.reduce((best, it) => (best === undefined || preferred(it.statement, best.statement) ? it : best), undefined);
    return best === undefined ? [] : [best, ...said.filter((it) => it !== best)];
  }

  value(entity, name) {
    const said = this.said(entity, name);
    if (this.field(entity, name)?.list) return said.map((it) => it.value);
    return said[0]?.value ?? null;
  }

  label(entity) {
    return this.value(entity, 'name') ?? this.value(entity, 'title') ?? entity.id;
  }

  /** All names of an entity: the label, then the aliases; each with its field. */
  names(entity) {
    const field = ['name', 'title'].find((it) => this.value(entity, it) !== null) ?? 'id';
    const aliases = (entity.values.get('aliases') ?? []).map((it) => ({ field: 'aliases', text: it.value }));
    return [{ field, text: this.label(entity) }, ...aliases];
  }

  /** The edges of an entity over a relation in a direction, each with the entity at its other end. */
  ends(entity, relation, way) {
    const found = [];
    for (const edge of this.edges) {
      if (edge.relation !== relation.name) continue;
      if (relation.symmetric) {
        if (edge.from === entity.id) found.push({ edge, other: this.entities.get(edge.to), way: 'both' });
        else if (edge.to === entity.id) found.push({ edge, other: this.entities.get(edge.from), way: 'both' });
      } else if (way === 'out' && edge.from === entity.id) {
        found.push({ edge, other: this.entities.get(edge.to), way });
      } else if (way === 'in' && edge.to === entity.id && !edge.oneWay) {
        found.push({ edge, other: this.entities.get(edge.from), way });
      }
    }
    return found.sort((a, b) => compareText(a.other.id, b.other.id));
  }

  /** The value of a relation field of an entity; undefined if the field is not a relation. */
  follow(entity, name) {
    const field = this.field(entity, name);
    if (field?.relation) return { relation: this.ontology.relations.get(field.relation.name), ends: this.shown(entity, field.relation, 'out'), list: field.list };
    if (field) return undefined;
    const relation = inverseOf(this.ontology, entity.type, name);
    return relation && { relation, ends: this.shown(entity, relation, 'in'), list: true };
  }

  /** The edges that the fields of a relation show: of a to-one field the preferred edge, from either end. */
  shown(entity, relation, way) {
    const own = (it) => [...this.ontology.types.get(it.type).fields.values()].find((field) => field.relation?.name === relation.name);
    const best = (it) => this.ends(it, relation, 'out').map(({ edge }) => edge).sort((a, b) => this.edges.indexOf(a) - this.edges.indexOf(b)).reduce((best, edge) => (best && (edge.oneWay || (!best.oneWay && !preferred(edge.statement, best.statement))) ? best : edge), undefined);
    return this.ends(entity, relation, way).filter(({ edge, other }) => {
      const from = way === 'in' ? other : entity;
      const field = own(from);
      return !field || field.list || best(from) === edge;
    });
  }

  /** The number of an entity's edges that fields show. */
  degree(entity) {
    const relations = this.relationOrder.map((it) => this.ontology.relations.get(it));
    const counts = relations.flatMap((it) => (it.symmetric ? ['both'] : ['out', 'in']).map((way) => this.shown(entity, it, way).filter(({ edge }) => !edge.oneWay).length));
    return counts.reduce((sum, it) => sum + it, 0);
  }

  links(entity) {
    const links = [];
    for (const name of this.relationOrder) {
      const relation = this.ontology.relations.get(name);
      for (const way of relation.symmetric ? ['both'] : ['out', 'in']) {
        links.push(...this.ends(entity, relation, way).filter((it) => !it.edge.oneWay).map((it) => ({ ...it, from: entity, relation })));
      }
    }
    return links;
  }

  /** The statements that cite a source, once for each citation, in the order of the places; an edge from its start. */
  cited(source) {
    const found = [];
    const order = this.typesOf('Entity');
    for (const entity of this.entities.values()) {
      const note = (name, statement, of) => {
        for (const citation of of.citations) {
          if (citation.source === source.id) found.push({ entity, name, citation, statement, no: found.length });
        }
      };
      for (const { name, relation } of this.ontology.types.get(entity.type).fields.values()) {
        if (relation) continue;
        for (const said of this.said(entity, name)) note(name, { kind: 'valueStatement', name, said }, said.statement);
      }
      for (const link of this.links(entity)) {
        const comesFirst = () => order.indexOf(entity.type) - order.indexOf(link.other.type) || compareText(entity.id, link.other.id);
        if (link.way === 'in' || (link.way === 'both' && comesFirst() > 0)) continue;
        note(this.nameOf(entity, link.relation, link.way, link.other), { ...link, kind: 'edgeStatement' }, link.edge.statement);
      }
    }
    const sections = (this.value(source, 'structure') ?? []).map((it) => it.section);
    return found.sort((a, b) => comparePlaces(sections, a.citation.locator, b.citation.locator) || compareText(a.entity.id, b.entity.id) || a.no - b.no);
  }

  /** The field of an edge at one of its ends. */
  nameOf(entity, relation, way, other) {
    const own = (type) => [...this.ontology.types.get(type).fields.values()].find((it) => it.relation?.name === relation.name)?.name;
    if (way !== 'in') return own(entity.type);
    return relation.inverse ?? `^${own(other.type)}`;
  }
}
