// Compares variables with graphql-js: both must accept and refuse the same JSON, and read the same values from it.
//
//   node coercion.mjs [--count 5000] [--seed 1 | --seed random] [--transport post | get | multipart | ws | sse | all]
//
// CLEW is the binary to test; by default the release build.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import {
  buildSchema, executeSync, getNamedType, getNullableType, getVariableValues, isEnumType, isInputObjectType, isLeafType, isListType,
  isNonNullType, isRequiredArgument, parse, validate,
} from 'graphql';

import { Generator, Random } from './generate.mjs';
import { Graph } from './graph.mjs';
import { Resolvers } from './resolve.mjs';
import { Transports } from './transports.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const binary = process.env.CLEW ?? resolve(root, 'target/release/clew');
const { values: options } = parseArgs({
  options: { count: { type: 'string', default: '5000' }, seed: { type: 'string', default: '1' }, transport: { type: 'string', default: 'all' } },
});
const seed = options.seed === 'random' ? Date.now() % 2 ** 31 : Number(options.seed);
/** Number of concurrent requests. */
const AT_ONCE = 8;

const schema = buildSchema(execFileSync(binary, ['schema'], { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 }));
const graph = new Graph(root);
new Resolvers(graph, new Map()).wire(schema);

const server = spawn(binary, ['serve', '--listen', '127.0.0.1:0'], { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] });
const [line] = await once(createInterface({ input: server.stdout }), 'line');
const transports = new Transports(`${line.replace('listening on ', '')}/graphql`, options.transport);

/** Numbers as text: JSON allows more notations than JavaScript writes. */
class Written {
  constructor(text) {
    this.text = text;
  }
}

function json(value) {
  if (value instanceof Written) return value.text;
  if (Array.isArray(value)) return `[${value.map(json).join(',')}]`;
  if (value && typeof value === 'object') return `{${Object.entries(value).map(([key, it]) => `${JSON.stringify(key)}:${json(it)}`).join(',')}}`;
  return JSON.stringify(value);
}

const NUMBERS = ['0', '-0', '1', '1.0', '1e0', '10e-1', '1.5', '-7', '2147483647', '2147483648', '-2147483648', '-2147483649', '1E2', '9007199254740991', '0.1', '-0.0'];
const STRANGE = [null, true, '', 'x', '1', [], {}, [null], { x: 1 }];

/** JSON that has a type, or almost has it. */
class Values {
  constructor(random, generator) {
    this.random = random;
    this.generator = generator;
  }

  of(type, context, wrong) {
    const { random } = this;
    if (random.chance(wrong)) return random.chance(0.5) ? new Written(random.pick(NUMBERS)) : random.pick(STRANGE);
    if (isNonNullType(type)) return this.of(type.ofType, context, wrong);
    if (random.chance(wrong)) return null;
    if (isListType(type)) {
      if (random.chance(0.2)) return this.of(type.ofType, context, wrong);
      return Array.from({ length: random.below(4) }, () => this.of(type.ofType, context, wrong));
    }
    if (isInputObjectType(type)) return this.object(type, context, wrong);
    if (['Int', 'Float'].includes(type.name) || (type.name === 'ID' && random.chance(0.5))) return new Written(random.pick(NUMBERS));
    if (isLeafType(type) && !isEnumType(type) && !['ID', 'String', 'Boolean'].includes(type.name)) return this.scalar(type.name);
    return this.generator.value(type, { depth: 0, ...context });
  }

  scalar(name) {
    const { random } = this;
    switch (name) {
      case 'Date': return random.pick(['1990', '1996-08', '2009/2012', '2013-01-01', '1984?', '199X', '1985/..', '-0044']);
      case 'DateTime': return '1996-08-27T10:00:00Z';
      case 'Int64': return random.pick([7, -1, '9007199254740993', '-9223372036854775808']);
      case 'Duration': return random.pick(['PT1H', '-P1DT0.5S']);
      case 'Decimal': return random.pick(['100.0', '1E2', '-3']);
      case 'URL': return 'https://example.org/';
      default: return random.pick([1, 'x', true, [1, null]]);
    }
  }

