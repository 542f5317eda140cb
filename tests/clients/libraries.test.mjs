// Client libraries for JavaScript, used as their users do: their answers equal those of a plain `POST`.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache } from '@apollo/client';
import { BatchHttpLink } from '@apollo/client/link/batch-http';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { Client, fetchExchange, subscriptionExchange } from '@urql/core';
import { persistedExchange } from '@urql/exchange-persisted';
import { parse, print, visit } from 'graphql';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';
import relay from 'relay-runtime';
import { firstValueFrom } from 'rxjs';
import WebSocket from 'ws';

import { Plain, compare, documentOf, parsed, variablesOf } from './answers.mjs';
import { DATA, EXECUTED, MALFORMED, operations, sha256 } from './operations.mjs';
import { GRAPH, here, serve } from './server.mjs';

const run = promisify(execFile);

let server;
let plain;
let work;

before(async () => {
  server = await serve(...GRAPH);
  plain = new Plain(server.url);
  work = mkdtempSync(join(tmpdir(), 'clew-libraries-'));
  symlinkSync(join(here, 'node_modules'), join(work, 'node_modules'));
  writeFileSync(join(work, 'package.json'), '{"type": "module"}');
});

after(() => {
  plain?.close();
  server?.stop();
  if (work) rmSync(work, { recursive: true });
});

/** A `fetch` that records the requests. */
function recording() {
  const sent = [];
  return {
    sent,
    fetch: (url, options) => {
      sent.push({ url: String(url), method: options.method, body: options.body });
      return fetch(url, options);
    },
  };
}

// Apollo Client.

/** The answer of a link, without a cache. */
async function askLink(link, operation) {
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  try {
    return await firstValueFrom(ApolloLink.execute(link, { query: documentOf(operation), variables: variablesOf(operation) }, { client }));
  } finally {
    client.stop();
  }
}

test('Apollo Client by POST and by GET', async () => {
  for (const useGETForQueries of [false, true]) {
    const link = new HttpLink({ uri: server.url, fetch, useGETForQueries });
    await compare(plain, `HttpLink (GET: ${useGETForQueries})`, parsed, (it) => askLink(link, it));
  }
});

/** The types of interfaces and unions, which a cache needs for fragments. */
async function possibleTypes() {
  const { data } = await plain.ask({ query: '{ __schema { types { name possibleTypes { name } } } }' });
  const all = data.__schema.types.filter((it) => it.possibleTypes);
  return Object.fromEntries(all.map((it) => [it.name, it.possibleTypes.map((type) => type.name)]));
}

test('Apollo Client reads an answer in one part', async () => {
  const link = new HttpLink({ uri: server.url, fetch, headers: { accept: 'multipart/mixed' } });
  await compare(plain, 'HttpLink (multipart/mixed)', parsed, (it) => askLink(link, it));
});

test('Apollo Client with its cache', async () => {
  const cache = new InMemoryCache({ possibleTypes: await possibleTypes() });
  const client = new ApolloClient({ link: new HttpLink({ uri: server.url, fetch }), cache });
  // A cache has one state per entity, but these operations request two.
  const wanted = parsed.filter((it) => it.answer === DATA && !it.request.query.includes('asOf'));
  for (const fetchPolicy of ['no-cache', 'network-only', 'cache-first']) {
    const ask = async (it) => {
      const { data, error } = await client.query({ query: documentOf(it), variables: variablesOf(it), fetchPolicy, errorPolicy: 'all' });
      if (error && !CombinedGraphQLErrors.is(error)) throw error;
      return { data, errors: error?.errors };
    };
    await compare(plain, `ApolloClient (${fetchPolicy})`, wanted, ask, { leaveOut: ['extensions'] });
  }
  client.stop();
});

test('Apollo Client with automatically persisted queries', async () => {
  for (const useGETForHashedQueries of [false, true]) {
    const { sent, fetch } = recording();
    const link = ApolloLink.from([new PersistedQueryLink({ sha256, useGETForHashedQueries }), new HttpLink({ uri: server.url, fetch })]);
    const wanted = parsed.filter((it) => it.stage === EXECUTED);
    await compare(plain, 'PersistedQueryLink', wanted, (it) => askLink(link, it));
    // For the second request, the server knows the hashes.
    sent.length = 0;
    await compare(plain, 'PersistedQueryLink', wanted, (it) => askLink(link, it));
    assert.equal(sent.length, wanted.length);
    for (const { method, url, body } of sent) {
      assert.equal(method, useGETForHashedQueries ? 'GET' : 'POST');
      assert.ok(body ? !('query' in JSON.parse(body)) : !new URL(url).searchParams.has('query'), 'the query is not sent again');
    }
  }
});

