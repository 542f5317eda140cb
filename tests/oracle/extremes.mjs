// Random operations with extreme values, which benches/limits/fuzz.mjs sends. Only the cost of an answer is checked, not its content.
import { getNamedType, isEnumType, isInputObjectType, isLeafType, isListType, isNonNullType } from 'graphql';

import { Generator, Random, shrink } from './generate.mjs';

export { Graph } from './graph.mjs';
export { spoil } from './invalid.mjs';
export { buildSchema, parse, print } from 'graphql';
export { Random, shrink };

const repeat = (text, times) => text.repeat(times);
const NUMBERS = [0, 1, 2, 50, 1000, 9999, 10_000, 10_000];
const FAR_NUMBERS = [-1, 10_001, 1_000_000, 2_147_483_647, -2_147_483_648];
const FLOATS = [0, -0, 0.1, 1e308, -1e308, 5e-324, 2 ** 53, 1e21];
const DATES = ['0001', '9999', '9999-12-31', '1996-02-29', '1990/1999', '0001/9999', '1996-08/1996-09', '0001-01-01/9999-12-31', 'Y-999999999999/Y999999999999', '../Y-10000', '0000/', '-0001?', '19XX%', '1996-24~'];
const NO_DATES = ['-0000', 'Y1996', '1996-02-30', '1996-13', '2011/2010', '../..', '199X/2001', '', '99999999999', 'Y9999999999999', 'yesterday'];
const LETTERS = ['', ' ', '\u0000', '\u{1F468}\u200D\u{1F469}\u200D\u{1F467}', '\u202E', 'e\u0301', '\u0130', '\u00DF', '\uFFFF', '\uD800', '"', '\\', '\n', '<mark>', '%', '*', '\u3000', '\u0E01'];
const PATTERNS = ['', '.*', '(a|b)*c', '(\\w{1,200}){50}', '(a*)*$', '[^\\x00-\\x7F]+', '\\pL{50}', '(?i)\u00DF', '(', '[', '\\', 'x{1000}{1000}', '^$', '\\b\\b\\b', '(?:)*'];
/** Path expressions of a relation, and of another one with its inverse. */
const paths = (one, there, back) => [`${one}*`, `^${one}`, `(${one}|${there})*/${back}?`, `${one}{900}`, `${one}{0,30}/${there}{2,}`, `((${one}*)*)*`, `${one}{5,2}`, '', '(', 'nothing', `${one}//${there}`, `${one}{4294967296}`, `^(${one}/^${there})+`];
const QUERIES = ['a*', 'the child', '"the child"', '"', '* * *', 'a* b* c* d* e* f* g* h*', '\u00E9t\u00E9~', 'AND OR NOT', 'chlid of teh vilage'];
const TIMES = [1, 1, 1, 3, 3, 10, 40, 40, 1000, 20_000];

export class Extremes extends Generator {
  constructor(schema, graph, random) {
    super(schema, graph, random);
    this.leftOut = new Set();
    this.cursors = [];
    this.ids = [...graph.entities.keys()];
    const types = [...graph.ontology.types.values()];
    const relations = types.flatMap((it) => [...it.fields.values()]).filter((it) => it.relation);
    const one = relations.find((it) => it.relation.symmetric) ?? relations[0];
    const there = relations.find((it) => it.relation.inverse) ?? one;
    this.paths = paths(one.name, there.name, there.relation.inverse ?? one.name);
    /** Integer properties of edges, a property that is not a number, and one that no edge has. */
    const ofEdges = types.filter((it) => it.edge).flatMap((it) => [...it.fields.values()]);
    const isNumber = (it) => ['Int', 'Int64', 'Float', 'Decimal'].includes(it.type);
    this.weights = ['nothing', ...ofEdges.filter(isNumber).map((it) => it.name), ...ofEdges.filter((it) => !isNumber(it)).slice(0, 1).map((it) => it.name)];
  }

