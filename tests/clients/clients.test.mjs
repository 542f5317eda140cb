// Clients that follow the standards must work unchanged: Relay's compiler, GraphQL Code Generator, Apollo Client, urql, and the
// introspection query of graphql-js.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { relayStylePagination } from '@apollo/client/utilities';
import { Client, fetchExchange } from '@urql/core';
import { buildClientSchema, buildSchema, getIntrospectionQuery, lexicographicSortSchema, printSchema } from 'graphql';

import { binary, here, root, serve } from './server.mjs';

const run = promisify(execFile);
/** The graph of the query tests: interfaces, unions, and relations with properties. */
const LIBRARY = ['schema', 'data'].flatMap((it) => [`--${it}`, resolve(root, 'tests/queries/graph', it)]);

let server;
let url;
let sdl;
let work;

before(async () => {
  server = await serve(...LIBRARY);
  url = server.url;
  sdl = await (await fetch(`${server.origin}/schema.graphql`)).text();
  work = mkdtempSync(join(tmpdir(), 'clew-clients-'));
  symlinkSync(join(here, 'node_modules'), join(work, 'node_modules'));
  writeFileSync(join(work, 'schema.graphql'), sdl);
  writeFileSync(join(work, 'package.json'), '{"type": "module"}');
});

after(() => {
  server?.stop();
  if (work) rmSync(work, { recursive: true });
});

async function ask(query, variables) {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query, variables }) });
  return response.json();
}

async function allAgents() {
  const whole = await ask('{ agents(first: 1000) { nodes { id } } }');
  const ids = whole.data.agents.nodes.map((it) => it.id);
  assert.ok(ids.length > 10);
  return ids;
}

test('the introspection query gives the same schema as the SDL', async () => {
  const { data, errors } = await ask(getIntrospectionQuery({ inputValueDeprecation: true, specifiedByUrl: true, schemaDescription: true, oneOf: true }));
  assert.equal(errors, undefined);
  const print = (schema) => printSchema(lexicographicSortSchema(schema));
  assert.equal(print(buildClientSchema(data)), print(buildSchema(sdl)));
});

test('relay-compiler compiles a paged fragment and a refetchable one', async () => {
  const source = join(work, 'relay');
  mkdirSync(join(source, '__generated__'), { recursive: true });
  writeFileSync(
    join(source, 'Agents.js'),
    `import { graphql } from 'react-relay';
graphql\`
  query AgentsQuery($count: Int!, $cursor: String) { ...Agents_query @arguments(count: $count, cursor: $cursor) }
\`;
graphql\`
  fragment Agents_query on Query
  @argumentDefinitions(count: { type: "Int!" }, cursor: { type: "String" })
  @refetchable(queryName: "AgentsPageQuery") {
    agents(first: $count, after: $cursor) @connection(key: "Agents_agents") { edges { node { id ...Agents_entity } } }
  }
\`;
graphql\`
  fragment Agents_entity on Entity @refetchable(queryName: "AgentsEntityQuery") { id label ... on Agent { name partners(first: 3) { edges { node { id } } } } }
\`;`,
  );
  const config = { root: '.', sources: { relay: 'clew' }, projects: { clew: { language: 'javascript', schema: 'schema.graphql', output: 'relay/__generated__', schemaConfig: { nodeInterfaceIdField: 'id' } } } };
  writeFileSync(join(work, 'relay.config.json'), JSON.stringify(config));
  const { stderr } = await run(process.execPath, [join(here, 'node_modules/relay-compiler/cli.js'), 'relay.config.json'], { cwd: work, encoding: 'utf8' }).catch((error) => {
    throw new Error(`${error.stdout}\n${error.stderr}`);
  });
  const made = readFileSync(join(source, '__generated__/AgentsPageQuery.graphql.js'), 'utf8');
  const query = JSON.parse(/"text": ("(?:[^"\\]|\\.)*")/.exec(made)[1]);
  const answer = await ask(query, { count: 2, cursor: null });
  assert.equal(answer.errors, undefined, stderr);
  assert.equal(answer.data.agents.edges.length, 2);
  const entity = readFileSync(join(source, '__generated__/AgentsEntityQuery.graphql.js'), 'utf8');
  const refetch = JSON.parse(/"text": ("(?:[^"\\]|\\.)*")/.exec(entity)[1]);
  assert.equal((await ask(refetch, { id: 'quill' })).data.node.name, 'Quill');
});