test('Apollo Client is told that batches are not supported', async () => {
  let response;
  const kept = async (...all) => (response = await fetch(...all)).clone();
  const link = new BatchHttpLink({ uri: server.url, fetch: kept, batchMax: 2 });
  const asked = await Promise.allSettled(parsed.slice(0, 2).map((it) => askLink(link, it)));
  assert.deepEqual(asked.map((it) => it.status), ['rejected', 'rejected']);
  assert.equal(response.status, 400);
  assert.match((await response.json()).errors[0].message, /batches of requests are not supported/);
});

test('Apollo Client over a WebSocket', async () => {
  // The link uses the global class, which Node has since version 22.
  globalThis.WebSocket ??= WebSocket;
  const socket = createWsClient({ url: server.url.replace('http', 'ws'), webSocketImpl: WebSocket });
  const link = new GraphQLWsLink(socket);
  // The link throws the errors of a refused request.
  const ask = (it) => askLink(link, it).catch((error) => {
    if (!CombinedGraphQLErrors.is(error)) throw error;
    return { errors: error.errors };
  });
  await compare(plain, 'GraphQLWsLink', parsed, ask);
  await socket.dispose();
});

// urql.

/** Its parser does not support `\\u{…}`, and it sends mutations by another method. */
const forUrql = parsed.filter((it) => !/\\u\{|^mutation/.test(it.request.query));

async function askUrql(client, operation) {
  const source = client.query(operation.request.query, variablesOf(operation));
  // `toPromise` would cancel the response before its end is read.
  const { data, error, extensions } = await new Promise((resolve) => {
    source.subscribe((result) => !result.stale && !result.hasNext && resolve(result));
  });
  if (error?.networkError) throw error.networkError;
  return { data, errors: error?.graphQLErrors, extensions };
}

test('urql by POST and by GET', async () => {
  for (const preferGetMethod of [false, 'force', 'within-url-limit']) {
    const client = new Client({ url: server.url, exchanges: [fetchExchange], fetch, preferGetMethod });
    await compare(plain, `urql (GET: ${preferGetMethod})`, forUrql, (it) => askUrql(client, it));
  }
});

test('urql reads an answer in one part, and one that is an event', async () => {
  for (const accept of ['multipart/mixed', 'text/event-stream']) {
    const client = new Client({ url: server.url, exchanges: [fetchExchange], fetch, preferGetMethod: false, fetchOptions: { headers: { accept } } });
    await compare(plain, `urql (${accept})`, forUrql, (it) => askUrql(client, it));
  }
});

test('urql with automatically persisted queries', async () => {
  for (const preferGetForPersistedQueries of [false, 'force']) {
    const wanted = forUrql.filter((it) => it.stage === EXECUTED);
    for (const round of [1, 2]) {
      const { sent, fetch } = recording();
      const exchanges = [persistedExchange({ preferGetForPersistedQueries }), fetchExchange];
      const client = new Client({ url: server.url, exchanges, fetch, preferGetMethod: false });
      await compare(plain, 'persistedExchange', wanted, (it) => askUrql(client, it));
      if (round === 2) assert.equal(sent.length, wanted.length, 'the server knows the hashes');
    }
  }
});

test('urql over a WebSocket', async () => {
  const socket = createWsClient({ url: server.url.replace('http', 'ws'), webSocketImpl: WebSocket });
  const forwardSubscription = ({ query, variables }) => ({
    subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query, variables }, sink) }),
  });
  const client = new Client({ url: server.url, preferGetMethod: false, exchanges: [subscriptionExchange({ enableAllOperations: true, forwardSubscription })] });
  await compare(plain, 'subscriptionExchange', forUrql.filter((it) => it.stage === EXECUTED), (it) => askUrql(client, it));
  await socket.dispose();
});

// graphql-ws and graphql-sse, which send requests as they are.

/** All operations for the server without a manifest, with numbers that are exact in JavaScript. */
const sent = operations.filter((it) => it.server === 'plain' && it.stage !== MALFORMED && typeof it.request !== 'function' && !/e400/.test(it.request.variables));

async function askSubscription(client, operation) {
  const payload = { ...operation.request, variables: variablesOf(operation) };
  return new Promise((resolve, reject) => {
    let answer;
    client.subscribe(payload, {
      next: (value) => (answer = answer ? reject(new Error('there are two answers')) : value),
      error: (errors) => (Array.isArray(errors) ? resolve({ errors }) : reject(errors)),
      complete: () => resolve(answer),
    });
  });
}

