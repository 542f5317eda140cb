// Random valid operations for a schema.
import { getNamedType, isAbstractType, isEnumType, isInputObjectType, isLeafType, isListType, isNonNullType, print, visit } from 'graphql';

/** A small pseudorandom generator with the same results everywhere (mulberry32). */
export class Random {
  constructor(seed) {
    this.state = seed >>> 0;
  }

  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  below(n) {
    return Math.floor(this.next() * n);
  }

  chance(p) {
    return this.next() < p;
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  some(list, most) {
    const count = 1 + this.below(Math.min(most, list.length));
    return Array.from({ length: count }, () => this.pick(list));
  }
}

/** Fields whose values the reference does not compute. Those about the graph as a whole are compared with networkx and rdflib. */
const LEFT_OUT = new Set([
  'revision', 'citationCount', 'componentCount', 'relations', 'class',
  'path', 'paths', 'neighborhood', 'ranking', 'similar', 'components', 'search', 'timeline', 'conflicts',
]);

/** Fields that are chosen more often, since there are many others beside them. */
const FAVORED = ['aggregate', 'groupBy', 'edge'];

export class Generator {
  constructor(schema, graph, random) {
    this.schema = schema;
    this.graph = graph;
    this.random = random;
    this.leftOut = LEFT_OUT;
    /** The fields of statements: properties and relations, in both directions. */
    this.fields = [...new Set([...graph.ontology.types.values()].filter((it) => !it.edge).flatMap((it) => [...it.fields.values()].flatMap(({ name, relation }) => [name, relation?.inverse ?? name])))];
  }

  /** Places that statements cite, whole sections, and one that none has. */
  get locators() {
    const { entities, edges } = this.graph;
    const said = [...entities.values()].flatMap((it) => [...it.values.values()].flat());
    const all = [...said, ...edges].flatMap((it) => it.statement.citations).flatMap((it) => it.locator ?? []);
    return ['nowhere', ...new Set(all.flatMap((it) => [it, it.split('/')[0], it.split('/').slice(0, 2).join('/')]))];
  }

  operation() {
    this.variables = new Map();
    this.values = {};
    this.fragments = [];
    this.aliases = 0;
    const body = this.selection(this.schema.getQueryType(), 0);
    const variables = [...this.variables].map(([name, type]) => `$${name}: ${type}`).join(', ');
    const head = variables ? `query (${variables})` : 'query';
    return { query: [`${head} ${body}`, ...this.fragments].join('\n'), variables: this.values };
  }

  selection(type, depth) {
    const { random } = this;
    const parts = [];
    const fields = type.getFields ? Object.values(type.getFields()).filter((it) => !this.leftOut.has(it.name)) : [];
    const leaves = fields.filter((it) => isLeafType(getNamedType(it.type)));
    const deep = fields.filter((it) => !isLeafType(getNamedType(it.type)));
    const wanted = depth === 0 ? 1 + random.below(3) : 1 + random.below(5);
    for (let n = 0; n < wanted; n += 1) {
      const goDeeper = deep.length > 0 && depth < 7 && random.chance(depth === 0 ? 1 : depth < 4 ? 0.55 : 0.2);
      const favored = deep.filter((it) => FAVORED.includes(it.name));
      const field = goDeeper ? random.pick(favored.length && random.chance(0.08) ? favored : deep) : leaves.length ? random.pick(leaves) : undefined;
      if (field) parts.push(this.field(field, depth));
      if (random.chance(0.1)) parts.push('__typename');
    }
    if (isAbstractType(type) && depth < 7) {
      for (const possible of random.some(this.schema.getPossibleTypes(type), 2)) {
        if (random.chance(0.6)) parts.push(this.fragment(possible, depth));
      }
    }
    if (type.getInterfaces?.().length && random.chance(0.15) && depth < 6) {
      parts.push(this.fragment(random.pick(type.getInterfaces()), depth + 1));
    }
    // Repeated selections are merged.
    if (parts.length && random.chance(0.15)) parts.push(random.pick(parts));
    if (parts.length === 0) parts.push('__typename');
    return `{ ${parts.join(' ')} }`;
  }

  fragment(type, depth) {
    const { random } = this;
    const body = this.selection(type, depth + 1);
    if (random.chance(0.5)) return `... on ${type.name}${this.condition()} ${body}`;
    const name = `F${this.fragments.length}`;
    this.fragments.push(`fragment ${name} on ${type.name} ${body}`);
    return `...${name}${this.condition()}`;
  }

