// Compares Clew with graphql-js: naive resolvers over the same files must give the same answers.
//
//   node oracle.mjs [--graph DIR] [--count 5000] [--invalid 1000] [--seed 1 | --seed random] [--transport post | get | multipart | ws | sse | all]
//
// The graph is the one in the folders `schema` and `data` of DIR, which is the root of the repository by default.
//
// By `all`, which is the default, the operations take the transports in turns.
//
// CLEW is the binary to test; by default the release build.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { buildSchema, executeSync, getNamedType, parse, print, validate } from 'graphql';

import { Generator, Random, shrink } from './generate.mjs';
import { Graph } from './graph.mjs';
import { spoil } from './invalid.mjs';
import { Resolvers } from './resolve.mjs';
import { Transports } from './transports.mjs';

const repository = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const binary = process.env.CLEW ?? resolve(repository, 'target/release/clew');
const { values: options } = parseArgs({
  options: { graph: { type: 'string' }, count: { type: 'string', default: '5000' }, invalid: { type: 'string', default: '1000' }, seed: { type: 'string', default: '1' }, transport: { type: 'string', default: 'all' } },
});
const root = options.graph ? resolve(options.graph) : repository;
const seed = options.seed === 'random' ? Date.now() % 2 ** 31 : Number(options.seed);

const schema = buildSchema(execFileSync(binary, ['schema'], { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 }));
const graph = new Graph(root);
const cursors = new Map();
new Resolvers(graph, cursors).wire(schema);

const server = spawn(binary, ['serve', '--listen', '127.0.0.1:0'], { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] });
const [line] = await once(createInterface({ input: server.stdout }), 'line');
const transports = new Transports(`${line.replace('listening on ', '')}/graphql`, options.transport);

/** Number of operations over each transport. */
const sent = new Map();
function nextTransport() {
  const number = [...sent.values()].reduce((sum, it) => sum + it, 0);
  const transport = transports.of(number);
  sent.set(transport, (sent.get(transport) ?? 0) + 1);
  return transport;
}

function judge(document, variables) {
  return JSON.parse(JSON.stringify(executeSync({ schema, document, variableValues: variables })));
}

const CURSOR = /^[A-Za-z0-9_-]{16,}$/;

/** Cursors are opaque, so a cursor of the reference matches any cursor. */
function opaque(ours, theirs) {
  if (theirs === 'cursor') return typeof ours === 'string' && CURSOR.test(ours) ? theirs : ours;
  if (Array.isArray(ours)) return ours.map((it, no) => opaque(it, theirs?.[no]));
  if (ours && typeof ours === 'object') return Object.fromEntries(Object.entries(ours).map(([key, it]) => [key, opaque(it, theirs?.[key])]));
  return ours;
}

/** The data as text, including the order of keys, and the paths of failed fields. */
function essence(answer, judged = answer) {
  const paths = (answer.errors ?? []).map((it) => JSON.stringify(it.path ?? null)).sort();
  return JSON.stringify({ data: answer.data === undefined ? null : opaque(answer.data, judged.data), paths, executed: answer.data !== undefined });
}

async function compare(document, variables, transport) {
  const [theirs, ours] = [judge(document, variables), await transports.ask({ query: print(document), variables }, transport)];
  return { same: essence(theirs) === essence(ours, theirs), theirs, ours };
}

let failures = 0;
async function report(document, variables, transport) {
  failures += 1;
  // A smaller operation fails in the same way: half a point is refused, whatever the fault was.
  const isRefused = ({ ours }) => ours.data === undefined;
  const refused = isRefused(await compare(document, variables, transport));
  const fails = async (candidate) => {
    if (validate(schema, candidate).length > 0) return false;
    const compared = await compare(candidate, variables, transport);
    return !compared.same && isRefused(compared) === refused;
  };
  const query = await shrink(document, fails);
  const { theirs, ours } = await compare(parse(query), variables, transport);
  console.log(`differs over ${transport}:\n${query}\nvariables: ${JSON.stringify(variables)}\njudge: ${essence(theirs).slice(0, 3000)}\n       ${JSON.stringify(theirs.errors ?? []).slice(0, 600)}\nclew:  ${essence(ours, theirs).slice(0, 3000)}\n       ${JSON.stringify(ours.errors ?? []).slice(0, 600)}\n`);
}