test('graphql-ws', async () => {
  for (const lazy of [true, false]) {
    const client = createWsClient({ url: server.url.replace('http', 'ws'), webSocketImpl: WebSocket, lazy, keepAlive: 50 });
    await compare(plain, 'graphql-ws', sent, (it) => askSubscription(client, it), { keepLocations: true });
    // At most 32 operations run on a socket at a time.
    const together = await Promise.all(sent.slice(0, 30).map((it) => askSubscription(client, it)));
    assert.equal(together.filter((it) => it?.data).length, 30);
    await client.dispose();
  }
});

test('graphql-sse with distinct connections', async () => {
  const client = createSseClient({ url: server.url, fetchFn: fetch, retryAttempts: 0 });
  await compare(plain, 'graphql-sse', sent, (it) => askSubscription(client, it), { keepLocations: true });
  await assert.rejects(askSubscription(client, operations.find((it) => it.stage === MALFORMED)), (error) => error.response.status === 400);
  client.dispose();
});

// Relay: its compiler writes the documents, and its store reads the answers.

/** The operations that Relay's compiler accepts, with the names that it requires. */
function relayOperations() {
  const wanted = forUrql.filter(({ request, stage, answer, name }) =>
    // The compiler refuses type names of the root, fragments are masked, escapes apply to the literal, and a store has one state per
    // entity.
    (answer === DATA || name === 'a cursor that cannot be read' || name === 'an id that is not there') && stage === EXECUTED
      && name !== 'a type name' && !/fragment|\\|__schema|__type\b|asOf|^\uFEFF/.test(request.query));
  return wanted.map((operation, no) => {
    const name = `Operations${no}Query`;
    const document = visit(documentOf(operation), { OperationDefinition: (node) => ({ ...node, name: { kind: 'Name', value: name } }) });
    return { ...operation, relay: name, text: print(document) };
  });
}

async function compileRelay(folder, all, options) {
  const source = join(work, folder);
  mkdirSync(join(source, '__generated__'), { recursive: true });
  writeFileSync(join(source, 'Operations.js'), `import { graphql } from 'react-relay';\n${all.map((it) => `graphql\`${it.text}\`;`).join('\n')}\n`);
  const project = {
    language: 'javascript',
    schema: 'schema.graphql',
    output: `${folder}/__generated__`,
    eagerEsModules: true,
    schemaConfig: { nodeInterfaceIdField: 'id' },
    ...options,
  };
  const config = `${folder}.config.json`;
  writeFileSync(join(work, config), JSON.stringify({ root: '.', sources: { [folder]: 'clew' }, projects: { clew: project } }));
  await run(process.execPath, [join(here, 'node_modules/relay-compiler/cli.js'), config], { cwd: work }).catch((error) => {
    throw new Error(`${error.stdout}\n${error.stderr}`);
  });
  return async (name) => (await import(pathToFileURL(join(source, `__generated__/${name}.graphql.js`)))).default;
}

/** A network as in Relay's guide; `named` determines how a request names its document. */
function relayEnvironment(url, named) {
  const network = relay.Network.create(async (request, variables) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...named(request), variables }),
    });
    return response.json();
  });
  return new relay.Environment({ network, store: new relay.Store(new relay.RecordSource()) });
}

test('Relay, with documents that are sent and documents that are named', async () => {
  const sdl = await (await fetch(`${server.origin}/schema.graphql`)).text();
  writeFileSync(join(work, 'schema.graphql'), sdl);
  const all = relayOperations();

  const ask = (artifact, environment) => async (it) => ({
    data: await relay.fetchQuery(environment, await artifact(it.relay), variablesOf(it) ?? {}).toPromise(),
  });
  const onlyData = { leaveOut: ['errors', 'extensions'] };
  const whole = await compileRelay('whole', all, {});
  await compare(plain, 'Relay', all, ask(whole, relayEnvironment(server.url, ({ text }) => ({ query: text }))), onlyData);

  // The compiler writes the manifest.
  const manifest = join(work, 'persisted.json');
  writeFileSync(manifest, '{}');
  const named = await compileRelay('named', all, { persist: { file: 'persisted.json', algorithm: 'SHA256' } });
  assert.equal(Object.keys(JSON.parse(readFileSync(manifest, 'utf8'))).length, all.length);
  const other = await serve(...GRAPH, '--documents', manifest, '--documents-only');
  try {
    await compare(plain, 'Relay with a manifest', all, ask(named, relayEnvironment(other.url, ({ id }) => ({ documentId: id }))), onlyData);
  } finally {
    other.stop();
  }
});
