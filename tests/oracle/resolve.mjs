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

/** A decimal number times 10^60. */
function scaled(text) {
  const [, sign, whole, fraction = '', exponent = '0'] = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(String(text));
  const places = 60 + Number(exponent) - fraction.length;
  return BigInt(`${sign === '-' ? '-' : ''}${whole}${fraction}` || '0') * 10n ** BigInt(places);
}

/** A duration of a number of microseconds, in its shortest form. */
function durationOf(number) {
  const micros = number < 0n ? -number : number;
  const [seconds, minutes, hours, days] = [micros % 60_000_000n, (micros / 60_000_000n) % 60n, (micros / 3_600_000_000n) % 24n, micros / 86_400_000_000n];
  const fraction = String(seconds % 1_000_000n).padStart(6, '0').replace(/0+$/, '');
  const second = `${seconds / 1_000_000n}${fraction && `.${fraction}`}`;
  const time = [[hours, 'H'], [minutes, 'M'], [second, 'S']].filter(([it]) => String(it) !== '0').map((it) => it.join('')).join('');
  const date = days ? `${days}D` : '';
  return `${number < 0n ? '-' : ''}P${date}${time || !date ? `T${time || '0S'}` : ''}`;
}

/** The quotient of two whole numbers with 34 digits, the last one rounded to the even one of two that are as near. */
function quotient(number, count) {
  const digits = (it) => String(it).length;
  const [positive, sign] = [number < 0n ? -number : number, number < 0n ? '-' : ''];
  let places = 0;
  while (digits((positive * 10n ** BigInt(places)) / count) < 34 && places < 80) places += 1;
  const scaled = positive * 10n ** BigInt(places);
  const [whole, rest] = [scaled / count, (scaled % count) * 2n];
  const rounded = rest > count || (rest === count && whole % 2n === 1n) ? whole + 1n : whole;
  const text = String(rounded).padStart(places + 1, '0');
  const [before, after] = [text.slice(0, text.length - places), text.slice(text.length - places).replace(/0+$/, '')];
  return rounded === 0n ? '0' : `${sign}${before}${places > 0 && after ? `.${after}` : ''}`;
}

