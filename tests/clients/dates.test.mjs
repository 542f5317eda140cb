// Caches that normalize by `id` keep an entity as of a date apart from the current entity: now → 1992 → now, from the cache and from the
// server.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { Client, fetchExchange } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import relay from 'relay-runtime';

import { here, serve } from './server.mjs';

const SCHEMA = `
type Town @entity(label: "name") { name: String  mayor: Person @relation(inverse: "towns") }
type Person @entity(label: "name", plural: "people") { name: String }
`;

const FACTS = `
Source:
  atlas: {title: Atlas}
Town:
  city:
    name:
      - {value: Saint Petersburg, cite: atlas, valid: {from: 1996}}
      - {value: Leningrad, cite: atlas, valid: {until: 1995}}
    mayor:
      - {to: anna, cite: atlas, valid: {from: 2000}}
      - {to: boris, cite: atlas, valid: {until: 1999}}
Person:
  anna: {name: Anna}
  boris:
    name:
      - {value: Boris the Elder, cite: atlas, valid: {from: 1998}}
      - {value: Boris, cite: atlas, valid: {until: 1997}}
`;

const NOW = { name: 'Saint Petersburg', mayor: 'Anna' };
const THEN = { name: 'Leningrad', mayor: 'Boris' };

let server;
let work;

before(async () => {
  work = mkdtempSync(join(tmpdir(), 'clew-dates-'));
  mkdirSync(join(work, 'schema'));
  mkdirSync(join(work, 'data'));
  writeFileSync(join(work, 'schema/s.graphql'), SCHEMA);
  writeFileSync(join(work, 'data/d.yaml'), FACTS);
  server = await serve('--schema', join(work, 'schema'), '--data', join(work, 'data'));
  symlinkSync(join(here, 'node_modules'), join(work, 'node_modules'));
  writeFileSync(join(work, 'package.json'), '{"type": "module"}');
});

after(() => {
  server?.stop();
  if (work) rmSync(work, { recursive: true });
});

const QUERY = 'query Dates($at: Date) { town(id: "city", asOf: $at) { __typename id name mayor { __typename id name } } }';
const REFETCH = 'query Refetch($id: ID!) { node(id: $id) { __typename id ... on Town { name mayor { __typename id name } } } }';

const told = (town) => ({ name: town.name, mayor: town.mayor.name });

/** Goes now → 1992 → now with `ask(at, fromCache)`, then checks that the cache has both. */
async function through(ask, refetch) {
  assert.deepEqual(told(await ask(null)), NOW);
  const then = await ask('1992');
  assert.deepEqual(told(then), THEN);
  assert.equal(then.id, 'city?asOf=1992');
  assert.equal(then.mayor.id, 'boris?asOf=1992');
  assert.deepEqual(told(await ask(null)), NOW, 'now again');
  assert.deepEqual(told(await ask('1992')), THEN, '1992 again');
  // An object that is refetched by its id keeps its date.
  assert.deepEqual(told(await refetch('city?asOf=1992')), THEN);
  assert.deepEqual(told(await refetch('city')), NOW);
  assert.deepEqual(told(await ask(null)), NOW, 'now, after refetching');
  assert.deepEqual(told(await ask('1992')), THEN, '1992, after refetching');
}

test('Apollo Client', async () => {
  for (const fetchPolicy of ['cache-first', 'network-only']) {
    const cache = new InMemoryCache();
    const client = new ApolloClient({ link: new HttpLink({ uri: server.url, fetch }), cache });
    const ask = async (query, variables) => (await client.query({ query: gql(query), variables, fetchPolicy })).data;
    await through(
      async (at) => (await ask(QUERY, { at })).town,
      async (id) => (await ask(REFETCH, { id })).node,
    );
    const kept = cache.extract();
    assert.equal(kept['Town:city'].name, NOW.name);
    assert.equal(kept['Town:city?asOf=1992'].name, THEN.name);
    client.stop();
  }
});

test("urql's graphcache", async () => {
  for (const requestPolicy of ['cache-first', 'network-only']) {
    const client = new Client({ url: server.url, exchanges: [cacheExchange({}), fetchExchange], preferGetMethod: false });
    const ask = async (query, variables) => {
      const { data, error } = await client.query(query, variables, { requestPolicy }).toPromise();
      assert.equal(error, undefined);
      return data;
    };
    await through(
      async (at) => (await ask(QUERY, { at })).town,
      async (id) => (await ask(REFETCH, { id })).node,
    );
    // The cache keeps both.
    const cached = async (at) => (await client.query(QUERY, { at }, { requestPolicy: 'cache-only' }).toPromise()).data.town;
    assert.deepEqual(told(await cached(null)), NOW);
    assert.deepEqual(told(await cached('1992')), THEN);
  }
});

test('Relay', async () => {
  const source = join(work, 'relay');
  mkdirSync(join(source, '__generated__'), { recursive: true });
  const schema = await (await fetch(`${server.origin}/schema.graphql`)).text();
  writeFileSync(join(source, 'schema.graphql'), schema);
  const named = (name, text) => text.replace(/__typename /g, '').replace(/query \w+/, `query ${name}`);
  const operations = { DatesQuery: named('DatesQuery', QUERY), DatesRefetchQuery: named('DatesRefetchQuery', REFETCH) };
  writeFileSync(join(source, 'Dates.js'), `import { graphql } from 'react-relay';\n${Object.values(operations).map((it) => `graphql\`${it}\`;`).join('\n')}\n`);
  const project = { language: 'javascript', schema: 'relay/schema.graphql', output: 'relay/__generated__', eagerEsModules: true, schemaConfig: { nodeInterfaceIdField: 'id' } };
  const config = 'relay.config.json';
  writeFileSync(join(work, config), JSON.stringify({ root: '.', sources: { relay: 'clew' }, projects: { clew: project } }));
  await promisify(execFile)(process.execPath, [join(here, 'node_modules/relay-compiler/cli.js'), config], { cwd: work }).catch((error) => {
    throw new Error(`${error.stdout}\n${error.stderr}`);
  });
  const artifact = async (name) => (await import(pathToFileURL(join(source, '__generated__', `${name}.graphql.js`)))).default;
  const network = relay.Network.create(async (request, variables) => {
    const response = await fetch(server.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: request.text, variables }),
    });
    return response.json();
  });
  for (const fetchPolicy of ['store-or-network', 'network-only']) {
    const environment = new relay.Environment({ network, store: new relay.Store(new relay.RecordSource()) });
    const kept = [];
    const ask = async (name, variables) => {
      const request = await artifact(name);
      // What is retained stays in the store.
      kept.push(environment.retain(relay.createOperationDescriptor(request, variables)));
      return relay.fetchQuery(environment, request, variables, { fetchPolicy }).toPromise();
    };
    await through(
      async (at) => (await ask('DatesQuery', { at })).town,
      async (id) => (await ask('DatesRefetchQuery', { id })).node,
    );
    const records = environment.getStore().getSource();
    assert.equal(records.get('city').name, NOW.name);
    assert.equal(records.get('city?asOf=1992').name, THEN.name);
  }
});
