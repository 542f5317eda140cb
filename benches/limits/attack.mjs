// An attack: the requests to a new server, and the conditions during and after it.

import { Connection, request, send } from "./client.mjs";
import { Server, hasFlag, sleep } from "./server.mjs";
import { Bystander } from "./watch.mjs";

/** Maximum growth of the process by a single request, in MiB. */
const GROWTH = 64;
/** Working memory for each entity in fields that visit the whole graph, in bytes. */
const WHOLE = 32;
/** Maximum memory of all running requests together: MiB, and bytes for each entity. */
const POOL = { base: 256, entity: 64 };
/** Maximum memory that caches keep in addition after many different requests, in MiB. */
const CACHES = 96;
/** Maximum CPU time after the deadline, or after the client disconnected, in seconds. */
const OVERRUN = 0.1;
/** Maximum time for which one poll occupied a worker, in seconds. */
const POLL = 0.005;
/** How long the bystander runs before the attack, in milliseconds. */
const QUIET = 200;
/** A request is repeated for about this long, in milliseconds. */
const REPEATED = 200;
/** An answer that is not received within this time counts as missing, in milliseconds. */
const PATIENCE = 15_000;
/** A request that takes longer than this is sent again by a client that disconnects, in milliseconds. */
const LONG = 150;

/**
 * An attack with a course of its own: `act` gets a `Trial`. Settings:
 *
 * - `graph`: `"small"` (default) or `"large"`; `prepare` makes one for this attack alone.
 * - `options`, `descriptors`: of the server; `needs`: flags that it must have.
 * - `listed`: the attack is in the original list of this bench.
 * - `expects`: permitted outcomes; by default all except errors of the server.
 * - `growth`: MiB; `whole`: the attack visits the whole graph; `pool`: it sends many requests in parallel.
 * - `cpu`: processor time of one request in seconds; `settle`: after the attack.
 * - `bytes`: of one answer; `hides`: text that no answer may contain.
 * - `latency`: of the bystander in milliseconds; `unwatched`: the bystander need not be answered.
 * - `dies`: the server ends as part of the attack; `slow`: it waits for timeouts of many seconds.
 */
export const attack = (kind, name, settings, act) => ({ kind, name, graph: "small", options: [], ...settings, act });

/** An attack that sends one request repeatedly, one at a time. `body` makes its body. */
export const query = (kind, name, body, settings = {}) =>
  attack(kind, name, { ...settings, body }, async (trial) => {
    const bytes = request({ ...settings.request, body: body() });
    const first = await trial.ask(bytes);
    const end = performance.now() + REPEATED - first.ms;
    while (performance.now() < end) await trial.ask(bytes);
    if (first.ms > LONG && first.status !== 0) {
      await trial.leave(bytes, Math.min(100, first.ms / 3));
      // If input is unread, the server notices the end of a connection later.
      await trial.leave(Buffer.concat([bytes, Buffer.from("G")]), Math.min(100, first.ms / 3));
    }
  });

/** Sends many different requests one after the other; `make` gives the bodies. */
export const series = (kind, name, make, settings = {}) =>
  attack(kind, name, { growth: GROWTH + CACHES, ...settings }, async (trial) => {
    const connection = { current: undefined };
    for (const body of make()) {
      const answer = await trial.keep(connection, request({ ...settings.request, body }));
      if (answer.status === 0) return;
    }
  });

/** Codes of limits on the text of a document. An attack that ends with one of them has not reached its target. */
const OF_TEXT = ["TOKEN_LIMIT", "ALIAS_LIMIT"];

/** Whether an outcome is expected; `limit` means any code of a limit except those on the text. */
function isExpected(outcome, expects) {
  const isLimit = /(_LIMIT|^TIMEOUT)$/.test(outcome) && !OF_TEXT.includes(outcome);
  return expects.some((it) => String(it) === outcome || (it === "limit" && isLimit));
}

