// The transports of the server, over raw requests. Each returns the bytes of the answer in the form of a plain `POST`.
//
// No package is imported, so that other tests can use this file with theirs.
import { Agent, request as httpRequest } from 'node:http';
import * as zlib from 'node:zlib';

const BEFORE_PART = '--graphql\r\nContent-Type: application/json\r\n\r\n';
const AFTER_PART = ',"hasNext":false}\r\n--graphql--\r\n';
const BEFORE_EVENT = 'event: next\ndata: ';
const AFTER_EVENT = '\n\nevent: complete\ndata:\n\n';

/** The `Accept` header of a transport, if the client sets none. */
export const ACCEPT = {
  post: 'application/json',
  response: 'application/graphql-response+json',
  get: 'application/json',
  multipart: 'multipart/mixed',
  events: 'text/event-stream',
};

/** The members of a request, each as JSON. A text for `variables` or `extensions` is JSON already. */
function members(request) {
  const isJson = (name, value) => typeof value === 'string' && (name === 'variables' || name === 'extensions');
  return Object.entries(request)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name, isJson(name, value) ? value : JSON.stringify(value)]);
}

/** The body of a request. An array is a batch, and a text is sent as it is. */
export function body(request) {
  if (typeof request === 'string') return request;
  if (Array.isArray(request)) return `[${request.map(body).join(',')}]`;
  return `{${members(request).map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(',')}}`;
}

export function search(request) {
  const parameters = new URLSearchParams();
  for (const [name, json] of members(request)) {
    if (json !== 'null') parameters.set(name, name === 'variables' || name === 'extensions' ? json : JSON.parse(json));
  }
  return parameters.toString();
}

/** A response whose body is decompressed. */
export function exchange(url, { method, headers, content, agent }) {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers, agent }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        try {
          const encoding = response.headers['content-encoding'];
          resolve({ status: response.statusCode, headers: response.headers, text: decoded(decompressed(Buffer.concat(chunks), encoding)) });
        } catch (error) {
          reject(error);
        }
      });
    });
    request.on('upgrade', () => reject(new Error('the server switched to a protocol that nobody speaks')));
    request.on('error', reject);
    request.end(content);
  });
}

/** Decoders of encodings; more may be added. Node has zstd since 22.15. */
export const decoders = { gzip: zlib.gunzipSync, br: zlib.brotliDecompressSync, zstd: zlib.zstdDecompressSync };

function decompressed(bytes, encoding) {
  if (encoding === undefined) return bytes;
  if (!decoders[encoding]) throw new Error(`there is no decoder for the encoding "${encoding}"`);
  return decoders[encoding](bytes);
}

/** Decodes bytes, which must be UTF-8. */
export function decoded(bytes) {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
}

/** The text between two others, which must be at the start and the end. */
function between(text, before, after) {
  if (!text.startsWith(before)) throw new Error(`${JSON.stringify(text.slice(0, before.length))} should be ${JSON.stringify(before)}`);
  const end = text.length - after.length;
  if (text.slice(end) !== after) throw new Error(`${JSON.stringify(text.slice(end))} should be ${JSON.stringify(after)}`);
  return text.slice(before.length, end);
}

/** The answer in a response, by its content type. */
export function unwrapped({ status, headers, text }) {
  const type = headers['content-type'];
  if (type?.startsWith('multipart/mixed')) return { status, type: 'multipart/mixed', text: `${between(text, BEFORE_PART, AFTER_PART)}}` };
  if (type?.startsWith('text/event-stream')) return { status, type: 'text/event-stream', text: between(text, BEFORE_EVENT, AFTER_EVENT) };
  return { status, type: type?.split(';')[0], text };
}

/** A message of `graphql-transport-ws` that has an answer or ends an operation. The protocol prescribes every byte of it. */
export function message(text) {
  const [before, id, type] = /^\{"id":"(\w+)","type":"(\w+)"/.exec(text) ?? [];
  switch (type) {
    case 'next': return { id, type, text: between(text, `${before},"payload":`, '}') };
    case 'error': return { id, type, text: `{"errors":${between(text, `${before},"payload":`, '}')}}` };
    case 'complete': return { id, type, text: between(text, `${before}}`, '') };
    default: throw new Error(`the message is ${text.slice(0, 200)}`);
  }
}

/** Sends requests over HTTP for one client, which keeps its connections. */
export class Http {
  constructor(url) {
    this.url = url;
    this.agent = new Agent({ keepAlive: true, maxSockets: 4 });
  }

  async post(request, headers) {
    const content = body(request);
    const all = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(content), ...headers };
    return unwrapped(await exchange(this.url, { method: 'POST', headers: all, content, agent: this.agent }));
  }

  async get(request, headers) {
    return unwrapped(await exchange(`${this.url}?${search(request)}`, { method: 'GET', headers, agent: this.agent }));
  }

  close() {
    this.agent.destroy();
  }
}

/** Sends operations over `graphql-transport-ws` for one client, which keeps its socket. */
export class Socket {
  /** `WebSocket` is the class of the package `ws`, which can set headers. */
  constructor(WebSocket, url, headers = {}) {
    this.open = () => new WebSocket(url.replace('http', 'ws'), ['graphql-transport-ws'], { headers });
    this.next = 0;
    this.waiting = new Map();
  }

  async #connected() {
    this.connecting ??= new Promise((resolve, reject) => {
      const socket = this.open();
      socket.on('open', () => socket.send('{"type":"connection_init"}'));
      socket.on('error', reject);
      socket.on('close', (code, reason) => this.#closed(code, reason.toString()));
      socket.on('message', (bytes) => {
        const text = decoded(bytes);
        if (text === '{"type":"connection_ack"}') resolve(socket);
        else if (text === '{"type":"ping"}') socket.send('{"type":"pong"}');
        else this.#received(text);
      });
    });
    return this.connecting;
  }

  #received(text) {
    let waiting;
    try {
      const { id, ...answer } = message(text);
      waiting = this.waiting.get(id);
      if (!waiting) throw new Error(`nobody waits for ${text.slice(0, 200)}`);
      if (answer.type === 'next') {
        if (waiting.answer) throw new Error('two answers came for one operation');
        waiting.answer = answer;
      } else {
        this.waiting.delete(id);
        waiting.resolve(answer.type === 'error' ? answer : (waiting.answer ?? answer));
      }
    } catch (error) {
      for (const it of waiting ? [waiting] : this.waiting.values()) it.reject(error);
    }
  }

  #closed(code, reason) {
    this.connecting = undefined;
    for (const waiting of this.waiting.values()) waiting.resolve({ type: 'close', status: code, text: reason });
    this.waiting.clear();
  }

  async send(request) {
    const socket = await this.#connected();
    const id = String((this.next += 1));
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      socket.send(`{"id":"${id}","type":"subscribe","payload":${body(request)}}`);
    });
  }

  async close() {
    (await this.connecting)?.close(1000);
  }
}