test('a typed client is generated, compiled and run', async () => {
  mkdirSync(join(work, 'typed'), { recursive: true });
  writeFileSync(
    join(work, 'typed/operations.graphql'),
    `query Prizes($from: Date!) { prizes(filter: { date: { gte: $from } }, orderBy: [{ date: ASC }]) { totalCount nodes { id name date giver { __typename name } recipients { edges { node { ... on Society { memberCount } } } } } } }`,
  );
  const config = {
    schema: join(work, 'schema.graphql'),
    documents: join(work, 'typed/operations.graphql'),
    generates: { [join(work, 'typed/client.ts')]: { plugins: ['typescript', 'typescript-operations', 'typed-document-node'], config: { useTypeImports: true, scalars: { Date: 'string', DateTime: 'string', URL: 'string', Text: 'string', Decimal: 'string', Int64: 'string', Duration: 'string', JSON: 'unknown' } } } },
  };
  const { generate } = await import('@graphql-codegen/cli');
  await generate({ ...config, cwd: here, silent: true, errorsOnly: true }, true);
  writeFileSync(
    join(work, 'typed/main.ts'),
    `import { print } from 'graphql';
import { PrizesDocument, type PrizesQuery, type PrizesQueryVariables } from './client.js';
const variables: PrizesQueryVariables = { from: '2012' };
const response = await fetch(process.argv[2]!, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query: print(PrizesDocument), variables }) });
const { data } = (await response.json()) as { data: PrizesQuery };
if (!data.prizes) throw new Error('a root list is null only where it fails');
const count: number = data.prizes.totalCount;
const names: string[] = data.prizes.nodes.map((prize) => prize.name);
console.log(JSON.stringify({ count, names }));
`,
  );
  const options = ['--strict', '--skipLibCheck', '--target', 'es2022', '--module', 'nodenext', '--types', 'node', '--outDir', 'typed/out', 'typed/main.ts'];
  await run(process.execPath, [join(here, 'node_modules/typescript/bin/tsc'), ...options], { cwd: work, encoding: 'utf8' }).catch((error) => {
    throw new Error(`${error.stdout}\n${error.stderr}`);
  });
  const { stdout } = await run(process.execPath, ['typed/out/main.js', url], { cwd: work, encoding: 'utf8' });
  const { count, names } = JSON.parse(stdout);
  const { data } = await ask('{ prizes(filter: { date: { gte: "2012" } }, orderBy: [{ date: ASC }]) { totalCount nodes { name } } }');
  assert.ok(count > 1);
  assert.deepEqual({ count, names }, { count: data.prizes.totalCount, names: data.prizes.nodes.map((it) => it.name) });
});

test('the code that is generated for a list with a filter stays short', async () => {
  const { stdout } = await run(binary, ['schema', '--no-descriptions'], { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 });
  mkdirSync(join(work, 'short'), { recursive: true });
  writeFileSync(join(work, 'short/schema.graphql'), stdout);
  writeFileSync(join(work, 'short/list.graphql'), 'query List($filter: OrganizationFilter) { organizations(filter: $filter) { nodes { id label } } }');
  const { generate } = await import('@graphql-codegen/cli');
  const [file] = await generate({
    cwd: here, silent: true, errorsOnly: true,
    schema: join(work, 'short/schema.graphql'),
    documents: join(work, 'short/list.graphql'),
    generates: { [join(work, 'short/list.ts')]: { plugins: ['typescript-operations'] } },
  }, false);
  assert.match(file.content, /export type OrganizationFilter = /);
  const lines = file.content.split('\n').length;
  // With the conditions on groups, edges and counts that a filter can have.
  assert.ok(lines <= 1_200, `${lines} lines`);
});

test('Apollo Client pages through a connection', async () => {
  const cache = new InMemoryCache({ typePolicies: { Query: { fields: { agents: relayStylePagination() } } } });
  const client = new ApolloClient({ link: new HttpLink({ uri: url, fetch }), cache });
  const query = gql`query Agents($after: String) { agents(first: 4, after: $after) { edges { cursor node { id name } } pageInfo { hasNextPage endCursor hasPreviousPage startCursor } } }`;
  const observable = client.watchQuery({ query });
  const shown = () => cache.readQuery({ query }).agents;
  const subscription = await new Promise((first, reject) => {
    const listening = observable.subscribe({ next: ({ data }) => data && first(listening), error: reject });
  });
  for (let pages = 1; shown().pageInfo.hasNextPage; pages += 1) {
    assert.ok(pages < 20, 'the pages come to an end');
    await observable.fetchMore({ variables: { after: shown().pageInfo.endCursor } });
  }
  subscription.unsubscribe();
  assert.deepEqual(shown().edges.map((it) => it.node.id), await allAgents());
});

test('urql pages through a connection', async () => {
  const client = new Client({ url, exchanges: [fetchExchange], fetch, preferGetMethod: false });
  const ids = [];
  let after = null;
  do {
    const { data, error } = await client.query('query ($after: String) { agents(first: 4, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } }', { after }).toPromise();
    assert.equal(error, undefined);
    ids.push(...data.agents.nodes.map((it) => it.id));
    after = data.agents.pageInfo.hasNextPage ? data.agents.pageInfo.endCursor : null;
  } while (after);
  assert.deepEqual(ids, await allAgents());
});

test('urql asks by GET where it is told to', async () => {
  const client = new Client({ url, exchanges: [fetchExchange], fetch, preferGetMethod: 'force' });
  const { data, error } = await client.query('{ graph { title } }', {}).toPromise();
  assert.equal(error, undefined);
  assert.equal(data.graph.title, 'A library');
});
