// Naive resolvers for the schema that `clew schema` prints: no index, no plan, and every list is built completely.
import { GraphQLError, getNamedType, isAbstractType } from 'graphql';

import { expand, external, liesIn, point, scalar, span } from './graph.mjs';

const compareText = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

const DATE = {
  eq: (a, b) => a[0] === b[0] && a[1] === b[1],
  lt: (a, b) => a[1] < b[0],
  lte: (a, b) => a[1] <= b[1],
  gt: (a, b) => a[0] > b[1],
  gte: (a, b) => a[0] >= b[0],
  overlaps: (a, b) => a[0] <= b[1] && b[0] <= a[1],
  within: (a, b) => b[0] <= a[0] && a[1] <= b[1],
};

/** Microseconds of a duration. */
function microseconds(text) {
  const [, minus, ...parts] = /^(-?)P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d+))?S)?)?$/.exec(text);
  const [days, hours, minutes, seconds] = parts.map((it) => BigInt(it ?? 0));
  const whole = ((days * 24n + hours) * 60n + minutes) * 60n + seconds;
  return (minus ? -1n : 1n) * (whole * 1_000_000n + BigInt((parts[4] ?? '').padEnd(6, '0')));
}

/** Latitude and longitude, the same for all points of one place: a pole is on all meridians, and the antimeridian has two numbers. */
function placeOf(given) {
  const [lon, lat] = point(given).coordinates;
  return { lat: lat + 0, lon: Math.abs(lat) === 90 ? 0 : lon === 180 ? -180 : lon + 0 };
}

/** The distance between two points in kilometers, by the haversine formula. */
function distance(a, b) {
  const [from, to] = [placeOf(a), placeOf(b)];
  const radians = (degrees) => (degrees * Math.PI) / 180;
  const squared = (degrees) => Math.sin(radians(degrees) / 2) ** 2;
  const haversine = squared(to.lat - from.lat) + Math.cos(radians(from.lat)) * Math.cos(radians(to.lat)) * squared(to.lon - from.lon);
  return 2 * 6371.0088 * Math.asin(Math.sqrt(Math.min(1, haversine)));
}

/** Whether a point is between two parallels and two meridians; from west to east, perhaps over the antimeridian. */
function isWithin(given, { south, west, north, east }) {
  const { lat, lon } = placeOf(given);
  if (lat < south || lat > north) return false;
  const end = west <= east ? east : east + 360;
  return Math.abs(lat) === 90 || [lon, lon + 360].some((it) => west <= it && it <= end);
}

/** Converts values of a scalar for comparison in JavaScript. */
const COMPARABLE = { Int64: BigInt, Duration: microseconds, Point: (it) => JSON.stringify(placeOf(it)) };

/** Approximate full case folding: letters that become several letters in upper case are replaced by these. */
const folded = (it) => it.toLowerCase().toUpperCase().toLowerCase();

/** Accents and points; the marks of other scripts are letters, as are those of kana and of the Vedas. */
const ACCENT = String.raw`(?=\p{M})(?![\u0951-\u0954\u1cd0-\u1cff\u3099\u309a])[\p{Script=Inherited}\p{Script=Cyrillic}\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}]`;
const IS_LEFT_OUT = new RegExp(String.raw`${ACCENT}|\p{Default_Ignorable_Code_Point}`, 'u');
const ACCENTS = new RegExp(`^(?:${ACCENT})*`, 'u');

