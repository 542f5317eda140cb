// A server under test: starts it, collects its output, and reads what the kernel reports about its process.

import { execFileSync, spawn } from "node:child_process";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** Clock ticks per second in /proc; Linux has used 100 on all architectures that Node runs on. */
const TICKS = 100;
/** Maximum number of characters of standard error that are kept. */
const KEPT = 1 << 20;

const helps = new Map();

/** Whether the binary has a flag, so that a missing flag is one clear failure instead of a server that does not start. */
export function hasFlag(binary, flag) {
  if (!helps.has(binary)) helps.set(binary, execFileSync(binary, ["serve", "--help"], { encoding: "utf8" }));
  return new RegExp(`^\\s+(-\\w, )?${flag}\\b`, "m").test(helps.get(binary));
}

/** Running servers, which are ended with this process. */
const running = new Set();
process.on("exit", () => running.forEach((server) => server.child.kill("SIGKILL")));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(130));

export class Server {
  /**
   * Starts a server and waits until it listens, its text index is ready and it uses no more processor time.
   *
   * `graph` is `{ serve, probe }`: arguments of `clew serve` and a small query. `descriptors` limits open files, `addressSpace` memory in KiB.
   */
  static async start({ binary, graph, options = [], descriptors, addressSpace, cwd = root }) {
    const server = new Server();
    server.binary = binary;
    server.graph = graph;
    const metrics = hasFlag(binary, "--metrics-listen") ? ["--metrics-listen", "127.0.0.1:0"] : [];
    const command = [binary, "serve", "--listen", "127.0.0.1:0", ...metrics, ...graph.serve, ...options];
    const limits = [descriptors && `ulimit -n ${descriptors}`, addressSpace && `ulimit -v ${addressSpace}`].filter(Boolean);
    const [program, ...given] = limits.length ? ["sh", "-c", `${limits.join("; ")}; exec "$@"`, "sh", ...command] : command;
    const child = spawn(program, given, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    server.child = child;
    server.pid = child.pid;
    server.printed = "";
    server.logged = "";
    child.stdout.on("data", (part) => (server.printed = (server.printed + part).slice(-KEPT)));
    child.stderr.on("data", (part) => (server.logged = (server.logged + part).slice(-KEPT)));
    running.add(server);
    server.ended = new Promise((done) => {
      child.once("exit", (code, signal) => {
        running.delete(server);
        server.end = signal ?? code;
        done(server.end);
      });
      child.once("error", (error) => {
        running.delete(server);
        server.end = error.message;
        done(server.end);
      });
    });
    await server.until(() => /listening on http:\S+/.test(server.printed), 60_000, "does not listen");
    const address = new URL(/listening on (http:\S+)/.exec(server.printed)[1]);
    server.port = Number(address.port);
    server.host = address.host;
    await server.until(() => server.logged.includes("text index"), 60_000, "has no text index");
    const said = server.printed + server.logged;
    server.metricsUrl = metrics.length ? /metrics[^\n]*?(http:\/\/[\d.]+:\d+)/i.exec(said)?.[1] : undefined;
    await server.rest();
    return server;
  }

  async until(holds, ms, what) {
    const end = performance.now() + ms;
    while (!holds()) {
      if (this.end !== undefined) throw new Error(`the server ended with ${this.end}: ${this.logged.slice(-500)}`);
      if (performance.now() > end) throw new Error(`the server ${what} after ${ms / 1000} s: ${this.logged.slice(-500)}`);
      await sleep(5);
    }
  }

  /** Waits until the process uses no CPU time. */
  async rest(most = 5000) {
    const end = performance.now() + most;
    for (let quiet = 0, before = this.cpu(); quiet < 4 && performance.now() < end && this.isAlive(); ) {
      await sleep(20);
      const now = this.cpu();
      quiet = now === before ? quiet + 1 : 0;
      before = now;
    }
  }

  isAlive() {
    return this.end === undefined;
  }

  status() {
    try {
      return readFileSync(`/proc/${this.pid}/status`, "utf8");
    } catch {
      return "";
    }
  }

  /** Resident memory in MiB: now, the maximum since `forgetPeak`, and the part that is mapped files. */
  memory() {
    const status = this.status();
    const of = (name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024;
    return { now: of("VmRSS"), most: of("VmHWM"), mapped: of("RssFile") };
  }

  /** Resets `VmHWM` to the current size. */
  forgetPeak() {
    try {
      writeFileSync(`/proc/${this.pid}/clear_refs`, "5");
    } catch {
      // Without permission for this, the peak of loading counts too, and hides smaller growth.
    }
  }

  threads() {
    return Number(/Threads:\s+(\d+)/.exec(this.status())?.[1] ?? 0);
  }

  descriptors() {
    try {
      return readdirSync(`/proc/${this.pid}/fd`).length;
    } catch {
      return 0;
    }
  }

  /** Open connections whose client leaves bytes unread: the kernel holds bytes that it cannot deliver. */
  stalled() {
    const port = this.port.toString(16).toUpperCase().padStart(4, "0");
    const sockets = readFileSync("/proc/net/tcp", "utf8").split("\n").slice(1).map((it) => it.trim().split(/\s+/));
    const ESTABLISHED = "01";
    const isStalled = ([, local, , state, queues]) => local?.endsWith(`:${port}`) && state === ESTABLISHED && !queues.startsWith("00000000:");
    return sockets.filter(isStalled).map((it) => it[2]);
  }

  /** CPU time used so far, in seconds. */
  cpu() {
    try {
      const stat = readFileSync(`/proc/${this.pid}/stat`, "utf8");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return (Number(fields[11]) + Number(fields[12])) / TICKS;
    } catch {
      return 0;
    }
  }

  /** The values of some metrics; empty if the server has none. */
  async metrics() {
    if (!this.metricsUrl || !this.isAlive()) return undefined;
    const response = await fetch(`${this.metricsUrl}/metrics`, { signal: AbortSignal.timeout(5000) });
    const values = new Map();
    for (const line of (await response.text()).split("\n")) {
      const found = /^(\w+)(?:\{[^}]*\})? (\S+)$/.exec(line);
      if (found) values.set(found[1], Math.max(values.get(found[1]) ?? -Infinity, Number(found[2])));
    }
    return values;
  }

  kill(signal) {
    this.child.kill(signal);
  }

  /** Ends the server, with SIGKILL if it does not end by itself. */
  async stop() {
    if (!this.isAlive()) return;
    this.child.kill("SIGKILL");
    await this.ended;
  }
}
