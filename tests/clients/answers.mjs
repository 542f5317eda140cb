// The reference for answers of real clients: the answers to a plain `POST`, parsed.
import assert from 'node:assert/strict';

import { Kind, parse } from 'graphql';

import { expectNone } from './judge.mjs';
import { MALFORMED, operations } from './operations.mjs';
import { Http } from './transports.mjs';

/** The document of an operation, if it can be parsed. */
export function documentOf({ request }) {
  try {
    return parse(request.query);
  } catch {
    return undefined;
  }
}

/** The variables of an operation as an object. Numbers in JSON text lose their original notation. */
export function variablesOf({ request }) {
  return typeof request.variables === 'string' ? JSON.parse(request.variables) : (request.variables ?? undefined);
}

/**
 * The operations for clients that parse documents. The request has the document, and the document has one operation, since many
 * clients send only the first of several. All numbers are exact in JavaScript.
 */
export const parsed = operations.filter((it) => {
  const document = it.server === 'plain' && it.stage !== MALFORMED && typeof it.request !== 'function' && documentOf(it);
  return document && !/e400/.test(it.request.variables) && document.definitions.filter((it) => it.kind === Kind.OPERATION_DEFINITION).length === 1;
});

/** Sends plain `POST`s; the answers are kept. */
export class Plain {
  constructor(url) {
    this.http = new Http(url);
    this.answers = new Map();
  }

  async ask(request) {
    const key = JSON.stringify(request);
    if (!this.answers.has(key)) {
      const { text } = await this.http.post(request, { accept: 'application/json' });
      this.answers.set(key, JSON.parse(text));
    }
    return structuredClone(this.answers.get(key));
  }

  close() {
    this.http.close();
  }
}

/** Removes values that differ between runs, and those that clients add or leave out: type names, locations, missing values. */
export function essence({ data, errors, extensions }, { keepLocations = false, leaveOut = [] } = {}) {
  const all = {
    data: withoutTypeNames(data) ?? null,
    errors: (errors ?? []).map(({ message, path, locations, extensions }) => ({ message, path: path ?? null, code: extensions?.code, ...(keepLocations && { locations: locations ?? null }) })),
    extensions: untimed(extensions) ?? null,
  };
  for (const name of leaveOut) delete all[name];
  return all;
}

function withoutTypeNames(value) {
  if (Array.isArray(value)) return value.map(withoutTypeNames);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== '__typename').map(([key, it]) => [key, withoutTypeNames(it)]));
}

function untimed(extensions) {
  return extensions && JSON.parse(JSON.stringify(extensions, (key, value) => (key === 'microseconds' ? 0 : value)));
}

/** Compares the answers that a client received with those of plain `POST`s, by the names of the operations. */
export async function compare(plain, client, wanted, ask, options) {
  assert.ok(wanted.length >= 20, `${client} sends only ${wanted.length} operations`);
  const differing = [];
  for (const operation of wanted) {
    const expected = essence(await plain.ask(operation.request), options);
    try {
      const given = essence(await ask(operation), options);
      assert.deepEqual(given, expected);
    } catch (error) {
      differing.push(`${operation.name}: ${error.message}`);
    }
  }
  expectNone(differing, `for ${client}`);
}
