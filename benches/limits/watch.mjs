// A bystander: repeats one small query while a server is attacked, and ends the server if it takes too much memory.
//
// It runs in a separate thread, so that work of the attackers in this process does not count as latency of the server.

import { readFileSync } from "node:fs";
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";
import { fileURLToPath } from "node:url";

import { Connection, request } from "./client.mjs";

/** A larger server is ended, in MiB, to protect the machine from the attack. */
export const MOST_MEMORY = 4096;
/** Pause between two queries, in milliseconds. */
const PAUSE = 4;
/** How long the bystander waits for an answer. */
const PATIENCE = 10_000;

export class Bystander {
  constructor(server) {
    const { query, says } = server.graph.probe;
    this.worker = new Worker(fileURLToPath(import.meta.url), { workerData: { port: server.port, pid: server.pid, query, says } });
    this.reports = [];
    this.worker.on("message", (report) => this.reports.shift()?.(report));
    this.worker.on("error", (error) => this.reports.shift()?.({ failed: String(error) }));
  }

  /** Starts a phase, and returns the counts since the last call: see `report`. */
  phase(name) {
    return new Promise((done) => {
      this.reports.push(done);
      this.worker.postMessage(name);
    });
  }

  stop() {
    return this.worker.terminate();
  }
}

/** The quantile of sorted numbers. */
export const quantile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];

if (!isMainThread && workerData?.query) {
  const { port, pid, query, says } = workerData;
  const asked = request({ body: { query } });
  let connection = new Connection(port);
  let counted = begin();
  let paused = true;
  /** Start of the pending query: a query that is not answered when a phase ends counts too. */
  let waiting;

  function begin() {
    return { taken: [], failed: 0, turnedAway: 0, why: undefined, killedAt: undefined };
  }

  function report() {
    if (waiting !== undefined) counted.taken.push(performance.now() - waiting);
    const taken = counted.taken.toSorted((a, b) => a - b);
    return { ...counted, taken: taken.length, p50: quantile(taken, 0.5), p99: quantile(taken, 0.99), most: taken.at(-1) };
  }

  parentPort.on("message", (name) => {
    parentPort.postMessage(report());
    counted = begin();
    paused = name === "pause";
  });

  setInterval(() => {
    let resident = 0;
    try {
      resident = (Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * 4096) / (1 << 20);
    } catch {
      return;
    }
    if (resident > MOST_MEMORY) {
      counted.killedAt = Math.round(resident);
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // The server ended by itself.
      }
    }
  }, 10);

  for (;;) {
    await new Promise((done) => setTimeout(done, PAUSE));
    if (paused) continue;
    const round = counted;
    const since = performance.now();
    waiting = since;
    if (connection.end) connection = new Connection(port);
    const answer = connection.answer(PATIENCE);
    connection.write(asked);
    const { status, begin: text, outcome } = await answer;
    waiting = undefined;
    if (round === counted) round.taken.push(performance.now() - since);
    if (status === 503) round.turnedAway += 1;
    else if (!text.includes(says)) {
      round.failed += 1;
      round.why ??= `${outcome} ${text.slice(0, 200)}`;
      connection.destroy();
      connection = new Connection(port);
    }
  }
}
