// A client that may misbehave: it writes any bytes to a socket and reads the input as HTTP/1.1.

import net from "node:net";

/** Number of bytes that are kept of the beginning and of the end of an answer. */
const KEPT = 64 << 10;

/** The bytes of a request. A header whose value is undefined is left out. */
export function request({ method = "POST", path = "/graphql", version = "1.1", host = "127.0.0.1", headers = {}, body = "" } = {}) {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  const all = { host, "content-type": "application/json", "content-length": bytes.length || method === "POST" ? bytes.length : undefined, ...headers };
  const lines = [`${method} ${path} HTTP/${version}`];
  for (const [name, value] of Object.entries(all)) {
    for (const each of [value].flat()) if (each !== undefined) lines.push(`${name}: ${each}`);
  }
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), bytes]);
}

/** The received answer. `status` is 0 if the connection ended without an answer; then `end` has the reason. */
class Answer {
  status = 0;
  headers = new Map();
  length = 0;
  begin = "";
  last = "";
  end = undefined;
  ms = 0;

  /** The code of the first error. */
  get code() {
    return this.codes[0];
  }

  get codes() {
    return [...`${this.begin}\n${this.last}`.matchAll(/"code":"(\w+)"/g)].map((it) => it[1]);
  }

  /** The outcome as a word: `ok`, the code of an error, the status, or how the connection ended. */
  get outcome() {
    if (this.status === 0) return this.end ?? "no answer";
    if (this.status === 200) return this.code ?? "ok";
    return this.code && ![413, 421, 431, 503].includes(this.status) ? this.code : String(this.status);
  }

  text() {
    return this.length <= KEPT ? this.begin : `${this.begin}…${this.last}`;
  }
}

export class Connection {
  constructor(port, { halfOpen = false } = {}) {
    this.socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: halfOpen });
    this.socket.setNoDelay(true);
    this.pending = Buffer.alloc(0);
    this.waiting = [];
    this.answers = 0;
    this.opened = performance.now();
    this.isOpen = new Promise((done) => {
      this.socket.once("connect", () => done(true));
      this.socket.once("error", () => done(false));
    });
    this.closed = new Promise((done) => {
      const ended = (how) => {
        if (this.end) return;
        this.end = how;
        this.endedAt = performance.now();
        this.finish(how);
        done(how);
      };
      this.socket.on("error", (error) => ended(error.code === "ECONNREFUSED" ? "refused" : "closed"));
      this.socket.on("end", () => ended("closed"));
      this.socket.on("close", () => ended("closed"));
    });
    this.socket.on("data", (part) => this.take(part));
  }

  /** Writes bytes; resolves when the kernel has accepted them or the connection ended. */
  write(bytes) {
    if (this.socket.destroyed) return Promise.resolve();
    return Promise.race([new Promise((done) => this.socket.write(bytes, () => done())), this.closed]);
  }

  /** The next answer on this connection. */
  answer(ms = 30_000, { isHead = false } = {}) {
    const answer = new Answer();
    answer.since = performance.now();
    if (this.end) {
      answer.end = this.end;
      return Promise.resolve(answer);
    }
    return new Promise((done) => {
      const entry = { answer, isHead };
      const timer = setTimeout(() => entry.done("no answer"), ms);
      entry.done = (end) => {
        clearTimeout(timer);
        answer.end = end;
        answer.ms = performance.now() - answer.since;
        done(answer);
      };
      this.waiting.push(entry);
      this.take(Buffer.alloc(0));
    });
  }

  finish(how) {
    const current = this.waiting[0];
    // An answer without a length lasts until the connection ends.
    if (current?.left === Infinity) {
      this.waiting.shift();
      current.done(undefined);
    }
    for (const entry of this.waiting.splice(0)) entry.done(how);
  }

  take(part) {
    this.pending = this.pending.length ? Buffer.concat([this.pending, part]) : part;
    while (this.waiting.length > 0 && this.pending.length > 0) {
      const entry = this.waiting[0];
      if (entry.left === undefined) {
        const end = this.pending.indexOf("\r\n\r\n");
        if (end < 0) return;
        this.head(entry, this.pending.subarray(0, end).toString("latin1"));
        this.pending = this.pending.subarray(end + 4);
        if (entry.answer.status === 100) {
          entry.left = undefined;
          continue;
        }
      }
      if (!this.body(entry)) return;
      this.waiting.shift();
      this.answers += 1;
      entry.done(undefined);
    }
  }

  head({ answer }, text) {
    const [first, ...lines] = text.split("\r\n");
    answer.status = Number(first.split(" ")[1]);
    for (const line of lines) {
      const colon = line.indexOf(":");
      answer.headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
    }
    const entry = this.waiting[0];
    const length = answer.headers.get("content-length");
    entry.isChunked = /chunked/i.test(answer.headers.get("transfer-encoding") ?? "");
    const isEmpty = entry.isHead || [100, 204, 304].includes(answer.status);
    entry.left = isEmpty ? 0 : entry.isChunked ? 0 : length === undefined ? Infinity : Number(length);
  }

  /** Adds bytes to the body. Returns whether it is complete. */
  body(entry) {
    if (!entry.isChunked) {
      const part = this.pending.subarray(0, Math.min(entry.left, this.pending.length));
      keep(entry.answer, part);
      entry.left -= part.length;
      this.pending = this.pending.subarray(part.length);
      return entry.left === 0;
    }
    for (;;) {
      if (entry.left > 0) {
        const part = this.pending.subarray(0, Math.min(entry.left, this.pending.length));
        keep(entry.answer, part.subarray(0, Math.max(0, Math.min(part.length, entry.left - 2))));
        entry.left -= part.length;
        this.pending = this.pending.subarray(part.length);
        if (entry.left > 0) return false;
        if (entry.isLast) return true;
      }
      const end = this.pending.indexOf("\r\n");
      if (end < 0) return false;
      const size = Number.parseInt(this.pending.subarray(0, end).toString("latin1"), 16);
      this.pending = this.pending.subarray(end + 2);
      entry.isLast = size === 0;
      entry.left = size + 2;
    }
  }

  destroy() {
    this.socket.destroy();
  }

  /** Ends the connection with a reset instead of an orderly close. */
  reset() {
    this.socket.resetAndDestroy();
  }
}

function keep(answer, part) {
  if (answer.length < KEPT) answer.begin += part.subarray(0, KEPT - answer.length).toString("latin1");
  else if (part.length >= KEPT) answer.last = part.subarray(-KEPT).toString("latin1");
  else answer.last = (answer.last + part.toString("latin1")).slice(-KEPT);
  if (answer.length < KEPT && answer.length + part.length > KEPT) answer.last = part.subarray(-KEPT).toString("latin1");
  answer.length += part.length;
}

/** Sends one request on a new connection and returns the answer. */
export async function send(port, bytes, ms = 30_000) {
  const connection = new Connection(port);
  const answer = connection.answer(ms);
  connection.write(bytes);
  const given = await answer;
  connection.destroy();
  return given;
}