  /** Keeps cursors of an answer, so that later requests continue from them. */
  remember(text) {
    for (const [, cursor] of text.matchAll(/[cC]ursor":"([\w-]+)"/g)) {
      if (this.cursors.length < 500) this.cursors.push(cursor);
      else this.cursors[this.random.below(500)] = cursor;
    }
  }

  operation() {
    const { random } = this;
    this.budget = random.pick([20, 60, 200, 1500]);
    const operation = super.operation();
    const directives = `${random.chance(0.1) ? ' @cite' : ''}${random.chance(0.1) ? ' @explain' : ''}`;
    if (directives) operation.query = operation.query.replace(/^query( \([^{]*\))? \{/, (head) => `${head.slice(0, -2)}${directives} {`);
    if (random.chance(0.03)) operation.query = operation.query.replace('{', `{ ${this.introspection()} `);
    return operation;
  }

  introspection() {
    const { random } = this;
    const inner = random.pick(['{ types { name fields { name args { name } } } }', '{ queryType { fields { type { fields { type { fields { name } } } } } } }', '{ directives { name locations args { type { name } } } }']);
    return Array.from({ length: random.pick([1, 5, 60]) }, (_, no) => `i${no}: __schema ${inner}`).join(' ');
  }

  /** The same operation, or one with many aliases of it. */
  field(field, depth) {
    const { random } = this;
    this.budget -= 1;
    const one = super.field(field, depth);
    if (!random.chance(0.04) || this.budget < 0) return one;
    const times = Math.min(random.pick([2, 2, 10, 100, 600]), Math.max(1, Math.floor(30_000 / one.length)), Math.max(1, this.budget));
    this.budget -= times;
    const plain = one.replace(/^a\d+: /, '');
    return Array.from({ length: times }, () => `a${(this.aliases += 1)}: ${plain}`).join(' ');
  }

  arguments(field) {
    const { random } = this;
    const given = [];
    for (const argument of field.args) {
      if (!isNonNullType(argument.type) && !random.chance(0.3)) continue;
      const value = this.value(argument.type, { field, argument, depth: 0 });
      if (value === undefined) continue;
      given.push(`${argument.name}: ${this.literalOrVariable(argument.type, value)}`);
    }
    return given.length ? `(${given.join(', ')})` : '';
  }

  literal(type, value) {
    const { random } = this;
    // A value that does not fit its type is written unchanged, and refused.
    if (isListType(type) && !Array.isArray(value)) return this.literal(type.ofType, value);
    if (typeof value === 'number' && !Number.isFinite(value)) return '1e999';
    if (getNamedType(type).name === 'Boolean' || !isLeafType(type) || isEnumType(type)) return super.literal(type, value);
    // JSON can contain half of a surrogate pair, but a document cannot.
    return JSON.stringify(typeof value === 'string' && random.chance(0.95) ? value.toWellFormed() : value);
  }

  value(type, context) {
    const { random } = this;
    if (isNonNullType(type)) return this.value(type.ofType, { ...context, isRequired: true });
    const { isRequired } = context;
    if (!isRequired && random.chance(0.02)) return null;
    context = { ...context, isRequired: false };
    if (isListType(type)) return this.list(type, context);
    if (isInputObjectType(type) || random.chance(0.35)) return super.value(type, context);
    const argument = context.argument?.name;
    switch (isEnumType(type) ? 'enum' : type.name) {
      case 'Int': return random.pick(random.chance(0.1) ? FAR_NUMBERS : NUMBERS);
      case 'Float': return random.pick(FLOATS);
      case 'Duration': return random.pick(['P106751991D', '-PT9223372036854.775808S', 'P106751992D', 'PT0.0000001S', 'P1M', 'P', 'PT1H']);
      case 'Int64': return random.pick(['9223372036854775807', '-9223372036854775808', '9223372036854775808', 2 ** 53, 1.5, ...NUMBERS, ...FAR_NUMBERS]);
      case 'Date': case 'DateTime': return random.pick(random.chance(0.15) ? NO_DATES : DATES);
      case 'ID': return random.chance(0.9) ? random.pick(this.ids) : this.text(context);
      case 'Boolean': case 'enum': return super.value(type, context);
      case 'JSON': return undefined;
      default:
        if (['after', 'before'].includes(argument)) return this.cursors.length && random.chance(0.7) ? random.pick(this.cursors) : this.odd();
        return this.text(context);
    }
  }

  list(type, context) {
    const { random } = this;
    const named = getNamedType(type);
    if (isEnumType(named) && random.chance(0.3)) return named.getValues().map((it) => it.name);
    const isSmall = isInputObjectType(named);
    const count = isSmall ? random.pick([0, 1, 1, 1, 2, 2, 5, 30]) : random.pick([0, 1, 1, 1, 3, 3, 3, 50, 50, 1500]);
    const distinct = Math.min(count, 20);
    const pool = Array.from({ length: distinct }, () => this.value(type.ofType, { ...context, depth: (context.depth ?? 0) + (isSmall ? 2 : 0) })).filter((it) => it !== undefined);
    // Long values in long lists would only reach the limit of the body.
    if (JSON.stringify(pool).length * (count / Math.max(1, distinct)) > 300_000) return pool.slice(0, 1);
    return pool.length ? Array.from({ length: count }, (_, no) => pool[no % pool.length]) : [];
  }

  object(type, context) {
    const { random } = this;
    const not = !type.isOneOf && type.getFields().not && context.depth === 0 && random.chance(0.1);
    const inner = super.object(type, { ...context, isRequired: type.isOneOf });
    if (!not) return inner;
    return Array.from({ length: random.pick([3, 40, 300]) }).reduce((deep) => random.chance(0.5) ? { not: deep } : { and: [deep, {}] }, inner);
  }

  odd() {
    const { random } = this;
    const letter = random.pick(LETTERS);
    return repeat(random.chance(0.5) ? letter : `${letter}a`, random.pick(TIMES)).slice(0, 60_000);
  }

  text(context) {
    const { random } = this;
    const name = context.argument?.name;
    if (random.chance(0.3)) return this.odd();
    if (name === 'path') return random.chance(0.8) ? random.pick(this.paths) : Array.from({ length: random.pick([2, 20, 300]) }, () => random.pick(this.paths)).join(random.pick(['/', '|']));
    if (context.operator === 'matches') return random.pick(PATTERNS);
    if (name === 'query' || context.operator === 'search') return Array.from({ length: random.pick([1, 1, 5, 50]) }, () => random.pick(QUERIES)).join(' ');
    if (name === 'weight') return random.pick(this.weights);
    return super.text(context);
  }
}
