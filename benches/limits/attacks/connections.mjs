// Connections: many, idle, half open, never read, or gone.

import { attack } from "../attack.mjs";
import { Connection, request, send } from "../client.mjs";
import { sleep } from "../server.mjs";
import { ends } from "./bodies.mjs";
import { aliases, endless, repeat } from "./text.mjs";

const connection = (name, settings, act) => attack("connections", name, settings, act);
const SMALL = request({ body: { query: '{ association(id: "association-1") { name } }' } });
/** An answer of 11 MB: below the limit of bytes, and more than the kernel's buffers of a connection hold. */
const BIG = request({ body: { query: aliases(60, 'entities(first: 128) { nodes { statements(first: 1000) { nodes { field value target { label } citations { locator source { title } } } } } }') } });
const opened = async (trial, count, options) => {
  const all = [];
  // In groups, so that the kernel's queue of new connections does not overflow.
  while (all.length < count) {
    const group = Array.from({ length: Math.min(100, count - all.length) }, () => trial.connect(options));
    all.push(...group);
    await Promise.race([Promise.all(group.map((it) => it.isOpen)), sleep(1000)]);
  }
  return all;
};
/** Whether somebody who comes now is answered. */
const newcomer = async (trial, what) => {
  const given = await send(trial.server.port, SMALL, 5000);
  if (given.outcome !== "ok") trial.fail(`a newcomer was answered with ${given.outcome} ${what}`);
};

