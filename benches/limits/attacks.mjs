// For each limit an attack that it stops, with the server's memory and what a bystander notices of it.
//
//   node benches/limits/attacks.mjs > table.md        (a release build must be there; about a minute)
//
// The server gets one core and this script the other where `taskset` is there. Latencies are of a small query, sent one after the other
// while the attack is sent again and again on two connections, and before it.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const binary = process.env.CLEW ?? resolve(root, 'target/release/clew');
const SECONDS = Number(process.env.SECONDS ?? 2);

const repeat = (text, times) => text.repeat(times);
const wide = (levels, first) => `${repeat(`links(first: ${first}) { nodes { to { `, levels)}degree${repeat(' } } }', levels)}`;
const fragments = Array.from({ length: 25 }, (_, no) => `fragment F${no} on Query { ...F${no + 1} ...F${no + 1} }`).join(' ');

const ATTACKS = [
  ['body size', 413, `{ __typename } #${repeat('x', 2 << 20)}`],
  ['tokens', 'TOKEN_LIMIT', `{ ${repeat('__typename ', 60_000)} }`],
  ['depth', 'DEPTH_LIMIT', `{ place(id: "bangkok") { ${repeat('partOf { nodes { ', 35)}id${repeat(' } }', 35)} } }`],
  ['aliases', 'ALIAS_LIMIT', `{ ${Array.from({ length: 2500 }, (_, no) => `a${no}: __typename`).join(' ')} }`],
  ['expansion of fragments', 'FIELD_LIMIT', `{ ...F0 } ${fragments} fragment F25 on Query { __typename }`],
  ['list sizes', 'PAGE_LIMIT', '{ entities(first: 2000000000) { nodes { id } } }'],
  ['cost, told before it runs', 'COST_LIMIT', `{ entities(first: 1000) { nodes { ${wide(6, 1000)} } } }`],
  ['rows visited', 'ROW_LIMIT', `{ entities(first: 128) { nodes { ${wide(7, 20)} } } }`, ['--max-rows', '1000000', '--max-cost', '1000000000000000']],
  ['bytes written', 'BYTE_LIMIT', `{ entities(first: 128) { nodes { ${wide(6, 20)} } } }`, ['--max-bytes', '16000000', '--max-cost', '1000000000000000']],
  ['deadline', 'TIMEOUT', `{ entities(first: 128) { nodes { ${wide(9, 40)} } } }`, ['--timeout', '1', '--max-cost', '1000000000000000000', '--max-rows', '1000000000000', '--max-bytes', '100000000000']],
];

const pinned = spawnSync('taskset', ['-c', '0', 'true']).status === 0;

async function start(options) {
  const command = pinned ? ['taskset', '-c', '0', binary] : [binary];
  const [program, ...first] = command;
  const server = spawn(program, [...first, 'serve', '--listen', '127.0.0.1:0', ...options], { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] });
  const [line] = await once(createInterface({ input: server.stdout }), 'line');
  return { server, url: `${line.replace('listening on ', '')}/graphql` };
}

async function send(url, query) {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query }) });
  return { status: response.status, body: await response.text() };
}

const memory = (server) => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]) / 1024;

/** Latencies of a small query for some time: the median and the 99th of a hundred, in milliseconds. */
async function bystander(url) {
  const taken = [];
  const end = performance.now() + SECONDS * 1000;
  while (performance.now() < end) {
    const begin = performance.now();
    const { body } = await send(url, '{ organization(id: "unicef") { name } }');
    if (!body.includes('UNICEF')) throw new Error(body);
    taken.push(performance.now() - begin);
  }
  taken.sort((a, b) => a - b);
  const at = (part) => taken[Math.min(taken.length - 1, Math.floor(taken.length * part))].toFixed(2);
  return `${at(0.5)} / ${at(0.99)}`;
}

console.log('| limit | stopped with | MB before / at most | bystander before, p50 / p99 ms | during |');
console.log('| --- | --- | --- | --- | --- |');
let failed = 0;
for (const [name, expected, query, options = []] of ATTACKS) {
  const { server, url } = await start(options);
  await bystander(url);
  const quiet = memory(server);
  const before = await bystander(url);
  let attacking = true;
  let sent = 0;
  const attackers = Array.from({ length: 2 }, async () => {
    while (attacking) {
      const { status, body } = await send(url, query).catch((error) => ({ status: 0, body: String(error) }));
      // A server that has refused a body need not read the rest of it, so that the client may see a broken connection instead.
      if (expected === 413 && status === 0) continue;
      sent += 1;
      if (status !== expected && !body.includes(`"${expected}"`)) {
        failed += 1;
        console.error(`${name}: ${status} ${body.slice(0, 300)}`);
        attacking = false;
      }
    }
  });
  const during = await bystander(url);
  attacking = false;
  await Promise.all(attackers);
  console.log(`| ${name} | \`${expected}\`${options[0] ? ` (${options[0]} ${options[1]})` : ''} | ${quiet.toFixed(0)} / ${memory(server).toFixed(0)} | ${before} | ${during} |`);
  server.kill('SIGTERM');
}
process.exit(failed ? 1 : 0);