const PLAIN = { ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', đ: 'd', ð: 'd', þ: 'th', ħ: 'h', ı: 'i', ł: 'l', ŧ: 't', '‘': "'", '’': "'", 'ʼ': "'", 'ʻ': "'", '′': "'", '“': '"', '”': '"', '‐': '-', '–': '-', '—': '-', '−': '-' };

/** A name without case, accents and signs before the first letter; each letter has its start and end in the original. */
function letters(text) {
  const start = Math.max(0, text.search(/[\p{Alphabetic}\p{N}]/u));
  const out = [];
  let at = start;
  for (const sign of text.slice(start)) {
    const end = at + sign.length;
    const small = [...sign.normalize('NFKD')].map((it) => (it === '\u0345' ? 'ι' : it.toLowerCase().replace('ς', 'σ')));
    const plain = small.filter((it) => !IS_LEFT_OUT.test(it)).map((it) => PLAIN[it] ?? it).join('');
    for (const letter of plain) {
      const isSpace = /\s/.test(letter);
      if (!(isSpace && out.at(-1)?.letter === ' ')) out.push({ letter: isSpace ? ' ' : letter, end });
    }
    at = end;
  }
  return { start, out: out.slice(0, 256) };
}

const plainOf = (text) => letters(text).out.map((it) => it.letter).join('');

/** Refuses empty conditions: null, or an object without operators. */
function refuse(type, given) {
  const wrong = () => {
    throw new GraphQLError('no condition');
  };
  const fields = type.getFields();
  const isFilter = (it) => Boolean(it.getFields?.().and);
  for (const [name, value] of Object.entries(given)) {
    const inner = getNamedType(fields[name].type);
    const compares = !fields.and && !fields.some;
    if (compares) {
      if (value === null && !['eq', 'ne'].includes(name)) wrong();
      if (name === 'within' && value?.south > value?.north) wrong();
      continue;
    }
    if (value === null) wrong();
    if (['and', 'or'].includes(name)) value.forEach((it) => refuse(inner, it));
    else {
      const mayBeEmpty = name !== 'not' && isFilter(inner);
      if (Object.keys(value).length === 0 && !mayBeEmpty) wrong();
      refuse(inner, value);
    }
  }
}

/** Refuses conditions with missing variables. graphql-js leaves them out before it calls a resolver. */
function refuseAbsent(node, given) {
  for (const item of node?.kind === 'ListValue' ? node.values : []) refuseAbsent(item, given);
  for (const { value } of node?.kind === 'ObjectValue' ? node.fields : []) {
    if (value.kind === 'Variable' && !(value.name.value in given)) throw new GraphQLError('a variable is not given');
    refuseAbsent(value, given);
  }
}

/** The collator of a language, which must be one that CLDR knows. */
function collatorOf(tag) {
  if (tag == null) return undefined;
  if (!collators.has(tag)) {
    const wrong = () => new GraphQLError('not a language');
    let language;
    try {
      ({ language } = new Intl.Locale(tag));
    } catch {
      throw wrong();
    }
    const isKnown = !language || language === 'und' || new Intl.Locale(language).maximize().toString() !== language;
    if (!isKnown || /-(?!u-)[a-z0-9]-/i.test(tag)) throw wrong();
    collators.set(tag, new Intl.Collator(tag));
  }
  return collators.get(tag);
}

const collators = new Map();

/** Notes on the values of a field, for resolvers below it. */
function mark(value, by) {
  if (Array.isArray(value)) return value.map((it) => mark(it, by));
  return value?.kind ? { ...value, by } : value;
}

export class Resolvers {
  constructor(graph, cursors, date) {
    this.graph = graph;
    /** The date as it was given, which ids contain. */
    this.date = date;
    /** Map from a cursor of Clew to its id. */
    this.cursors = cursors;
  }

  wire(schema) {
    this.schema = schema;
    for (const type of Object.values(schema.getTypeMap())) {
      if (type.name.startsWith('__')) continue;
      if (isAbstractType(type)) type.resolveType = (value) => value.entity?.type;
      if (!type.getFields || type.astNode?.kind === 'InputObjectTypeDefinition') continue;
      for (const field of Object.values(type.getFields())) {
        field.resolve = (parent, args, _, info) => {
          // Fields below a field with a date are answered from the graph at that date.
          const filter = field.args.find((it) => it.name === 'filter');
          const written = info.fieldNodes[0].arguments?.find((it) => it.name.value === 'filter');
          if (filter && written) refuseAbsent(written.value, info.variableValues.coerced);
          collatorOf(args.collation);
          if (filter && args.filter != null) refuse(getNamedType(filter.type), args.filter);
          const resolvers = args.asOf != null ? this.at(args.asOf) : (parent?.by ?? this);
          return mark(resolvers.resolve(type, parent, field, args), resolvers);
        };
      }
    }
  }

  at(date) {
    if (!/^(-?\d\d|Y|\.\.\/|\/)/.test(date)) throw new GraphQLError('not a date');
    return new Resolvers(this.graph.at(date), this.cursors, date);
  }

  entity(entity) {
    return entity && { kind: 'entity', entity };
  }

  resolve(type, parent, field, args) {
    const { graph } = this;
    if (type.name === 'Query') return this.root(field, args);
    switch (parent.kind) {
      case 'entity':
        return this.entityField(parent.entity, field, args);
      case 'page':
        return this.pageField(parent, field);
      case 'edge':
        if (field.name === 'node') return parent.wrap ? parent.wrap(parent.item) : this.entity(parent.item.other ?? parent.item);
        if (field.name === 'cursor') return 'cursor';
        if (parent.item.citation) return parent.item.citation[field.name];
        // No relation leads to an entry of a root list.
        if (field.name === 'statement') return parent.item.relation ? { kind: 'edgeStatement', ...parent.item } : null;
        return this.edgeValue(parent.item, field.name);
      case 'valueStatement':
        return this.statementField(parent, field, { field: parent.name, value: parent.said.value, target: null, edge: null, statement: parent.said.statement });
      case 'edgeStatement':
        return this.statementField(parent, field, {
          field: graph.nameOf(parent.from, parent.relation, parent.way, parent.other),
          value: null,
          target: this.entity(parent.other),
          edge: this.edgeJson(parent),
          statement: parent.edge.statement,
        });
      case 'cited':
        return field.name === 'entity' ? this.entity(parent.entity) : parent.statement;
      case 'citation':
        return field.name === 'source' ? this.entity(graph.entities.get(parent.source)) : parent[field.name];
      case 'link':
        switch (field.name) {
          case 'from': return this.entity(parent.from);
          case 'to': return this.entity(parent.other);
          case 'relation': return parent.relation.name;
          case 'field': return graph.nameOf(parent.from, parent.relation, parent.way, parent.other);
          case 'forward': return parent.way !== 'in';
          case 'edge': return this.edgeJson(parent);
          default: return { ...parent, kind: 'edgeStatement' };
        }
      case 'suggestion':
        return field.name === 'entity' ? this.entity(parent.entity) : parent[field.name];
      case 'graph':
        return this.graphField(field, args);
      default:
        return parent[field.name];
    }
  }

  root(field, args) {
    const { graph } = this;
    if (field.name === 'graph') return { kind: 'graph' };
    if (field.name === 'node') return this.entity(graph.entities.get(args.id)) ?? null;
    if (field.name === 'nodes') return args.ids.map((id) => this.entity(graph.entities.get(id)) ?? null);
    if (field.name === 'resolve') return this.referred(args.ref);
    if (field.name === 'suggest') return this.suggested(args);
    const named = String(field.type).replace(/!$/, '');
    if (named.endsWith('Connection')) {
      const domain = named.replace(/Connection$/, '');
      return this.page(graph.all(domain), args, (it) => it, (it) => it);
    }
    const given = [args.id, args.by].filter((it) => it != null);
    if (given.length !== 1) throw new GraphQLError('exactly one of id and by');
    const found = args.id != null
      ? graph.entities.get(args.id)
      : graph.all(named).find((it) => Object.entries(args.by).every(([name, value]) => graph.value(it, name) !== null && this.compareValues(graph.field(it, name).type, graph.value(it, name), value) === 0));
    return found && graph.typesOf(named).includes(found.type) ? this.entity(found) : null;
  }

  referred(reference) {
    const { graph } = this;
    const found = graph.entities.get(reference);
    if (found) return this.entity(found);
    const iri = expand(reference.trim(), graph.ontology.prefixes);
    const exact = (it) => folded(it.trim().normalize('NFC'));
    const all = [...graph.entities.values()];
    const alike = all.filter((it) => (it.values.get('sameAs') ?? []).some(({ value }) => value === iri));
    const named = all.filter((it) => graph.names(it).some(({ text }) => exact(text) === exact(reference)));
    const candidates = alike.length ? alike : named;
    if (candidates.length > 1) throw new GraphQLError('ambiguous');
    return this.entity(candidates[0]) ?? null;
  }

  suggested({ prefix, types, first }) {
    if (first < 0) throw new GraphQLError('first is negative');
    const { graph } = this;
    const order = graph.typesOf('Entity');
    const asked = plainOf(prefix);
    const all = [...graph.entities.values()].filter((it) => types == null || types.includes(it.type));
    const found = all.flatMap((entity) => graph.names(entity).map((name, no) => ({ entity, name, no, plain: plainOf(name.text) })));
    const fits = found.filter((it) => it.plain.startsWith(asked)).sort((a, b) =>
      compareText(a.plain, b.plain) || order.indexOf(a.entity.type) - order.indexOf(b.entity.type) || compareText(a.entity.id, b.entity.id) || a.no - b.no);
    // Each entity once: by the label if that matches, else by the first alias that does.
    const isBetter = (it, other) => it.no === 0 || (other.no > 0 && fits.indexOf(it) < fits.indexOf(other));
    const once = fits.filter((it) => fits.every((other) => other === it || other.entity !== it.entity || isBetter(it, other)));
    return once.slice(0, first).map(({ entity, name: { field, text } }) => {
      const { start, out } = letters(text);
      const length = [...asked].length;
      const end = length === 0 ? start : out[length - 1].end;
      const marks = length === 0 ? '' : ACCENTS.exec(text.slice(end))[0];
      return { kind: 'suggestion', entity, field, text, start, end: end + marks.length };
    });
  }

  entityField(entity, field, args) {
    const { graph } = this;
    const name = field.name;
    switch (name) {
      case 'id': return this.date == null ? entity.id : `${entity.id}?asOf=${this.date}`;
      case 'entityId': return entity.id;
      case 'label': return graph.label(entity);
      case 'degree': return graph.degree(entity);
      case 'sameAs': return graph.value(entity, name).map((it) => external(it, graph.ontology.prefixes));
      case 'links': {
        const ways = { OUT: ['out', 'both'], IN: ['in', 'both'] }[args.direction] ?? ['out', 'in', 'both'];
        const links = graph.links(entity).filter((it) => ways.includes(it.way) && (args.via == null || args.via.includes(it.relation.name)));
        return this.plainPage(links, args, (it) => ({ ...it, kind: 'link' }));
      }
      case 'cited': {
        const cited = graph.cited(entity).filter(({ entity: about, name, citation }) =>
          (args.types == null || args.types.includes(about.type)) &&
          (args.fields == null || args.fields.includes(name)) &&
          (args.locator == null || (citation.locator !== null && liesIn(citation.locator, args.locator))));
        return this.plainPage(cited, args, (it) => ({ kind: 'cited', entity: it.entity, statement: it.statement }));
      }
      case 'statements': {
        const said = [];
        for (const property of graph.ontology.types.get(entity.type).fields.values()) {
          if (!property.relation) said.push(...graph.said(entity, property.name).map((it) => ({ kind: 'valueStatement', name: property.name, said: it })));
        }
        said.push(...graph.links(entity).map((it) => ({ ...it, kind: 'edgeStatement' })));
        const nameOf = (it) => it.name ?? graph.nameOf(it.from, it.relation, it.way, it.other);
        return this.plainPage(said.filter((it) => args.fields == null || args.fields.includes(nameOf(it))), args, (it) => it);
      }
      default: {
        const followed = graph.follow(entity, name);
        if (followed) {
          const items = followed.ends.map((it) => ({ ...it, from: entity, relation: followed.relation }));
          if (args.depth != null) return this.rankedPage(this.closure(entity, name, args.depth), args);
          if (followed.list) return this.page(items, args, (it) => it.other, (it) => it);
          return items.length ? this.entity(items[0].other) : null;
        }
        const base = name.endsWith('Edge') && graph.follow(entity, name.replace(/Edge$/, ''));
        if (base && !graph.field(entity, name)) {
          const [first] = base.ends;
          return first ? { kind: 'edge', item: { ...first, from: entity, relation: base.relation } } : null;
        }
        return graph.value(entity, name);
      }
    }
  }

  /** The entities that a transitive relation reaches, level by level, each once. */
  closure(entity, name, depth) {
    if (depth < 1) throw new GraphQLError('depth is at least 1');
    const relation = this.graph.follow(entity, name);
    const way = this.graph.field(entity, name) ? 'out' : 'in';
    const found = new Map();
    let level = [entity];
    for (let n = 0; n < depth && level.length > 0; n += 1) {
      const next = [];
      for (const from of level) {
        for (const end of this.graph.ends(from, relation.relation, way)) {
          if (found.has(end.other.id)) continue;
          found.set(end.other.id, { ...end, from, relation: relation.relation });
          next.push(end.other);
        }
      }
      level = next;
    }
    return [...found.values()];
  }

  edgeTypeField(relation, name) {
    return this.graph.ontology.types.get(relation.edge)?.fields.get(name);
  }

  edgeValue(item, name) {
    const given = item.edge.properties[name];
    if (given === undefined) return null;
    return scalar(given, this.edgeTypeField(item.relation, name).type);
  }

  edgeJson(item) {
    if (!item.relation.edge) return null;
    const fields = [...this.graph.ontology.types.get(item.relation.edge).fields.keys()];
    return Object.fromEntries(fields.map((name) => [name, this.edgeValue(item, name)]).filter(([, value]) => value !== null));
  }

  statementField(parent, field, it) {
    switch (field.name) {
      case 'rank': return it.statement.rank.toUpperCase();
      case 'valid': return it.statement.valid;
      case 'citations': return it.statement.citations.map((citation) => ({ ...citation, kind: 'citation' }));
      default: return it[field.name];
    }
  }

  graphField(field, args) {
    const { graph } = this;
    const values = [...graph.entities.values()].flatMap((it) => [...it.values.values()]).reduce((sum, it) => sum + it.length, 0);
    switch (field.name) {
      case 'entityCount': return graph.entities.size;
      case 'edgeCount': return graph.edges.length;
      case 'statementCount': return values + graph.edges.length;
      case 'sourceCount': return graph.all('Source').length;
      case 'examples': return graph.graph.examples ?? [];
      case 'sources': return this.page(graph.all('Source'), args, (it) => it, (it) => it);
      case 'types': return graph.typesOf('Entity').map((name) => {
        const type = graph.ontology.types.get(name);
        // The fields of `Source` are described in the server only, and those without a type as written are not declared.
        const properties = [...type.fields.values()].filter((it) => !it.relation && it.printed).map((it) => ({
          name: it.name,
          description: name === 'Source' ? this.schema.getType(name).getFields()[it.name].description : it.description,
          type: it.printed,
          unique: it.unique,
          deprecated: it.deprecated,
          count: graph.all(name).filter((entity) => entity.values.get(it.name)?.length > 0).length,
        }));
        return { name, description: type.description, count: graph.all(name).length, interfaces: type.interfaces, properties };
      });
      default: return graph.graph[field.name] ?? null;
    }
  }

  // Pages

  cut(items, args, keyOf) {
    for (const name of ['first', 'last']) {
      if (args[name] != null && args[name] < 0) throw new GraphQLError(`${name} is negative`);
    }
    const at = (cursor) => {
      const key = this.cursors.get(cursor);
      if (key === undefined) throw new GraphQLError('not a cursor');
      return items.findIndex((it, no) => keyOf(it, no) === key);
    };
    let start = args.after == null ? 0 : at(args.after) + 1;
    let end = args.before == null ? items.length : at(args.before);
    end = Math.max(start, end);
    const first = args.first ?? (args.last == null ? 50 : undefined);
    if (first != null) end = Math.min(end, start + first);
    if (args.last != null) start = Math.max(start, end - args.last);
    return { items, start, end };
  }

  page(items, args, entityOf) {
    const kept = items.filter((it) => this.meets(args.filter, entityOf(it), it));
    const ordered = [...kept].sort((a, b) => this.compare(args, entityOf(a), entityOf(b), a, b));
    return { kind: 'page', ...this.cut(ordered, args, (it) => entityOf(it).id), wrap: (it) => this.entity(entityOf(it)) };
  }

  /** A page of a list with an order of its own. */
  rankedPage(items, args) {
    const kept = items.filter((it) => this.meets(args.filter, it.other, it));
    const ordered = args.orderBy?.length ? [...kept].sort((a, b) => this.compare(args, a.other, b.other, a, b, items)) : kept;
    return { kind: 'page', ...this.cut(ordered, args, (it) => it.other.id), wrap: (it) => this.entity(it.other) };
  }

  plainPage(items, args, wrap) {
    return { kind: 'page', ...this.cut(items, args, (_, no) => no), wrap };
  }

  pageField(page, field) {
    const shown = page.items.slice(page.start, page.end);
    switch (field.name) {
      case 'nodes': return shown.map(page.wrap);
      case 'edges': return shown.map((item) => ({ kind: 'edge', item, wrap: page.wrap }));
      case 'totalCount': return page.items.length;
      default:
        return {
          hasNextPage: page.end < page.items.length,
          hasPreviousPage: page.start > 0,
          startCursor: shown.length ? 'cursor' : null,
          endCursor: shown.length ? 'cursor' : null,
        };
    }
  }

  compare(args, a, b, itemA, itemB, own) {
    for (const key of args.orderBy ?? []) {
      const [[name, given]] = Object.entries(key);
      let direction = given;
      let values;
      let field;
      if (name === 'edge') {
        const [[property, inner]] = Object.entries(given);
        direction = inner;
        field = this.edgeTypeField(itemA.relation, property);
        values = [this.edgeValue(itemA, property), this.edgeValue(itemB, property)];
      } else {
        field = this.graph.field(a, name);
        const of = (it) => (name === 'id' ? it.id : name === 'label' ? this.graph.label(it) : this.graph.value(it, name));
        values = [of(a), of(b)];
      }
      // By the distance from a point.
      if (direction?.distanceFrom) {
        const { distanceFrom } = direction;
        values = values.map((it) => it && distance(it, distanceFrom));
        field = undefined;
        direction = direction.direction ?? 'ASC';
      }
      const [x, y] = values;
      let order = 0;
      if (x == null || y == null) {
        order = x == null && y == null ? 0 : (x == null) === direction.endsWith('NULLS_FIRST') ? -1 : 1;
      } else {
        const collation = name === 'id' ? undefined : collatorOf(args.collation);
        order = this.compareValues(field?.type, x, y, collation) * (direction.startsWith('DESC') ? -1 : 1);
      }
      if (order !== 0) return order;
    }
    return own ? own.indexOf(itemA) - own.indexOf(itemB) : compareText(a.id, b.id);
  }

  compareValues(type, x, y, collation) {
    const values = this.graph.ontology.types.get(type)?.values ?? [];
    if (values.length) return values.indexOf(x) - values.indexOf(y);
    if (type === 'Date') {
      const [a, b] = [span(x), span(y)];
      return compareText(a[0], b[0]) || compareText(a[1], b[1]);
    }
    if (collation && !COMPARABLE[type] && typeof x === 'string') return collation.compare(x, y);
    const of = COMPARABLE[type] ?? ((it) => it);
    return compareText(of(x), of(y));
  }

  // Filters

  meets(filter, entity, item) {
    if (filter == null) return true;
    return Object.entries(filter).every(([name, condition]) => {
      if (name === 'and') return condition.every((it) => this.meets(it, entity, item));
      if (name === 'or') return condition.some((it) => this.meets(it, entity, item));
      if (name === 'not') return !this.meets(condition, entity, item);
      if (name === 'edge') return this.edgeMeets(condition, item);
      if (name === 'id') return this.value(condition, 'ID', entity.id);
      if (name === 'label') return this.value(condition, 'String', this.graph.label(entity));
      if (name === 'entityType') return this.value(condition, 'ID', entity.type);
      const followed = this.graph.follow(entity, name);
      if (followed) return this.relationMeets(condition, entity, followed);
      const field = this.graph.field(entity, name);
      const value = this.graph.value(entity, name);
      return field.list ? this.list(condition, field.type, value) : this.value(condition, field.type, value);
    });
  }

  edgeMeets(filter, item) {
    return Object.entries(filter).every(([name, condition]) => {
      if (name === 'and') return condition.every((it) => this.edgeMeets(it, item));
      if (name === 'or') return condition.some((it) => this.edgeMeets(it, item));
      if (name === 'not') return !this.edgeMeets(condition, item);
      return this.value(condition, this.edgeTypeField(item.relation, name).type, this.edgeValue(item, name));
    });
  }

  relationMeets(condition, entity, followed) {
    const items = followed.ends
      .filter((it) => !it.edge.oneWay)
      .map((it) => ({ ...it, from: entity, relation: followed.relation }))
      .filter((it) => condition.edge == null || this.edgeMeets(condition.edge, it));
    const meets = (filter) => (it) => this.meets(filter, it.other, it);
    const asked = Object.keys(condition).filter((it) => it !== 'edge');
    if (asked.length === 0) return items.length > 0;
    return asked.every((operator) => {
      if (operator === 'some') return items.some(meets(condition.some));
      if (operator === 'every') return items.every(meets(condition.every));
      if (operator === 'none') return !items.some(meets(condition.none));
      return this.value(condition.count, 'Int', items.length);
    });
  }

  list(condition, type, values) {
    const has = (wanted) => values.some((it) => this.value({ eq: wanted }, type, it));
    return Object.entries(condition).every(([operator, wanted]) => {
      if (operator === 'isEmpty') return (values.length === 0) === wanted;
      if (operator === 'has') return has(wanted);
      return operator === 'hasAny' ? wanted.some(has) : wanted.every(has);
    });
  }

  value(condition, type, value) {
    const of = COMPARABLE[type] ?? ((it) => it);
    const fold = (it) => (condition.caseInsensitive && typeof it === 'string' ? folded(it) : of(it));
    return Object.entries(condition).every(([operator, wanted]) => {
      if (operator === 'caseInsensitive') return true;
      if (wanted === null) return operator === 'eq' ? value === null : value !== null;
      if (operator === 'isNull') return (value === null) === wanted;
      if (value === null) return false;
      if (type === 'Date') {
        const of = (it) => DATE[operator.replace(/^ne$|^in$|^notIn$/, 'eq')](span(value), span(it));
        if (operator === 'ne') return !of(wanted);
        if (operator === 'in') return wanted.some(of);
        if (operator === 'notIn') return !wanted.some(of);
        return of(wanted);
      }
      if (operator === 'near') return distance(value, wanted.point) <= wanted.km;
      if (operator === 'within') return isWithin(value, wanted);
      const [x, y] = [fold(value), Array.isArray(wanted) ? wanted.map(fold) : fold(wanted)];
      switch (operator) {
        case 'eq': return x === y;
        case 'ne': return x !== y;
        case 'in': return y.includes(x);
        case 'notIn': return !y.includes(x);
        case 'lt': return x < y;
        case 'lte': return x <= y;
        case 'gt': return x > y;
        case 'gte': return x >= y;
        case 'contains': return x.includes(y);
        case 'startsWith': return x.startsWith(y);
        case 'endsWith': return x.endsWith(y);
        default: return new RegExp(wanted, condition.caseInsensitive ? 'iu' : 'u').test(value);
      }
    });
  }
}