export default [
  connection("1,000 half headers", { listed: true, slow: true }, async (trial) => {
    const all = await opened(trial, 1000);
    for (const each of all) each.write("POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\nx-a: ");
    await ends(trial, all, 14, "half headers");
  }),
  connection("2,000 idle connections", { listed: true, slow: true }, async (trial) => {
    const all = await opened(trial, 2000);
    await sleep(1000);
    const most = trial.server.descriptors();
    if (most > 1024 + 100) trial.fail(`the server holds ${most} descriptors`);
    await ends(trial, all, 80, "idle connections");
  }),
  connection("900 connections idle after an answer", { slow: true }, async (trial) => {
    const all = await opened(trial, 900);
    for (const each of all) each.write(SMALL);
    await ends(trial, all, 80, "kept connections");
  }),
  connection("200 clients that do not read", { listed: true, slow: true, pool: true }, async (trial) => {
    const all = await opened(trial, 200);
    for (const each of all) {
      each.socket.pause();
      each.write(BIG);
    }
    await sleep(3000);
    await newcomer(trial, "beside clients that do not read");
    // A client that does not read does not see that its connection was closed; the kernel's list of sockets shows it.
    // An answer to another client may be on its way at any moment, so the same socket has to be seen each time.
    let open = trial.server.stalled();
    await sleep(100);
    const stayOpen = () => trial.server.stalled().filter((it) => open.includes(it));
    open = stayOpen();
    const stalled = open.length;
    if (stalled === 0) trial.fail("no answer was too large for the kernel's buffers");
    const end = performance.now() + 42_000;
    while (performance.now() < end && open.length > 0) {
      await sleep(200);
      open = stayOpen();
    }
    trial.note(open.length ? "open" : "closed");
    if (open.length) trial.fail(`${open.length} of ${stalled} clients that stopped reading are connected after 45 s`);
  }),
  connection("256 descriptors and 600 connections", { listed: true, descriptors: 256, unwatched: true }, async (trial) => {
    const all = await opened(trial, 600);
    await sleep(1000);
    const logged = /EMFILE|too many open files|descriptor/i.test(trial.server.logged);
    if (!logged) trial.fail("nothing is logged when the server has no descriptors left");
    for (const each of all) each.destroy();
    await sleep(300);
    await newcomer(trial, "after the connections are gone");
    trial.note(logged ? "logged" : "silence");
  }),
  connection("1,500 connections, over the limit", {}, async (trial) => {
    const all = await opened(trial, 1500);
    for (const each of all) each.write(SMALL);
    const answers = await Promise.all(all.map((it) => it.answer(3000)));
    for (const given of answers) trial.note(given.outcome);
    if (trial.server.descriptors() > 1024 + 100) trial.fail(`the server holds ${trial.server.descriptors()} descriptors`);
    for (const each of all) each.destroy();
    await sleep(300);
    await newcomer(trial, "after the connections are gone");
  }),
  connection("a flood over --max-connections 50", { needs: ["--max-connections"], options: ["--max-connections", "50"] }, async (trial) => {
    const all = await opened(trial, 300);
    await sleep(500);
    if (trial.server.descriptors() > 150) trial.fail(`the server holds ${trial.server.descriptors()} descriptors`);
    for (const each of all) each.destroy();
    await sleep(300);
    await newcomer(trial, "after the connections are gone");
    trial.note("ok");
  }),
  connection("10,000 requests on one connection at once", { expects: ["ok"] }, async (trial) => {
    const one = trial.connect();
    const answers = Array.from({ length: 10_000 }, () => one.answer(20_000));
    await one.write(Buffer.concat(Array.from({ length: 10_000 }, () => SMALL)));
    for (const given of await Promise.all(answers)) trial.note(given.outcome);
  }),
  connection("100,000 requests on one connection that does not read", {}, async (trial) => {
    const one = trial.connect();
    one.socket.pause();
    const thousand = Buffer.concat(Array.from({ length: 1000 }, () => SMALL));
    for (let no = 0; no < 100; no += 1) one.socket.write(thousand);
    await sleep(1500);
    trial.note("not read");
  }),
  connection("half closed after the request", { expects: ["ok"] }, async (trial) => {
    for (let no = 0; no < 100; no += 1) {
      const one = trial.connect({ halfOpen: true });
      const answer = one.answer(5000);
      one.socket.end(SMALL);
      const { outcome } = await answer;
      // A server may take a half-closed connection for a disconnected client.
      trial.note(outcome === "closed" ? "ok" : outcome);
      one.destroy();
    }
  }),
  connection("clients that leave a long run, with bytes of the next request", { graph: "large", whole: true }, async (trial) => {
    const long = request({ body: { query: endless() } });
    for (const next of ["", "G", long, repeat(SMALL.toString(), 50)]) await trial.leave(Buffer.concat([long, Buffer.from(next)]), 500);
    const unread = request({ method: "GET", path: `/graphql?query=${encodeURIComponent(endless())}`, headers: { "content-type": undefined, "content-length": "5" } });
    await trial.leave(unread, 500);
    trial.note("left");
  }),
  connection("500 clients that vanish", { options: ["--timeout", "5"] }, async (trial) => {
    for (let no = 0; no < 500; no += 1) {
      const one = new Connection(trial.server.port);
      await one.write(no % 2 ? BIG : SMALL.subarray(0, 80 + (no % 60)));
      one.reset();
    }
    trial.note("vanished");
  }),
  connection("3,000 connections that are reset at once", {}, async (trial) => {
    for (let no = 0; no < 30; no += 1) {
      const group = Array.from({ length: 100 }, () => new Connection(trial.server.port));
      await Promise.all(group.map((it) => it.isOpen));
      for (const each of group) each.reset();
    }
    trial.note("reset");
  }),
  connection("a client that reads an answer slowly", { options: ["--timeout", "2"] }, async (trial) => {
    const one = trial.connect();
    const answer = one.answer(4000);
    one.write(BIG);
    one.socket.pause();
    const timer = setInterval(() => {
      one.socket.resume();
      setTimeout(() => one.socket.pause(), 1);
    }, 100);
    const { outcome } = await answer;
    clearInterval(timer);
    trial.note(outcome);
  }),
  connection("TLS, HTTP/2 and noise on the port", { expects: ["400", "closed", "no answer", "505", "BAD_REQUEST", "431"] }, async (trial) => {
    const hello = Buffer.concat([Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]), Buffer.alloc(500, 7)]);
    const noise = Buffer.from(Array.from({ length: 1 << 20 }, (_, no) => (no * 7919 + 13) % 251).filter((it) => it !== 10));
    for (const bytes of [hello, Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), noise, Buffer.alloc(1 << 20, 65), Buffer.from(repeat("\r\n", 500_000))]) {
      const one = trial.connect();
      const answer = one.answer(2000);
      one.write(bytes);
      trial.note((await answer).outcome);
      one.destroy();
    }
  }),
  connection("SIGTERM beside a client that does not read", { listed: true, dies: true, needs: ["--grace"], options: ["--grace", "1"] }, async (trial) => {
    const all = await opened(trial, 5);
    for (const each of all) {
      each.socket.pause();
      each.write(BIG);
    }
    await sleep(800);
    await terminated(trial);
  }),
  connection("SIGTERM beside half a request", { listed: true, dies: true, needs: ["--grace"], options: ["--grace", "1"] }, async (trial) => {
    const all = await opened(trial, 5);
    for (const each of all) each.write(SMALL.subarray(0, 60));
    await sleep(200);
    await terminated(trial);
  }),
  connection("SIGTERM beside a long run", { dies: true, graph: "large", needs: ["--grace"], options: ["--grace", "1"] }, async (trial) => {
    trial.connect().write(request({ body: { query: endless() } }));
    await sleep(300);
    await terminated(trial);
  }),
];

/** Asks the server to end, which it does within its grace period. */
async function terminated(trial) {
  const { server } = trial;
  server.kill("SIGTERM");
  const how = await Promise.race([server.ended, sleep(6000).then(() => "nothing")]);
  trial.note(`exit ${how}`);
  if (how !== 0) trial.fail(`SIGTERM ended it with ${how} within 6 s, exit 0 within its grace period is right`);
}
