// Every operation over every transport with the headers of every client: the answer has the same bytes as that to a plain `POST`.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { decompress } from 'fzstd';
import WebSocket from 'ws';

import { clients } from './headers.mjs';
import { expectNone, expectedAnswers, request, wrongOverHttp, wrongOverSocket } from './judge.mjs';
import { DATA, EXECUTED, MALFORMED, MANIFEST, REFUSED, operations } from './operations.mjs';
import { GRAPH, serve } from './server.mjs';
import { ACCEPT, Http, Socket, decoders } from './transports.mjs';

decoders.zstd ??= (bytes) => Buffer.from(decompress(bytes));

let work;
const servers = {};
/** The answers to a plain `POST`, by the name of the operation. */
let expected;

before(async () => {
  work = mkdtempSync(join(tmpdir(), 'clew-matrix-'));
  const manifest = join(work, 'documents.json');
  writeFileSync(manifest, JSON.stringify(MANIFEST));
  servers.plain = await serve(...GRAPH);
  servers.manifest = await serve(...GRAPH, '--documents', manifest, '--documents-only');
  expected = await expectedAnswers(servers);
});

after(() => {
  Object.values(servers).forEach((it) => it.stop());
  if (work) rmSync(work, { recursive: true });
});

test('a plain POST answers the operations as they say', () => {
  assert.ok(operations.length >= 60);
  assert.equal(new Set(operations.map((it) => it.name)).size, operations.length, 'names are unique');
  const wrong = [];
  for (const { name, answer, stage } of operations) {
    const { status, text, type } = expected.get(name);
    const parsed = JSON.parse(text);
    const code = parsed.errors?.[0].extensions.code ?? DATA;
    const reached = status === 400 ? MALFORMED : 'data' in parsed ? EXECUTED : REFUSED;
    if (code !== answer || reached !== stage || type !== 'application/json') wrong.push(`${name}: ${status} ${type} ${text.slice(0, 300)}`);
  }
  assert.deepEqual(wrong, []);
  const sizes = operations.map((it) => expected.get(it.name).text.length);
  assert.ok(sizes.some((it) => it > 64 << 10 && it < 1 << 20) && sizes.some((it) => it > 1 << 20), `${sizes}`);
});

/** The ways to send a client's requests: the name, the transport, the function, and the check of the answer. */
function ways(client, server) {
  const http = new Http(server.url);
  const socket = new Socket(WebSocket, server.url, client.headers);
  const headers = { ...client.headers, ...client.http };
  const overHttp = (name, transport, method, accept, type) => {
    const { 'content-type': contentType, ...rest } = headers;
    const all = method === 'post' && contentType ? { ...rest, 'content-type': contentType } : rest;
    if (accept !== undefined) all.accept = accept;
    return { name, transport, send: (request) => http[method](request, all), wrong: (operation, answer) => wrongOverHttp(operation, answer, type, expected.get(operation.name)) };
  };
  const own = Object.entries(client.accept ?? {}).map(([method, [accept, type]]) =>
    overHttp(`its own ${method.toUpperCase()}`, method, method, accept, type));
  return {
    all: [
      overHttp('POST as JSON', 'post', 'post', ACCEPT.post, 'application/json'),
      overHttp('POST as graphql-response+json', 'response', 'post', ACCEPT.response, 'application/graphql-response+json'),
      overHttp('GET', 'get', 'get', ACCEPT.get, 'application/json'),
      overHttp('multipart/mixed', 'multipart', 'post', ACCEPT.multipart, 'multipart/mixed'),
      overHttp('Server-Sent Events', 'events', 'post', ACCEPT.events, 'text/event-stream'),
      { name: 'WebSocket', transport: 'socket', send: (request) => socket.send(request), wrong: (operation, answer) => wrongOverSocket(operation, answer, expected.get(operation.name)) },
      ...own,
    ],
    close: async () => {
      http.close();
      await socket.close();
    },
  };
}

for (const [no, { name }] of clients('').entries()) {
  test(`all transports answer alike with the headers of ${name}`, async () => {
    const wrong = [];
    for (const [server, { url, origin }] of Object.entries(servers)) {
      const client = clients(origin)[no];
      const { all, close } = ways(client, { url });
      await Promise.all(all.map(async (way) => {
        for (const operation of operations) {
          if (operation.server !== server || (operation.only && !operation.only.includes(way.transport))) continue;
          let said;
          try {
            said = way.wrong(operation, await way.send(request(operation, `${no} ${way.name}`)));
          } catch (error) {
            said = error.message;
          }
          if (said) wrong.push(`${operation.name}, by ${way.name}: ${said}`);
        }
      }));
      await close();
    }
    expectNone(wrong, `with the headers of ${name}`);
  });
}
