// Runs the GraphQL-over-HTTP audit of graphql-http on the real server: MUST, SHOULD and MAY.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { serverAudits } from 'graphql-http';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const binary = process.env.CLEW ?? resolve(root, 'target/release/clew');
const server = spawn(binary, ['serve', '--listen', '127.0.0.1:0'], { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] });
const [line] = await once(createInterface({ input: server.stdout }), 'line');
const url = `${line.replace('listening on ', '')}/graphql`;

let passed = 0;
let failed = 0;
for (const audit of serverAudits({ url })) {
  const result = await audit.fn();
  if (result.status === 'ok') {
    passed += 1;
  } else {
    failed += 1;
    const body = result.response?.bodyUsed ? '' : await result.response?.text?.();
    console.log(`${result.status}: ${audit.name} (${result.id}): ${result.reason}\n  ${result.response?.status} ${body?.slice(0, 300)}`);
  }
}
server.kill('SIGTERM');
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 50 ? 0 : 1);