  condition() {
    const { random } = this;
    if (!random.chance(0.15)) return '';
    const directive = random.pick(['skip', 'include']);
    if (random.chance(0.5)) return ` @${directive}(if: ${random.chance(0.5)})`;
    const name = `c${random.below(3)}`;
    if (!this.variables.has(name)) {
      const fallback = random.chance(0.3) ? ' = true' : '';
      this.variables.set(name, `Boolean${fallback ? '' : '!'}${fallback}`);
      if (!fallback || random.chance(0.5)) this.values[name] = random.chance(0.5);
    }
    // A nullable variable with a default is allowed where a Boolean! is required.
    return ` @${directive}(if: $${name})`;
  }

  field(field, depth) {
    const { random } = this;
    const args = this.arguments(field);
    const named = getNamedType(field.type);
    const alias = args || random.chance(0.1) ? `a${(this.aliases += 1)}: ` : '';
    const body = isLeafType(named) ? '' : ` ${this.selection(named, depth + 1)}`;
    return `${alias}${field.name}${args}${this.condition()}${body}`;
  }

  arguments(field) {
    const { random } = this;
    const given = [];
    for (const argument of field.args) {
      const must = isNonNullType(argument.type);
      if (!must && !random.chance(argument.name === 'id' ? 0.8 : 0.3)) continue;
      if (['after', 'before'].includes(argument.name)) continue;
      const value = this.value(argument.type, { field, argument, depth: 0 });
      if (value === undefined) continue;
      given.push(`${argument.name}: ${this.literalOrVariable(argument.type, value)}`);
    }
    return given.length ? `(${given.join(', ')})` : '';
  }

  literalOrVariable(type, value) {
    const { random } = this;
    if (random.chance(0.35)) {
      const name = `v${this.variables.size}`;
      this.variables.set(name, String(type));
      this.values[name] = value;
      return `$${name}`;
    }
    return this.literal(type, value);
  }

  literal(type, value) {
    if (isNonNullType(type)) return this.literal(type.ofType, value);
    if (value === null) return 'null';
    if (isListType(type)) {
      // A single value for a list is a list of it.
      if (!Array.isArray(value)) return this.literal(type.ofType, value);
      if (value.length === 1 && this.random.chance(0.2)) return this.literal(type.ofType, value[0]);
      return `[${value.map((it) => this.literal(type.ofType, it)).join(', ')}]`;
    }
    if (isInputObjectType(type)) {
      const fields = Object.entries(value).map(([name, it]) => `${name}: ${this.literal(type.getFields()[name].type, it)}`);
      return `{${fields.join(', ')}}`;
    }
    if (isEnumType(type)) return value;
    return written(value);
  }

  value(type, context) {
    const { random } = this;
    if (isNonNullType(type)) return this.value(type.ofType, context);
    if (isListType(type)) {
      const items = Array.from({ length: 1 + random.below(3) }, () => this.value(type.ofType, context)).filter((it) => it !== undefined);
      return items;
    }
    switch (type.name) {
      case 'PointNear': return { point: this.point(), km: random.pick([0, 1, 111.7, 1234.5, 9876.5, 20015.2]) };
      case 'PointBounds': return this.bounds();
      case 'PointOrder': return { distanceFrom: this.point(), ...(random.chance(0.6) ? { direction: random.pick(this.schema.getType('SortOrder').getValues()).name } : {}) };
    }
    if (isInputObjectType(type)) return this.object(type, context);
    if (isEnumType(type)) return random.pick(type.getValues()).name;
    switch (type.name) {
      case 'Int':
        if (context.argument?.name === 'depth') return random.below(4);
        if (['first', 'last'].includes(context.argument?.name) && !context.property) return random.chance(0.03) ? -1 : random.below(6);
        return random.pick([0, 1, 2, 3, 6, 104, 122, 300]);
      case 'Int64': return random.pick([...this.said(context.property), '9007199254740992', 0, -1, 7, 2 ** 53 - 1]);
      case 'Duration': return random.pick([...this.said(context.property), 'PT24H', 'PT0.0S', '-P1DT1S']);
      case 'Point': return this.point();
      case 'Float': return context.operator === 'width' ? random.pick([0, 0.5, 1, 3, 10, 10, 1000, 1e12]) : random.pick([0, 75, 300, 1700, 100000, 1e6]);
      case 'Decimal': return random.pick(['0', '100.0', '1E2', '-3', '1700', '9007199254740993', '-1844674407370955.5']);
      case 'Boolean': return random.chance(0.5);
      case 'Date': return random.pick(['1990', '1996', '1996-08', '2009/2012', '2010', '2012', '2013-01-01', '2016', '1998/2012', '2022', '1984~', '199X?', '1996-21', '../1996', '2009/..', '-0044', ...this.said(context.property)]);
      case 'ID':
        if (context.argument?.name === 'ids' || context.argument?.name === 'id' || context.property === 'id') {
          return random.chance(0.1) ? 'nobody' : random.pick([...this.graph.entities.keys()]);
        }
        return random.pick([...this.graph.entities.keys()]);
      case 'URL': return 'https://example.org/';
      case 'JSON': return undefined;
      default: return this.text(context);
    }
  }