export class Trial {
  constructor(attack, server, context) {
    this.attack = attack;
    this.server = server;
    this.context = context;
    this.failures = [];
    this.outcomes = new Map();
    this.connections = [];
    /** CPU time of the idle server with its bystander, in seconds per second. */
    this.rate = 0;
  }

  fail(text) {
    if (this.failures.length < 5 && !this.failures.includes(text)) this.failures.push(text);
  }

  /** Records an outcome, and fails if it is not expected. */
  note(outcome, detail = "") {
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
    const { expects } = this.attack;
    const isWrong = /^5/.test(outcome) && outcome !== "503";
    if (isWrong || outcome === "INTERNAL" || (expects && !isExpected(outcome, expects))) {
      this.fail(`answered with ${outcome}${expects ? ` instead of ${expects.join(" or ")}` : ""} ${detail.slice(0, 160)}`.trim());
    }
  }

  connect(options) {
    const connection = new Connection(this.server.port, options);
    this.connections.push(connection);
    return connection;
  }

  /** Sends one request and checks its answer, its time and its CPU time against the limits. */
  async ask(bytes, ms = PATIENCE) {
    const { server, attack } = this;
    const from = { cpu: server.cpu(), at: performance.now() };
    const timeout = attack.options.indexOf("--timeout");
    const deadline = (timeout < 0 ? 30 : Number(attack.options[timeout + 1])) * 1000;
    let late;
    const timer = setTimeout(() => (late = { cpu: server.cpu(), at: performance.now() }), deadline);
    const answer = await send(server.port, bytes, ms);
    clearTimeout(timer);
    this.note(answer.outcome, answer.begin);
    if (late && answer.status !== 0) {
      await sleep(50);
      this.overrun("deadline", late);
    }
    const used = this.used(from);
    if (attack.cpu !== undefined && used > attack.cpu) this.fail(`a request took ${used.toFixed(2)} s of processor time, at most ${attack.cpu} s is right`);
    if (attack.hides?.test(answer.text())) this.fail(`the answer tells what it should not: ${attack.hides.exec(answer.text())[0]}`);
    if (attack.bytes !== undefined && answer.length > attack.bytes) this.fail(`an answer has ${answer.length} bytes, at most ${attack.bytes} are right`);
    return answer;
  }

  /** Sends a request on a connection that is kept open, `keeper.current`, and records the outcome. */
  async keep(keeper, bytes, ms = PATIENCE) {
    if (!keeper.current || keeper.current.end) keeper.current = this.connect();
    const answer = keeper.current.answer(ms);
    keeper.current.write(bytes);
    const given = await answer;
    this.note(given.outcome, given.begin);
    return given;
  }

  /** Sends a request, disconnects after some time, and measures how much the server still works on it. */
  async leave(bytes, ms) {
    const connection = this.connect();
    await connection.write(bytes);
    await sleep(ms);
    connection.destroy();
    const from = { cpu: this.server.cpu(), at: performance.now() };
    await sleep(400);
    this.overrun("client left", from);
  }

  /** CPU time since a moment, without that for the bystander. */
  used(from) {
    return this.server.cpu() - from.cpu - (this.rate * (performance.now() - from.at)) / 1000;
  }

  overrun(after, from) {
    const used = this.used(from);
    // /proc counts in steps of 10 ms, at both ends.
    if (used > OVERRUN + 0.02) this.fail(`${used.toFixed(2)} s of processor time after the ${after}, at most ${OVERRUN} s is right`);
  }
}