/** The sum and the mean of values. */
function sums(type, values) {
  const count = BigInt(values.length);
  if (type === 'Int64') {
    const sum = values.reduce((sum, it) => sum + BigInt(it), 0n);
    return { sum: String(sum), avg: quotient(sum, count) };
  }
  if (type === 'Duration') {
    const sum = values.reduce((sum, it) => sum + microseconds(it), 0n);
    // Rounded to a microsecond, up from the middle.
    const raised = 2n * sum + count;
    const floor = raised / (2n * count) - (raised < 0n && raised % (2n * count) !== 0n ? 1n : 0n);
    return { sum: durationOf(sum), avg: durationOf(floor) };
  }
  const sum = values.reduce((sum, it) => sum + it, 0);
  return { sum, avg: sum / values.length };
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
const COMPARABLE = { Int64: BigInt, Duration: microseconds, Decimal: scaled, Point: (it) => JSON.stringify(placeOf(it)) };

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
    const compares = !fields.and && !fields.some && !/(Group|GroupCount|Measures|^Any)Filter$/.test(type.name);
    if (compares) {
      if (value === null && !['eq', 'ne'].includes(name)) wrong();
      if (name === 'within' && value?.south > value?.north) wrong();
      continue;
    }
    if (value === null || (name === 'where' && fields.some && !('count' in given))) wrong();
    if (['and', 'or'].includes(name)) value.forEach((it) => refuse(inner, it));
    else {
      if (name === 'isNull') continue;
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

/** The kinds of sums. */
const SUMS = { Int: 'Float', Float: 'Float', Int64: 'Decimal', Decimal: 'Decimal', Duration: 'Duration' };

/** A path expression as a tree. */
function parsePath(text) {
  const tokens = text.match(/\w+,?\w*|[^\w\s]/g);
  const peek = () => tokens[0];
  const alternative = () => {
    const all = [sequence()];
    while (peek() === '|') all.push((tokens.shift(), sequence()));
    return { kind: 'alternative', all };
  };
  const sequence = () => {
    const all = [repeated()];
    while (peek() === '/') all.push((tokens.shift(), repeated()));
    return { kind: 'sequence', all };
  };
  const repeated = () => {
    let inner = single();
    while (['*', '+', '?', '{'].includes(peek())) {
      const sign = tokens.shift();
      const [least, most] = { '*': [0, Infinity], '+': [1, Infinity], '?': [0, 1] }[sign] ?? tokens.shift().split(',').map(Number);
      if (sign === '{') tokens.shift();
      inner = { kind: 'repeated', inner, least, most };
    }
    return inner;
  };
  const single = () => {
    const token = tokens.shift();
    if (token === '^') return { kind: 'field', name: tokens.shift(), isInverse: true };
    if (token !== '(') return { kind: 'field', name: token, isInverse: false };
    const inner = alternative();
    tokens.shift();
    return inner;
  };
  return alternative();
}

/** The entities that a path leads to from some. */
function walk(path, from, step) {
  const union = (sets) => new Set(sets.flatMap((it) => [...it]));
  switch (path.kind) {
    case 'field': return union([...from].map((it) => step(it, path.name, path.isInverse)));
    case 'sequence': return path.all.reduce((reached, it) => walk(it, reached, step), from);
    case 'alternative': return union(path.all.map((it) => walk(it, from, step)));
    default: {
      let level = from;
      const found = path.least === 0 ? new Set(from) : new Set();
      for (let n = 1; n <= path.most && level.size > 0; n += 1) {
        level = walk(path.inner, level, step);
        const before = found.size;
        if (n >= path.least) level.forEach((it) => found.add(it));
        if (n > path.least && found.size === before && path.most === Infinity) break;
      }
      return found;
    }
  }
}

/** Whether a key of an order ends in an id. */
function isById(key) {
  const [[name, given]] = Object.entries(key);
  return typeof given === 'string' ? name === 'id' : !given.distanceFrom && isById(given);
}

const plainKey = (key) => (key === null ? null : (key.entity?.id ?? key.value));

/** The names of a field to group by and of those below it. */
function nameOfKey(given) {
  const found = Object.entries(given).find(([name]) => name !== 'includeMissing');
  const [name, options] = found;
  const goesOn = Object.keys(options).some((it) => !['includeMissing', 'part', 'width'].includes(it));
  return goesOn ? `${name}.${nameOfKey(options)}` : name;
}

/** The date of the part of the calendar that has a day, given by the digits of year, month and day; for a day without end, infinity. */
function partOf(day, part) {
  if (!Number.isFinite(day)) return day;
  const year = Math.floor(day / 10_000);
  const [month, date] = [Math.floor((day - year * 10_000) / 100), day - year * 10_000 - Math.floor((day - year * 10_000) / 100) * 100];
  const number = (it) => (Math.abs(it) > 9999 ? `Y${it}` : `${it < 0 ? '-' : ''}${String(Math.abs(it)).padStart(4, '0')}`);
  const two = (it) => String(it).padStart(2, '0');
  const masked = (digits) => {
    const count = 10 ** (4 - digits);
    const known = Math.floor(Math.abs(year) / count);
    const isWritten = known * count < 10_000 && (year >= 0 || known > 0);
    if (isWritten) return `${year < 0 ? '-' : ''}${String(known).padStart(digits, '0')}${'X'.repeat(4 - digits)}`;
    if (year >= 0) return `${number(known * count)}/${number(known * count + count - 1)}`;
    return `${number(-known * count - count + 1)}/${number(known === 0 ? -1 : -known * count)}`;
  };
  switch (part) {
    case 'CENTURY': return masked(2);
    case 'DECADE': return masked(3);
    case 'YEAR': return number(year);
    case 'MONTH': return `${number(year)}-${two(month)}`;
    default: return `${number(year)}-${two(month)}-${two(date)}`;
  }
}

/** The largest multiple of a width that is not greater than a number. */
function floored(number, width) {
  const rest = number % width;
  return number - (rest < 0n ? rest + width : rest);
}

function flooredFloat(number, width) {
  const count = Math.floor(number / width);
  const [fits] = [count + 1, count, count - 1].filter((it) => it * width <= number);
  return fits * width + 0;
}

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
          for (const name of ['filter', 'having']) {
            const filter = field.args.find((it) => it.name === name);
            const written = info.fieldNodes[0].arguments?.find((it) => it.name.value === name);
            if (filter && written) refuseAbsent(written.value, info.variableValues.coerced);
            if (filter && args[name] != null) refuse(getNamedType(filter.type), args[name]);
          }
          collatorOf(args.collation);
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
      case 'aggregate':
        return this.aggregateField(parent.items, field, args);
      case 'group':
        if (field.name === 'key') return parent.keys.length === 1 ? plainKey(parent.keys[0]) : parent.keys.map(plainKey);
        if (field.name === 'keys') return parent.keys.map((it, no) => ({ kind: 'groupKey', field: parent.fields[no], value: it?.entity ? null : plainKey(it), entity: this.entity(it?.entity) ?? null }));
        return this.aggregateField(parent.items, field, args);
      case 'edgeAggregate': {
        const [first] = parent.items;
        const type = first && this.edgeTypeField(first.relation, field.name).type;
        return this.measures(type, parent.items.map((it) => this.edgeValue(it, field.name)).filter((it) => it !== null), field);
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
      case 'follow': {
        const found = [...walk(parsePath(args.path), new Set([entity]), (it, name, isInverse) => this.step(it, name, isInverse))];
        const { entity: filter } = args.filter ?? {};
        const orderBy = args.orderBy?.map((it) => it.entity);
        return this.page(found, { ...args, filter, orderBy }, (it) => it, (it) => it);
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

  /** The entities that a field of a relation leads to from an entity, or against it. */
  step(entity, name, isInverse) {
    const { graph } = this;
    const ends = (it) => (graph.follow(it, name)?.ends ?? []).filter(({ edge }) => !edge.oneWay);
    if (!isInverse) return ends(entity).map(({ other }) => other);
    return [...graph.entities.values()].filter((it) => ends(it).some(({ other }) => other === entity));
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
      case 'aggregate': return { kind: 'aggregate', items: page.items };
      default:
        return {
          hasNextPage: page.end < page.items.length,
          hasPreviousPage: page.start > 0,
          startCursor: shown.length ? 'cursor' : null,
          endCursor: shown.length ? 'cursor' : null,
        };
    }
  }

  // Aggregates

  aggregateField(items, field, args) {
    if (field.name === 'count') return items.length;
    if (field.name === 'edge') return { kind: 'edgeAggregate', items };
    const entities = items.map((it) => it.other ?? it);
    if (field.name === 'groupBy') return this.groups(entities, field, args);
    const type = entities.length ? this.graph.field(entities[0], field.name).type : undefined;
    return this.measures(type, this.valuesOf(entities, field.name), field);
  }

  valuesOf(entities, name) {
    return entities.flatMap((it) => this.graph.value(it, name) ?? []);
  }

  /** Groups of entities, those that match and in their order. */
  groups(entities, field, { by, having, orderBy, first }) {
    if (by.length === 0) throw new GraphQLError('nothing to group by');
    const type = getNamedType(field.args.find((it) => it.name === 'by').type);
    by.forEach((it) => this.checkKey(type, it, true));
    if (first < 0) throw new GraphQLError('first is negative');
    const groups = new Map();
    for (const entity of entities) {
      const choices = by.map((it) => this.keysOf(entity, it));
      const combinations = choices.reduce((all, some) => all.flatMap((head) => some.map((it) => [...head, it])), [[]]);
      for (const keys of combinations) {
        const identity = JSON.stringify(keys.map((it) => it && (it.entity?.id ?? it.identity)));
        if (!groups.has(identity)) groups.set(identity, { kind: 'group', keys, fields: by.map(nameOfKey), items: [] });
        const { items } = groups.get(identity);
        if (!items.includes(entity)) items.push(entity);
      }
    }
    const group = getNamedType(field.type).getFields();
    const measure = ({ items }, name, of) => {
      const type = this.graph.field(items[0], name).type;
      const { [of]: value } = this.measures(type, this.valuesOf(items, name), group[name]);
      const kinds = { count: 'Int', distinct: 'Int', sum: SUMS[type], avg: SUMS[type] };
      return { value, type: kinds[of] ?? type };
    };
    const meets = (it) => Object.entries(having ?? {}).every(([name, condition]) =>
      name === 'count'
        ? this.value(condition, 'Int', it.items.length)
        : Object.entries(condition).every(([of, test]) => {
            const { value, type } = measure(it, name, of);
            return this.value(test, type, value);
          }));
    const asked = orderBy?.length ? orderBy : [{ count: 'DESC' }];
    const compareKeys = (a, b, direction) => a.keys.map((it, no) => this.compareKeys(it, b.keys[no], direction)).find((it) => it !== 0) ?? 0;
    const compare = (a, b) => {
      for (const [name, given] of asked.flatMap(Object.entries)) {
        let order;
        if (name === 'key') order = compareKeys(a, b, given);
        else if (name === 'count') order = (a.items.length - b.items.length) * (given.startsWith('DESC') ? -1 : 1);
        else {
          const [[of, direction]] = Object.entries(given);
          const [x, y] = [a, b].map((it) => measure(it, name, of));
          order = this.directed(x.type, x.value, y.value, direction);
        }
        if (order !== 0) return order;
      }
      return compareKeys(a, b, 'ASC');
    };
    return [...groups.values()].filter(meets).sort(compare).slice(0, first ?? 50);
  }

  /** Refuses what cannot be grouped by: several fields, none, or null. */
  checkKey(type, given, isTop) {
    const wrong = () => {
      throw new GraphQLError('not a field to group by');
    };
    const names = Object.keys(given).filter((it) => it !== 'includeMissing');
    if (names.length > 1 || (isTop && names.length === 0) || Object.values(given).includes(null)) wrong();
    for (const name of names) {
      const inner = getNamedType(type.getFields()[name].type);
      const options = given[name];
      if (/GroupBy$/.test(inner.name)) this.checkKey(inner, options, false);
      else if (Object.values(options).includes(null)) wrong();
      else if (options.width !== undefined) {
        const kind = this.graph.ontology.types.get(type.name.replace(/GroupBy$/, '')).fields.get(name).type;
        if (options.width <= 0 || (kind.startsWith('Int') && !Number.isInteger(options.width))) wrong();
      }
    }
  }

  /** The keys of an entity for a field to group by: entities, values with what makes them equal, or null where there is none. */
  keysOf(entity, given) {
    const [name] = Object.keys(given).filter((it) => it !== 'includeMissing');
    const options = given[name];
    const missing = options.includeMissing === false ? [] : [null];
    if (name === 'entityType') return [{ value: entity.type, identity: entity.type, isType: true }];
    const followed = this.graph.follow(entity, name);
    if (followed) {
      const ends = followed.ends.filter((it) => !it.edge.oneWay).map((it) => it.other);
      const goesOn = Object.keys(options).some((it) => it !== 'includeMissing');
      const unique = [...new Set(ends)];
      if (unique.length === 0) return missing;
      const keys = goesOn ? unique.flatMap((it) => this.keysOf(it, options)) : unique.map((it) => ({ entity: it }));
      return keys;
    }
    const { type, list } = this.graph.field(entity, name);
    const said = this.graph.value(entity, name);
    const values = (list ? said : [said]).filter((it) => it !== null);
    const keys = values.map((value) => this.keyOf(type, value, options)).filter((it) => it !== null);
    return keys.length ? keys : missing;
  }

  keyOf(type, value, { part, width }) {
    if (part !== undefined) {
      const [from, until] = span(value).map((it) => partOf(it, part));
      return from === until ? { value: from, identity: from, type: 'Date' } : null;
    }
    if (width !== undefined) {
      const number = type === 'Int64' ? floored(BigInt(value), BigInt(width)) : flooredFloat(value, width);
      return { value: type === 'Int64' ? String(number) : number, identity: String(number), type };
    }
    const identity = type === 'Date' ? JSON.stringify(span(value).map(String)) : String((COMPARABLE[type] ?? ((it) => it))(value));
    return { value, identity, type };
  }

  compareKeys(a, b, direction) {
    const order = this.graph.typesOf('Entity');
    const of = (it) => it && (it.entity?.id ?? (it.isType ? order.indexOf(it.value) : it.value));
    return this.directed(a?.type ?? b?.type, of(a), of(b), direction);
  }

  /** The order of two values, one of which may be missing. */
  directed(type, x, y, direction, collation) {
    if (x == null || y == null) {
      if (x == null && y == null) return 0;
      return (x == null) === direction.endsWith('NULLS_FIRST') ? -1 : 1;
    }
    return this.compareValues(type, x, y, collation) * (direction.startsWith('DESC') ? -1 : 1);
  }

  /** The aggregates of values of a type, which the type of the field has. */
  measures(type, values, field) {
    const has = (name) => name in getNamedType(field.type).getFields();
    const sorted = [...values].sort((a, b) => this.compareValues(type, a, b));
    const distinct = sorted.filter((it, no) => no === 0 || this.compareValues(type, sorted[no - 1], it) !== 0).length;
    const measures = { kind: 'measures', count: values.length, distinct, min: null, max: null, sum: null, avg: null };
    if (values.length === 0) return measures;
    // Sorting keeps the order of equal values.
    Object.assign(measures, { min: sorted[0], max: sorted.at(-1) });
    return has('sum') ? { ...measures, ...sums(type, values) } : measures;
  }

  compare(args, a, b, itemA, itemB, own) {
    for (const key of args.orderBy ?? []) {
      const [x, y] = [this.orderValue(a, itemA, key), this.orderValue(b, itemB, key)];
      const collation = x.isId ? undefined : collatorOf(args.collation);
      const order = this.directed(x.type ?? y.type, x.value, y.value, x.direction, collation);
      if (order !== 0) return order;
    }
    return own ? own.indexOf(itemA) - own.indexOf(itemB) : compareText(a.id, b.id);
  }

  /** The value by which an entity is ordered for a key, its type and the direction. */
  orderValue(entity, item, key) {
    const [[name, given]] = Object.entries(key);
    const at = (type, value) => {
      // By the distance from a point.
      if (!given?.distanceFrom) return { type, value, direction: given };
      return { value: value && distance(value, given.distanceFrom), direction: given.direction ?? 'ASC' };
    };
    if (name === 'edge') {
      const [[property, inner]] = Object.entries(given);
      const value = this.edgeValue(item, property);
      if (inner?.distanceFrom) return { value: value && distance(value, inner.distanceFrom), direction: inner.direction ?? 'ASC' };
      return { type: this.edgeTypeField(item.relation, property).type, value, direction: inner };
    }
    if (name === 'id') return { ...at('ID', entity.id), isId: true };
    if (name === 'label') return at('String', this.graph.label(entity));
    if (name === 'degree') return at('Int', this.graph.degree(entity));
    const followed = this.graph.follow(entity, name);
    if (!followed) return at(this.graph.field(entity, name).type, this.graph.value(entity, name));
    const ends = followed.ends.filter((it) => !it.edge.oneWay);
    if ('count' in given && followed.list) return { type: 'Int', value: ends.length, direction: given.count };
    if (ends.length > 0) return this.orderValue(ends[0].other, undefined, given);
    const direction = (it) => (typeof it === 'string' ? it : it.distanceFrom ? (it.direction ?? 'ASC') : direction(Object.values(it)[0]));
    return { value: null, direction: direction(given), isId: isById(given) };
  }

  compareValues(type, x, y, collation) {
    const values = this.graph.ontology.types.get(type)?.values ?? [];
    if (values.length) return values.indexOf(x) - values.indexOf(y);
    if (type === 'Date') {
      const [a, b] = [span(x), span(y)];
      return compareText(a[0], b[0]) || compareText(a[1], b[1]);
    }
    if (type === 'Point') {
      const [a, b] = [placeOf(x), placeOf(y)];
      return a.lat - b.lat || a.lon - b.lon;
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
    const asked = Object.keys(condition).filter((it) => !['edge', 'where'].includes(it));
    if (asked.length === 0) return items.length > 0;
    return asked.every((operator) => {
      if (operator === 'some') return items.some(meets(condition.some));
      if (operator === 'every') return items.every(meets(condition.every));
      if (operator === 'none') return !items.some(meets(condition.none));
      if (operator === 'isNull') return (items.length === 0) === condition.isNull;
      return this.value(condition.count, 'Int', items.filter(meets(condition.where)).length);
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
