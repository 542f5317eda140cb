// The server under test: the release build, or the binary that `CLEW` names.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const here = dirname(fileURLToPath(import.meta.url));
export const root = resolve(here, '../..');
export const binary = resolve(process.env.CLEW ?? resolve(root, 'target/release/clew'));

/** The graph of the matrix. */
export const GRAPH = ['--schema', resolve(here, 'graph/schema'), '--data', resolve(here, 'graph/data')];

/** Serves a graph on a free port; by default that of this repository. */
export async function serve(...options) {
  const server = spawn(binary, ['serve', '--listen', '127.0.0.1:0', ...options], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  server.stderr.on('data', (chunk) => (log = (log + chunk).slice(-10_000)));
  const ended = once(server, 'close').then(() => {
    throw new Error(`${binary} has ended:\n${log}`);
  });
  ended.catch(() => {});
  const [line] = await Promise.race([once(createInterface({ input: server.stdout }), 'line'), ended]);
  const origin = line.replace('listening on ', '');
  return { origin, url: `${origin}/graphql`, stop: () => server.kill('SIGTERM') };
}