async function valid(random, count) {
  const generator = new Generator(schema, graph, random);
  let compared = 0;
  let withData = 0;
  let refused = 0;
  for (let tries = 0; compared < count && failures < 5; tries += 1) {
    const { query, variables } = generator.operation();
    const document = parse(query);
    if (validate(schema, document).length > 0) {
      refused += 1;
      assert.ok(refused < 1000 + 2 * count, 'the generator makes almost nothing that is valid');
      continue;
    }
    compared += 1;
    const transport = nextTransport();
    const { same, ours } = await compare(document, variables, transport);
    if (!same) await report(document, variables, transport);
    if (ours.data && /"(?!__typename)\w+":("|\d|true|false)/.test(JSON.stringify(ours.data))) withData += 1;
  }
  assert.ok(withData > compared / 2, `only ${withData} of ${compared} operations gave any value`);
  return compared;
}

/** A list with fewer entries is too short for several pages. */
const FEWEST = 3;

/**
 * Lists with pages and an order, of the root and of entities. Each has its field, an operation around it, and its path in the answer. An
 * entity that is in a list twice has two cursors, which the reference cannot distinguish.
 */
function lists(leftOut) {
  const takes = (field, name) => field.args.some((it) => it.name === name);
  const isPaged = (field) => !leftOut.has(field.name) && takes(field, 'after') && takes(field, 'orderBy');
  const ofRoot = Object.values(schema.getQueryType().getFields())
    .filter((it) => isPaged(it) && graph.all(getNamedType(it.type).name.replace(/Connection$/, '')).length >= FEWEST)
    .map((field) => ({ field, wrap: (rest) => `{ ${field.name}${rest} }`, of: (data) => data[field.name] }));
  const ofEntities = [...graph.entities.values()].flatMap((entity) =>
    Object.values(schema.getType(entity.type).getFields())
      .filter((it) => {
        const ends = isPaged(it) && it.name !== 'follow' ? graph.follow(entity, it.name).ends : [];
        return ends.length >= FEWEST && new Set(ends.map(({ other }) => other.id)).size === ends.length;
      })
      .map((field) => ({
        field,
        wrap: (rest) => `{ node(id: "${entity.id}") { ... on ${entity.type} { ${field.name}${rest} } } }`,
        of: (data) => data.node[field.name],
      })));
  return { ofRoot, ofEntities };
}

/** Pages with cursors from Clew: each list is read as a whole, then cut at random positions. */
async function pages(random, count) {
  const generator = new Generator(schema, graph, random);
  const { ofRoot, ofEntities } = lists(generator.leftOut);
  const cut = new Set();
  for (let n = 0; n < count && failures < 5; n += 1) {
    const list = random.pick(random.chance(0.6) ? ofRoot : ofEntities);
    const { field, wrap, of } = list;
    cut.add(list);
    const argument = field.args.find((it) => it.name === 'orderBy');
    const order = random.chance(0.5) ? `orderBy: ${generator.literal(argument.type, generator.value(argument.type, { field, argument, depth: 0 }))}` : '';
    const transport = nextTransport();
    const all = wrap(`(${order} first: 1000) { edges { cursor node { ... on Entity { id } } } }`);
    const whole = await transports.ask({ query: all }, transport);
    assert.ok(!whole.errors, JSON.stringify(whole.errors));
    const { edges } = of(whole.data);
    cursors.clear();
    for (const edge of edges) cursors.set(edge.cursor, edge.node.id);
    const given = [order];
    if (random.chance(0.6)) given.push(`after: "${random.pick(edges).cursor}"`);
    if (random.chance(0.4)) given.push(`before: "${random.pick(edges).cursor}"`);
    if (random.chance(0.6)) given.push(`first: ${random.below(8)}`);
    if (random.chance(0.4)) given.push(`last: ${random.below(8)}`);
    const query = wrap(`(${given.join(' ')}) { totalCount nodes { ... on Entity { id } } edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }`).replaceAll('()', '');
    const document = parse(query);
    assert.deepEqual(validate(schema, document), []);
    if (!(await compare(document, {}, transport)).same) await report(document, {}, transport);
  }
  return { count, lists: cut.size };
}

async function invalid(random, count) {
  const generator = new Generator(schema, graph, random);
  const rules = new Map();
  for (let done = 0; done < count && failures < 5; ) {
    const { query, variables } = generator.operation();
    const spoiled = spoil(query, random, schema);
    if (!spoiled) continue;
    let theirs;
    try {
      theirs = validate(schema, parse(spoiled.query)).length === 0 ? undefined : 'refused';
    } catch {
      theirs = 'refused';
    }
    if (!theirs) continue;
    done += 1;
    rules.set(spoiled.rule, (rules.get(spoiled.rule) ?? 0) + 1);
    const transport = nextTransport();
    const ours = await transports.ask({ query: spoiled.query, variables }, transport);
    if (!ours.errors?.length || ours.data !== undefined) {
      failures += 1;
      console.log(`not refused over ${transport} (${spoiled.rule}):\n${spoiled.query}\n${JSON.stringify(ours).slice(0, 600)}\n`);
    }
  }
  return rules;
}

try {
  const random = new Random(seed);
  console.log(`seed ${seed}`);
  const compared = await valid(random, Number(options.count));
  console.log(`${compared} valid operations compared`);
  const cut = await pages(random, Math.ceil(Number(options.count) / 10));
  console.log(`${cut.count} pages of ${cut.lists} lists compared`);
  const rules = await invalid(random, Number(options.invalid));
  console.log(`${[...rules.values()].reduce((sum, it) => sum + it, 0)} invalid operations refused, by rule:`, Object.fromEntries(rules));
  console.log('operations by transport:', Object.fromEntries(sent));
  console.log(`${compared + cut.count} passed, ${failures} failed`);
} finally {
  await transports.close();
  server.kill('SIGTERM');
}
process.exit(failures === 0 ? 0 : 1);
