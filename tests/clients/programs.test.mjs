// Clients that are not packages of Node: Java's HttpClient, Python's gql, and curl. Each must be installed.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { Plain, compare, parsed, variablesOf } from './answers.mjs';
import { expectNone, expectedAnswers, request, wrongOverHttp, wrongOverSocket } from './judge.mjs';
import { EXECUTED, MALFORMED, operations } from './operations.mjs';
import { GRAPH, here, root, serve } from './server.mjs';
import { ACCEPT, body, message, search, unwrapped } from './transports.mjs';

const python = process.env.CLEW_PYTHON ?? join(root, 'target/clients/bin/python');

let server;
let expected;

/** Operations of the server that has no manifest. */
const wanted = operations.filter((it) => it.server === 'plain');

before(async () => {
  server = await serve(...GRAPH);
  expected = await expectedAnswers({ plain: server });
});

after(() => server?.stop());

/** Runs a program to its end, with a text as standard input. */
function run(command, options, input, hint) {
  return new Promise((resolve, reject) => {
    // Some of them would otherwise send requests through a proxy.
    const env = { ...process.env, NO_PROXY: '127.0.0.1', no_proxy: '127.0.0.1' };
    const child = spawn(command, options, { stdio: ['pipe', 'pipe', 'pipe'], env });
    const out = [];
    let complaints = '';
    child.on('error', (error) => reject(error.code === 'ENOENT' ? new Error(`there is no ${command}: ${hint}`) : error));
    child.stdout.on('data', (chunk) => out.push(chunk));
    child.stderr.on('data', (chunk) => (complaints += chunk));
    child.on('close', (code) => {
      if (code === 0) resolve(Buffer.concat(out));
      else reject(new Error(`${command} has ended with ${code}:\n${complaints}`));
    });
    // The exit code of a program that ends early gives the reason.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

/** The ways in which a program uses HTTP, with the expected content types. */
const OVER_HTTP = [
  { name: 'POST as JSON', transport: 'post', method: 'POST', accept: ACCEPT.post, type: 'application/json' },
  { name: 'POST without Accept', transport: 'post', method: 'POST', type: 'application/json' },
  { name: 'POST as graphql-response+json', transport: 'response', method: 'POST', accept: ACCEPT.response, type: 'application/graphql-response+json' },
  { name: 'GET', transport: 'get', method: 'GET', accept: ACCEPT.get, type: 'application/json' },
  { name: 'multipart/mixed', transport: 'multipart', method: 'POST', accept: ACCEPT.multipart, type: 'multipart/mixed' },
  { name: 'Server-Sent Events', transport: 'events', method: 'POST', accept: ACCEPT.events, type: 'text/event-stream' },
];

const canTake = (operation, transport) => !operation.only || operation.only.includes(transport);

test("Java's HttpClient", async () => {
  const base64 = (text) => Buffer.from(text, 'utf8').toString('base64');
  const asked = [];
  const lines = [];
  for (const version of ['default', 'HTTP_1_1']) {
    for (const way of OVER_HTTP) {
      for (const operation of wanted) {
        if (!canTake(operation, way.transport)) continue;
        const sent = request(operation, `java ${version} ${way.name}`);
        const [url, content] = way.method === 'GET' ? [`${server.url}?${search(sent)}`, ''] : [server.url, base64(body(sent))];
        lines.push([asked.length, version, way.method, url, way.accept ?? '', content]);
        asked.push({ operation, way: `${way.name}, ${version}`, type: way.type, received: [] });
      }
    }
  }
  for (const operation of wanted) {
    // A message that is not a request closes the socket.
    if (operation.stage === MALFORMED || !canTake(operation, 'socket')) continue;
    const text = `{"id":"n${asked.length}","type":"subscribe","payload":${body(request(operation, 'java socket'))}}`;
    lines.push([asked.length, 'socket', base64(text)]);
    asked.push({ operation, way: 'WebSocket', received: [] });
  }
  const program = join(here, 'java/Ask.java');
  const input = lines.map((it) => `${it.join('\t')}\n`).join('');
  const out = await run('java', ['-XX:TieredStopAtLevel=1', program, server.url.replace('http', 'ws')], input, 'apt install openjdk-17-jdk-headless');
  for (const line of out.toString('utf8').trim().split('\n')) {
    const [id, ...members] = line.split('\t');
    asked[id].received.push(members);
  }
  const differing = [];
  for (const { operation, way, type, received } of asked) {
    let said;
    try {
      said = type ? overHttp(operation, type, received) : overSocket(operation, received);
    } catch (error) {
      said = error.message;
    }
    if (said) differing.push(`${operation.name}, by ${way}: ${said}`);
  }
  expectNone(differing, "for Java's HttpClient");
});

function overHttp(operation, type, [[status, contentType, content]]) {
  const text = Buffer.from(content, 'base64').toString('utf8');
  const answer = unwrapped({ status: Number(status), headers: { 'content-type': contentType }, text });
  return wrongOverHttp(operation, answer, type, expected.get(operation.name));
}

function overSocket(operation, received) {
  const messages = received.map(([, content]) => message(Buffer.from(content, 'base64').toString('utf8')));
  const kinds = messages.map((it) => it.type).join();
  const right = operation.stage === EXECUTED ? 'next,complete' : 'error';
  return kinds === right ? wrongOverSocket(operation, messages[0], expected.get(operation.name)) : `the messages are ${kinds} instead of ${right}`;
}

test("Python's gql", async () => {
  const hint = 'python3 -m venv target/clients && target/clients/bin/pip install -r tests/clients/python/requirements.txt';
  assert.ok(existsSync(python), `there is no ${python}: ${hint}`);
  // Its parser implements another version of the specification.
  const forPython = parsed.filter(({ name }) => name !== 'block strings and escapes');
  const requests = forPython.map((it) => ({
    name: it.name,
    query: it.request.query,
    variables: variablesOf(it),
    extensions: it.request.extensions ?? undefined,
    isValid: it.stage === EXECUTED,
  }));
  const out = await run(python, [join(here, 'python/ask.py')], JSON.stringify({ url: server.url, requests }), hint);
  const plain = new Plain(server.url);
  const all = JSON.parse(out.toString('utf8'));
  assert.equal(Object.keys(all).length, 7);
  for (const [transport, answers] of Object.entries(all)) {
    const sent = forPython.filter((it) => it.name in answers);
    await compare(plain, `gql by ${transport}`, sent, (it) => answers[it.name]);
  }
  plain.close();
});

/** Options of curl, which change the request and not the answer. */
const CURL = [
  ['--compressed', '--http2'],
  ['--http1.0'],
  ['-H', 'Expect: 100-continue'],
  ['-H', 'Transfer-Encoding: chunked'],
];

test('curl', async () => {
  await run('curl', ['--version'], '', 'apt install curl');
  const asked = [];
  for (const options of CURL) {
    for (const way of OVER_HTTP) {
      for (const operation of wanted) {
        // The previous request registered the hash.
        if (typeof operation.request === 'function') continue;
        // All operations in one way, and a part of them in each of the others, since each run starts a process.
        const isDue = (options.includes('--compressed') && way.transport === 'get') || asked.length % 7 === 0;
        asked.push({ options, way, operation, isDue: isDue && canTake(operation, way.transport) });
      }
    }
  }
  const due = asked.filter((it) => it.isDue);
  assert.ok(due.length > 200);
  const differing = [];
  const next = due[Symbol.iterator]();
  await Promise.all(Array.from({ length: 4 }, async () => {
    for (const { options, way, operation } of next) {
      const sent = request(operation, `curl ${options} ${way.name}`);
      const said = await curl(options, way, sent).then((it) => wrongOverHttp(operation, it, way.type, expected.get(operation.name)), (error) => error.message);
      if (said) differing.push(`${operation.name}, by ${way.name} with ${options.join(' ')}: ${said}`);
    }
  }));
  expectNone(differing, 'for curl');
});

async function curl(options, { method, accept }, sent) {
  const all = ['--silent', '--show-error', '--max-time', '120', '--write-out', '\n%{http_code} %{content_type}', ...options];
  if (accept) all.push('--header', `Accept: ${accept}`);
  let input = '';
  if (method === 'POST') {
    input = body(sent);
    all.push('--header', 'Content-Type: application/json', '--data-binary', '@-');
  } else {
    all.push('--get');
    for (const [name, value] of new URLSearchParams(search(sent))) all.push('--data-urlencode', `${name}=${value}`);
  }
  const out = (await run('curl', [...all, server.url], input, 'apt install curl')).toString('utf8');
  const end = out.lastIndexOf('\n');
  const [status, ...type] = out.slice(end + 1).split(' ');
  return unwrapped({ status: Number(status), headers: { 'content-type': type.join(' ') }, text: out.slice(0, end) });
}
