// The expected bytes of answers: those of the answer to a plain `POST`.
import assert from 'node:assert/strict';

import { EXECUTED, MALFORMED, REFUSED, operations } from './operations.mjs';
import { Http } from './transports.mjs';

/** Maximum length of a close reason on a WebSocket, in bytes. */
const REASON = 123;

/** The request of an operation, for a client and a transport. */
export function request(operation, tag) {
  return typeof operation.request === 'function' ? operation.request(tag) : operation.request;
}

/** The answers to plain `POST`s of all operations for some of the servers, by the names of the operations. */
export async function expectedAnswers(servers) {
  const expected = new Map();
  for (const [server, { url }] of Object.entries(servers)) {
    const http = new Http(url);
    for (const operation of operations) {
      if (operation.server === server) expected.set(operation.name, await http.post(request(operation, 'plain'), { accept: 'application/json' }));
    }
    http.close();
  }
  return expected;
}

/** The text without values that differ between runs: the times of steps. */
function stable(text) {
  return text.replace(/"microseconds":[^,}]+/g, '"microseconds":0');
}

function firstDifference(one, other) {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  const from = Math.max(0, at - 60);
  return `at ${at} of ${one.length} and ${other.length}: ${JSON.stringify(one.slice(from, at + 120))} instead of ${JSON.stringify(other.slice(from, at + 120))}`;
}

/** The expected status of a response. */
function statusOf(stage, type) {
  if (stage === MALFORMED) return 400;
  return stage === REFUSED && type === 'application/graphql-response+json' ? 400 : 200;
}

/** The error in an answer over HTTP with a content type, if there is one. */
export function wrongOverHttp(operation, answer, type, expected) {
  // A body that is not a request is answered without parts and events.
  const isFramed = type === 'multipart/mixed' || type === 'text/event-stream';
  const wanted = operation.stage === MALFORMED && isFramed ? 'application/json' : type;
  if (answer.type !== wanted) return `the content type is ${answer.type} instead of ${wanted}`;
  const status = statusOf(operation.stage, type);
  if (answer.status !== status) return `the status is ${answer.status} instead of ${status}`;
  return wrongText(answer.text, expected.text);
}

/** The error in an answer over a WebSocket, if there is one. */
export function wrongOverSocket(operation, answer, expected) {
  const plain = expected.text;
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

/** Fails if answers differ, and names the first of them. */
export function expectNone(differing, whose) {
  const shown = differing.slice(0, 20).join('\n');
  assert.equal(differing.length, 0, `${differing.length} answers differ ${whose}; the first are:\n${shown}`);
}