/** Runs an attack on a new server and returns the measurements, with all violated conditions. */
export async function run(attack, context) {
  const { binary, latency } = context;
  const missing = (attack.needs ?? []).filter((flag) => !hasFlag(binary, flag));
  if (missing.length) return { attack, failures: [`the server has no ${missing.join(", ")}`] };
  const graph = attack.prepare ? attack.prepare(context) : context.graphs[attack.graph]();
  let server;
  try {
    const { options, descriptors } = attack;
    server = await Server.start({ binary, graph, options: options.map((it) => (typeof it === "function" ? it(graph) : it)), descriptors });
  } catch (error) {
    return { attack, failures: [error.message] };
  }
  const trial = new Trial(attack, server, context);
  const bystander = new Bystander(server);
  const seen = { attack, failures: trial.failures };
  try {
    await bystander.phase("before");
    const quiet = { cpu: server.cpu(), at: performance.now() };
    await sleep(QUIET);
    const before = await bystander.phase("during");
    trial.rate = trial.used(quiet) / ((performance.now() - quiet.at) / 1000);
    server.forgetPeak();
    const memory = server.memory();
    await attack.act(trial);
    const during = await bystander.phase("pause");
    const settling = { cpu: server.cpu(), at: performance.now() };
    // If the process has ended already, its last size is not known.
    const after = server.memory();
    Object.assign(seen, { before, during, memory, most: during.killedAt ?? (after.most || memory.most) });
    hold(trial, { memory, after, before, during, graph, latency });
    for (const connection of trial.connections) connection.destroy();
    if (!attack.dies) await settled(trial, settling);
  } catch (error) {
    trial.fail(`the attack itself failed: ${error.stack}`);
  }
  seen.outcomes = trial.outcomes;
  for (const connection of trial.connections) connection.destroy();
  await bystander.stop();
  await server.stop();
  graph.remove?.();
  return seen;
}

/** Checks the conditions during the attack. */
function hold(trial, { memory, after, before, during, graph, latency }) {
  const { attack } = trial;
  const ofEntities = (bytes) => (graph.entities * bytes) / (1 << 20);
  const pool = attack.pool ? POOL.base + ofEntities(POOL.entity) : 0;
  const allowed = (attack.growth ?? GROWTH) + (attack.whole ? ofEntities(WHOLE) : 0) + pool;
  const growth = after.most - memory.now - (after.mapped - memory.mapped);
  if (during.killedAt) return trial.fail(`the server grew to ${during.killedAt} MiB and was ended`);
  if (growth > allowed) trial.fail(`the server grew by ${growth.toFixed(0)} MiB, at most ${allowed.toFixed(0)} MiB are right`);
  if (attack.dies || attack.unwatched) return undefined;
  if (before.failed) trial.fail(`the bystander was not answered even before: ${before.why}`);
  if (during.failed) trial.fail(`the bystander was not answered ${during.failed} times: ${during.why}`);
  if (during.turnedAway && !attack.pool) trial.fail(`the bystander was turned away with 503 ${during.turnedAway} times`);
  const most = attack.latency ?? latency;
  if (during.p99 > most) trial.fail(`the bystander waited ${during.p99.toFixed(0)} ms (p99), at most ${most} ms are right`);
  return undefined;
}

/** Checks the server after the attack: it runs, answers, and uses no more CPU time. */
async function settled(trial, from) {
  const { server, attack } = trial;
  if (!server.isAlive()) return trial.fail(`the server ended with ${server.end}: ${server.logged.slice(-200)}`);
  await sleep(100);
  await server.rest(3000);
  const used = server.cpu() - from.cpu;
  const most = attack.settle ?? OVERRUN + 0.02;
  if (used > most) trial.fail(`${used.toFixed(2)} s of processor time after the attack, at most ${most.toFixed(2)} s is right`);
  const still = server.cpu();
  await sleep(100);
  if (server.cpu() - still > 0.02) trial.fail("processor time goes on after the attack");
  const { query, says } = server.graph.probe;
  const answer = await send(server.port, request({ body: { query } }), 5000);
  if (!answer.begin.includes(says)) trial.fail(`a newcomer was answered with ${answer.outcome} after the attack`);
  const metrics = await server.metrics();
  for (const [name, limit] of [["clew_poll_cpu_seconds_max", POLL], ["clew_overrun_cpu_seconds_max", OVERRUN]]) {
    const value = metrics?.get(name);
    if (metrics && value === undefined) trial.context.unmeasured.add(name);
    if (value > limit) trial.fail(`${name} is ${value.toFixed(4)}, at most ${limit} is right`);
  }
  return undefined;
}
