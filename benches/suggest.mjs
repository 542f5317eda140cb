// Latency of suggestions over HTTP: all prefixes of three letters from a to z, in a pseudorandom order.
//
//   node benches/suggest.mjs --graph GRAPH.clew [--clew BINARY]
//
// `clew compile` makes the file. Prints a row of the table in docs/performance.md.
import { spawn } from 'node:child_process';
import { Agent, request } from 'node:http';
import { dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const { values: options } = parseArgs({
  options: { graph: { type: 'string' }, clew: { type: 'string', default: resolve(root, 'target/release/clew') } },
});

const server = spawn(options.clew, ['serve', options.graph, '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'pipe'] });
const line = (stream, wanted) =>
  new Promise((found) => createInterface({ input: stream }).on('line', (text) => text.includes(wanted) && found(text)));
const [address, index] = await Promise.all([
  line(server.stdout, 'listening on ').then((text) => text.split(' ').at(-1)),
  // The indexes are built one after the other; when the last one is ready, the CPU is idle.
  new Promise((found) => {
    let names;
    createInterface({ input: server.stderr }).on('line', (text) => {
      if (text.startsWith('name index')) names = text;
      if (text.startsWith('substring index')) found(names);
    });
  }),
]);

const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const ask = (prefix) =>
  new Promise((done, fail) => {
    const query = 'query($prefix: String!) { suggest(prefix: $prefix) { text start end entity { id label } } }';
    const begun = process.hrtime.bigint();
    const asked = request(`${address}/graphql`, { agent, method: 'POST', headers: { 'content-type': 'application/json' } }, (answer) => {
      let text = '';
      answer.on('data', (part) => (text += part));
      answer.on('end', () => done({ micros: Number(process.hrtime.bigint() - begun) / 1e3, text }));
    });
    asked.on('error', fail);
    asked.end(JSON.stringify({ query, variables: { prefix } }));
  });

const letters = [...'abcdefghijklmnopqrstuvwxyz'];
const all = letters.flatMap((a) => letters.flatMap((b) => letters.map((c) => a + b + c)));
// 17,576 and the step have no common divisor, so each prefix is requested once.
const prefixes = all.map((_, at) => all[(at * 7919) % all.length]);
for (const prefix of prefixes.slice(0, 1000)) await ask(prefix);
const times = [];
let names = 0;
for (const prefix of prefixes) {
  const { micros, text } = await ask(prefix);
  times.push(micros);
  names += JSON.parse(text).data.suggest.length;
}
times.sort((a, b) => a - b);
const quantile = (of) => Math.round(times[Math.min(times.length - 1, Math.floor(times.length * of))]);
console.log(`| ${times.length} | ${names} | ${[0.5, 0.9, 0.99, 1].map(quantile).join(' | ')} |`);
console.log(index);
agent.destroy();
server.kill();
