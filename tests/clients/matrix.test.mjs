// Every operation by every transport with the headers of every client: the bytes of the answer are those of a plain `POST`.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { decompress } from 'fzstd';
import WebSocket from 'ws';

import { clients } from './headers.mjs';
import { DATA, EXECUTED, MALFORMED, MANIFEST, REFUSED, operations } from './operations.mjs';
import { GRAPH, serve } from './server.mjs';
import { ACCEPT, Http, Socket, decoders } from './transports.mjs';

decoders.zstd ??= (bytes) => Buffer.from(decompress(bytes));

/** Bytes of a reason to close a WebSocket. */
const REASON = 123;

let work;
const servers = {};
/** The answers of a plain `POST`, by the name of the operation. */
const expected = new Map();

before(async () => {
  work = mkdtempSync(join(tmpdir(), 'clew-matrix-'));
  const manifest = join(work, 'documents.json');
  writeFileSync(manifest, JSON.stringify(MANIFEST));
  servers.plain = await serve(...GRAPH);
  servers.manifest = await serve(...GRAPH, '--documents', manifest, '--documents-only');
  const http = { plain: new Http(servers.plain.url), manifest: new Http(servers.manifest.url) };
  for (const operation of operations) {
    expected.set(operation.name, await http[operation.server].post(request(operation, 'plain'), { accept: 'application/json' }));
  }
  Object.values(http).forEach((it) => it.close());
});

after(() => {
  Object.values(servers).forEach((it) => it.stop());
  if (work) rmSync(work, { recursive: true });
});

function request(operation, tag) {
  return typeof operation.request === 'function' ? operation.request(tag) : operation.request;
}

/** The text without what differs from run to run: the time that steps took. */
function stable(text) {
  return text.replace(/"microseconds":[^,}]+/g, '"microseconds":0');
}

function firstDifference(one, other) {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  const from = Math.max(0, at - 60);
  return `at ${at} of ${one.length} and ${other.length}: ${JSON.stringify(one.slice(from, at + 120))} instead of ${JSON.stringify(other.slice(from, at + 120))}`;
}

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

/** The status that a response must have. */
function statusOf(stage, type) {
  if (stage === MALFORMED) return 400;
  return stage === REFUSED && type === 'application/graphql-response+json' ? 400 : 200;
}

/** What is wrong with an answer over HTTP, if anything is. */
function wrongOverHttp(operation, answer, type) {
  // What is no request is answered without parts and events.
  const isFramed = type === 'multipart/mixed' || type === 'text/event-stream';
  const wanted = operation.stage === MALFORMED && isFramed ? 'application/json' : type;
  if (answer.type !== wanted) return `the content type is ${answer.type} instead of ${wanted}`;
  const status = statusOf(operation.stage, type);
  if (answer.status !== status) return `the status is ${answer.status} instead of ${status}`;
  return wrongText(answer.text, expected.get(operation.name).text);
}

/** What is wrong with an answer over a WebSocket, if anything is. */
function wrongOverSocket(operation, answer) {
  const plain = expected.get(operation.name).text;
  const wanted = { [EXECUTED]: 'next', [REFUSED]: 'error', [MALFORMED]: 'close' }[operation.stage];
  if (answer.type !== wanted) return `the message is "${answer.type}" instead of "${wanted}"`;
  if (operation.stage !== MALFORMED) return wrongText(answer.text, plain);
  if (answer.status !== 4400) return `the close code is ${answer.status} instead of 4400`;
  const reason = JSON.parse(plain).errors[0].message;
  return Buffer.byteLength(reason) > REASON || answer.text === reason ? undefined : wrongText(answer.text, reason);
}

function wrongText(text, wanted) {
  const [one, other] = [stable(text), stable(wanted)];
  return one === other ? undefined : firstDifference(one, other);
}

/** The ways that a client's requests take: the name, the transport, what it does, and what is wrong with its answer. */
function ways(client, server) {
  const http = new Http(server.url);
  const socket = new Socket(WebSocket, server.url, client.headers);
  const headers = { ...client.headers, ...client.http };
  const overHttp = (name, transport, method, accept, type) => {
    const { 'content-type': contentType, ...rest } = headers;
    const all = method === 'post' && contentType ? { ...rest, 'content-type': contentType } : rest;
    if (accept !== undefined) all.accept = accept;
    return { name, transport, send: (request) => http[method](request, all), wrong: (operation, answer) => wrongOverHttp(operation, answer, type) };
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
      { name: 'WebSocket', transport: 'socket', send: (request) => socket.send(request), wrong: wrongOverSocket },
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
    assert.equal(wrong.length, 0, `${wrong.length} answers differ with the headers of ${name}:\n${wrong.join('\n')}`);
  });
}