  /** A path expression of some depth. */
  path(depth) {
    const { random } = this;
    if (depth === 0 || random.chance(0.3)) return `${random.chance(0.15) ? '^' : ''}${random.pick(this.relations)}`;
    const [one, other] = [this.path(depth - 1), this.path(depth - 1)];
    return random.pick([`${one}/${other}`, `(${one}|${other})`, `(${one})*`, `(${one})+`, `(${one})?`, `(${one}){1,2}`]);
  }

  /** The fields of relations, in both directions. */
  get relations() {
    const types = [...this.graph.ontology.types.values()].filter((it) => it.kind === 'Object' && !it.edge);
    const declared = types.flatMap((it) => [...it.fields.values()]).filter((it) => it.relation);
    return [...new Set(declared.flatMap(({ name, relation }) => [name, relation.inverse ?? name]))];
  }

  /** A point in one of its two forms: a pole, a point on the antimeridian, a point of the graph, or a random one. */
  point() {
    const { random, graph } = this;
    const said = [...graph.entities.values()].flatMap((it) => [...it.values.values()].flat()).map((it) => it.value?.coordinates).filter((it) => it !== undefined);
    const anywhere = [Math.round(random.next() * 36_000 - 18_000) / 100, Math.round(random.next() * 18_000 - 9_000) / 100];
    const [lon, lat] = random.pick([[random.below(360) - 180, 90], [7, -90], [180, -16.5], [-180, 5.5], anywhere, ...(said.length ? [random.pick(said), random.pick(said)] : [])]);
    return random.chance(0.5) ? { lat, lon } : { type: 'Point', coordinates: [lon, lat] };
  }

  /** Bounds. Some cross the antimeridian, some are a line, and a few have north and south exchanged. */
  bounds() {
    const { random } = this;
    const latitudes = [-90, -54.8, -16.5, 0, 5.5, 30, 51.5, 90];
    const longitudes = [-180, -120, -21.9, 0, 16.3738, 60, 151.2, 180];
    let [south, north] = [random.pick(latitudes), random.pick(latitudes)];
    if (south > north && random.chance(0.9)) [south, north] = [north, south];
    return { south, north, west: random.pick(longitudes), east: random.pick(longitudes) };
  }

  /** The values of a property of entities and edges, each in its original notation. */
  said(property) {
    const { entities, edges } = this.graph;
    const ofEntities = [...entities.values()].flatMap((it) => (it.values.get(property) ?? []).map((said) => said.value));
    return [...ofEntities, ...edges.flatMap((it) => it.properties[property] ?? [])].filter((it) => typeof it === 'string');
  }

  text({ argument, operator, property }) {
    const { random } = this;
    if (['ref', 'prefix'].includes(argument?.name)) return this.name(argument.name);
    if (argument?.name === 'path' && property === undefined) return this.path(2);
    if (argument?.name === 'locator') return random.pick(this.locators);
    if (argument?.name === 'fields') return random.pick(this.fields);
    if (argument?.name === 'collation' && property === undefined) return random.pick(['fr', 'sv', 'DE', 'de-u-co-phonebk', 'cs', 'en-u-kn', 'und', 'xx', 'english']);
    if (operator === 'matches') return random.pick(['^E', 'o.*n', '[A-Z]{3}', 'the (code|body)', '\\d+', 's$']);
    const values = [...this.graph.entities.values()].flatMap((it) => (it.values.get(property) ?? []).map((said) => said.value)).filter((it) => typeof it === 'string');
    const pool = values.length ? values : ['The', 'the', 'UN', 'CEO', 'member', ''];
    const whole = random.pick(pool);
    if (['contains', 'startsWith', 'endsWith'].includes(operator)) {
      const start = operator === 'startsWith' ? 0 : random.below(Math.max(1, whole.length - 3));
      const part = operator === 'endsWith' ? whole.slice(-3) : whole.slice(start, start + 1 + random.below(4));
      return random.chance(0.3) ? part.toUpperCase() : part;
    }
    return whole;
  }

  /** A reference to an entity, or the prefix of a name; some in other case, some without a match. */
  name(argument) {
    const { random } = this;
    const entity = random.pick([...this.graph.entities.values()]);
    const names = this.graph.names(entity).map((it) => it.text);
    const external = (entity.values.get('sameAs') ?? []).map((it) => it.value);
    const isBeginning = argument === 'prefix';
    const whole = random.pick(isBeginning ? names : [entity.id, 'nobody', ...names, ...external]);
    const text = isBeginning ? [...whole].slice(0, random.below(5)).join('') : whole;
    return random.chance(0.3) ? text.toUpperCase() : text;
  }