  object(type, context, wrong) {
    const { random } = this;
    const depth = context.depth ?? 0;
    if (depth > 3) return {};
    const fields = Object.values(type.getFields()).filter((it) => it.name !== 'search' && it.name !== 'matches');
    const count = type.isOneOf ? (random.chance(wrong) ? 2 : 1) : random.below(4);
    const object = {};
    for (let n = 0; n < count; n += 1) {
      const field = random.pick(fields);
      object[field.name] = this.of(field.type, { ...context, depth: depth + 1 }, wrong);
    }
    if (random.chance(wrong)) object[`${random.pick(fields).name}x`] = 1;
    return object;
  }
}

/**
 * Places for a variable: for each argument of the root, and for each field of each input type that is reachable from there, the type of the
 * place and an operation with it. `judged` says whether the reference can answer that field.
 */
function places() {
  const found = [];
  const seen = new Set();
  const answers = (field) => /Connection!?$/.test(String(field.type)) ? !['paths', 'search', 'timeline', 'conflicts'].includes(field.name) : ['node', 'nodes'].includes(field.name);
  const queue = [];
  for (const field of Object.values(schema.getQueryType().getFields())) {
    for (const argument of field.args) {
      if (['after', 'before'].includes(argument.name)) continue;
      const others = field.args.filter((it) => it !== argument && isRequiredArgument(it)).map((it) => `${it.name}: ${sample(it.type)}`);
      const named = getNamedType(field.type);
      const body = isLeafType(named) ? '' : named.name.endsWith('Connection') && named.getFields().totalCount && named.getFields().nodes && answers(field) ? ' { totalCount nodes { ... on Entity { id } } }' : ' { __typename }';
      const wrap = (hole) => `${field.name}(${[`${argument.name}: ${hole}`, ...others].join(', ')})${body}`;
      queue.push({ type: argument.type, wrap, argument, judged: answers(field) });
    }
  }
  while (queue.length > 0) {
    const place = queue.shift();
    const key = `${place.type} ${place.judged}`;
    const count = [...seen].filter((it) => it.startsWith(`${key} #`)).length;
    if (count >= (isInputObjectType(getNamedType(place.type)) ? 1 : 12)) continue;
    seen.add(`${key} #${count}`);
    found.push(place);
    const nullable = getNullableType(place.type);
    if (isListType(nullable)) queue.push({ ...place, type: nullable.ofType, wrap: (hole) => place.wrap(`[${hole}]`) });
    if (isInputObjectType(nullable)) {
      for (const field of Object.values(nullable.getFields())) {
        if (['search', 'matches'].includes(field.name)) continue;
        const isOneOf = nullable.isOneOf;
        queue.push({ ...place, type: field.type, isOneOf, wrap: (hole) => place.wrap(`{${field.name}: ${hole}}`) });
      }
    }
  }
  return found;
}

/** The id of the entity with the most links. */
const hub = [...graph.entities.values()].reduce((most, it) => (graph.links(it).length > graph.links(most).length ? it : most)).id;

/** A literal of a type, for required arguments. */
function sample(type) {
  const nullable = getNullableType(type);
  if (isListType(nullable)) return `[${sample(nullable.ofType)}]`;
  if (isEnumType(nullable)) return nullable.getValues()[0].name;
  if (isInputObjectType(nullable)) return '{}';
  return nullable.name === 'Int' ? '1' : nullable.name === 'Boolean' ? 'true' : JSON.stringify(hub);
}