  /** One field to group by, perhaps over relations; a few name none or two. */
  groupBy(type, context) {
    const { random } = this;
    const { includeMissing, ...fields } = type.getFields();
    const given = includeMissing && random.chance(0.2) ? { includeMissing: random.chance(0.4) } : {};
    const isTop = context.depth === 0;
    const count = random.chance(0.03) ? random.pick([0, 2]) : isTop || (context.depth < 3 && random.chance(0.4)) ? 1 : 0;
    for (let n = 0; n < count; n += 1) {
      const field = random.pick(Object.values(fields));
      given[field.name] = this.value(field.type, { ...context, depth: context.depth + 1 });
    }
    return given;
  }

  object(type, context) {
    const { random } = this;
    if (/GroupBy$/.test(type.name)) return this.groupBy(type, context);
    if (context.depth > 4) return {};
    // The reference has no text index.
    // Whether a path can lead to another type depends on all types that its selection is on, which the reference does not know.
    if (['AnyFilter', 'AnyOrder'].includes(type.name)) return { entity: this.value(type.getFields().entity.type, { ...context, depth: 1 }) };
    const isOrder = /Order$/.test(type.name);
    const isShallow = (it) => context.depth < 3 || isLeafType(getNamedType(it.type));
    const fields = Object.values(type.getFields()).filter((it) => it.name !== 'search' && (!isOrder || isShallow(it)));
    const chosen = type.isOneOf ? [random.pick(fields)] : random.some(fields, context.depth === 0 ? 2 : 3);
    const object = {};
    for (const field of chosen) {
      const isOperator = isLeafType(getNamedType(field.type)) && !type.isOneOf;
      const inner = { ...context, depth: context.depth + 1, operator: isOperator ? field.name : context.operator };
      if (!isOperator && !['and', 'or', 'not', 'some', 'every', 'none', 'where', 'edge'].includes(field.name)) inner.property = field.name;
      if (type.name === 'IDFilter') inner.property = 'id';
      const isNull = isOperator && ['eq', 'ne'].includes(field.name) ? random.chance(0.1) : !type.isOneOf && random.chance(0.01);
      if (isNull) {
        object[field.name] = null;
        continue;
      }
      const value = this.value(field.type, inner);
      if (value !== undefined) object[field.name] = value;
    }
    return object;
  }
}

/** A value of any kind as GraphQL writes it. */
function written(value) {
  if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`;
  if (value && typeof value === 'object') return `{${Object.entries(value).map(([name, it]) => `${name}: ${written(it)}`).join(', ')}}`;
  return JSON.stringify(value);
}

/** Reduces an operation that fails: drops one selection after another while it still fails. */
export async function shrink(document, fails) {
  let current = document;
  for (let round = 0; round < 200; round += 1) {
    let smaller;
    for (const larger of without(current)) {
      const candidate = prune(larger);
      if (await fails(candidate)) {
        smaller = candidate;
        break;
      }
    }
    if (!smaller) return print(current);
    current = smaller;
  }
  return print(current);
}

/** The operation without unused variables and fragments. */
function prune(document) {
  const used = (document, kind) => {
    const names = new Set();
    const visitor = { [kind]: (node) => void names.add(node.name.value), VariableDefinition: () => false };
    visit(document, visitor);
    return names;
  };
  let definitions = document.definitions;
  for (let before = -1; before !== definitions.length; ) {
    before = definitions.length;
    const spreads = used({ ...document, definitions }, 'FragmentSpread');
    definitions = definitions.filter((it) => it.kind !== 'FragmentDefinition' || spreads.has(it.name.value));
  }
  const variables = used({ ...document, definitions }, 'Variable');
  definitions = definitions.map((it) => ({
    ...it,
    variableDefinitions: it.variableDefinitions?.filter((variable) => variables.has(variable.variable.name.value)),
  }));
  return { ...document, definitions };
}

function* without(node) {
  if (Array.isArray(node)) {
    // Halves first, since a long list would otherwise need as many attempts as it has elements.
    if (node.length > 3) {
      const half = node.length >> 1;
      yield node.slice(0, half);
      yield node.slice(half);
    }
    for (let no = 0; no < node.length; no += 1) {
      if (node.length > 1 || ['Argument', 'Directive', 'VariableDefinition', 'ObjectField'].includes(node[no]?.kind)) {
        yield [...node.slice(0, no), ...node.slice(no + 1)];
      }
      for (const inner of without(node[no])) yield [...node.slice(0, no), inner, ...node.slice(no + 1)];
    }
  } else if (node && typeof node === 'object' && node.kind) {
    for (const key of ['definitions', 'selectionSet', 'selections', 'arguments', 'directives', 'variableDefinitions', 'value', 'values', 'fields']) {
      if (node[key] && typeof node[key] === 'object') for (const inner of without(node[key])) yield { ...node, [key]: inner };
    }
  }
}