function one(random, all, values) {
  const place = random.pick(all);
  const context = { argument: place.argument };
  const wrong = random.pick([0, 0, 0.1, 0.3]);
  const nullable = getNullableType(place.type);
  // A nullable variable with a default is allowed where null is not.
  const withDefault = !place.isOneOf && random.chance(0.3);
  const isNullable = withDefault ? random.chance(0.8) : !place.isOneOf && !isNonNullType(place.type);
  let fallback = '';
  if (withDefault) {
    const value = values.of(nullable, context, 0);
    const literal = values.generator.literal(nullable, JSON.parse(json(value), (_, it) => (Object.is(it, -0) ? 0 : it)));
    fallback = ` = ${literal}`;
  }
  const query = `query ($v: ${nullable}${isNullable ? '' : '!'}${fallback}) { ${place.wrap('$v')} }`;
  const given = {};
  const dice = random.next();
  if (dice > 0.15) given.v = dice < 0.25 ? null : values.of(nullable, context, wrong);
  return { place, query, text: json(given) };
}

/** The paths of failed fields, and the data. */
function essence(answer) {
  const paths = (answer.errors ?? []).map((it) => JSON.stringify(it.path ?? null)).sort();
  return JSON.stringify({ data: answer.data ?? null, paths });
}

const counts = { taken: 0, refused: 0, answers: 0, failures: 0 };

function differs(what, { query, text, transport }, theirs, ours) {
  counts.failures += 1;
  console.log(`${what} over ${transport}:\n${query}\nvariables: ${text}\njudge: ${JSON.stringify(theirs).slice(0, 800)}\nclew:  ${JSON.stringify(ours).slice(0, 800)}\n`);
}

async function compare(asked, document) {
  const variables = JSON.parse(asked.text);
  const ours = await transports.ask({ query: asked.query, variables: asked.text }, asked.transport);
  const coerced = getVariableValues(schema, document.definitions[0].variableDefinitions ?? [], variables);
  const refused = ours.data === undefined && ours.errors?.every((it) => it.message.startsWith('`$'));
  if (Boolean(coerced.errors) !== Boolean(refused)) return differs(coerced.errors ? 'not refused' : 'refused', asked, coerced.errors ?? 'taken', ours);
  if (refused) {
    counts.refused += 1;
    // Every error has the location of the variable's definition.
    const at = (errors) => JSON.stringify([...new Set(errors.map((it) => JSON.stringify(it.locations)))]);
    if (at(coerced.errors) !== at(ours.errors)) differs('other locations', asked, coerced.errors, ours);
    return;
  }
  counts.taken += 1;
  // An invalid text for a custom scalar of the graph: only Clew knows its rules.
  if (!asked.place.judged || ours.data === undefined) return;
  const theirs = JSON.parse(JSON.stringify(executeSync({ schema, document, variableValues: variables })));
  if (JSON.stringify(theirs).includes('Internal')) return;
  counts.answers += 1;
  if (essence(theirs) !== essence(ours)) differs('means something else', asked, theirs, ours);
}

try {
  const random = new Random(seed);
  console.log(`seed ${seed}`);
  const all = places();
  const values = new Values(random, new Generator(schema, graph, random));
  const count = Number(options.count);
  let done = 0;
  let invalid = 0;
  const worker = async () => {
    while (done < count && counts.failures < 5) {
      const asked = one(random, all, values);
      const document = parse(asked.query);
      if (validate(schema, document).length > 0) {
        invalid += 1;
        assert.ok(invalid < 1000 + count, 'the generator makes almost nothing that is valid');
        continue;
      }
      asked.transport = transports.of(done);
      done += 1;
      await compare(asked, document);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const types = new Set(all.map((it) => getNamedType(it.type).name));
  console.log(`${done} variables compared in ${all.length} places of ${types.size} types: ${counts.taken} taken, ${counts.refused} refused, ${counts.answers} answers compared, ${counts.failures} failed`);
  assert.ok(counts.taken > done / 4 && counts.refused > done / 10 && counts.answers > done / 20, 'one kind of case is rare');
} finally {
  await transports.close();
  server.kill('SIGTERM');
}
process.exit(counts.failures === 0 ? 0 : 1);
