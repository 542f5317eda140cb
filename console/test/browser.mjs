// A real headless Chromium, and the real server with a small graph.
//
// CLEW says which binary to start, CHROMIUM which browser; both have defaults.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const binary = process.env.CLEW ?? resolve(root, 'target/release/clew');

/** Starts the server with the graph in a folder. Without a port it takes a free one. `options` are added to the command. */
export async function serve(graph, port = 0, options = []) {
  const folders = ['--schema', `${graph}/schema`, '--data', `${graph}/data`];
  const server = spawn(binary, ['serve', '--listen', `127.0.0.1:${port}`, ...folders, ...options], {
    cwd: resolve(root, 'console/test'),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface({ input: server.stdout }), 'line');
  return {
    address: line.replace('listening on ', ''),
    stop: async () => {
      if (server.exitCode === null) {
        server.kill('SIGTERM');
        await once(server, 'exit');
      }
    },
  };
}

/** A graph in a folder of its own, which is removed after the test. */
export async function serveLines(context, schema, lines) {
  const graph = mkdtempSync(join(tmpdir(), 'clew-'));
  for (const [folder, file, text] of [['schema', 'a.graphql', schema], ['data', 'a.jsonl', lines.map((line) => JSON.stringify(line)).join('\n')]]) {
    mkdirSync(join(graph, folder));
    writeFileSync(join(graph, folder, file), text);
  }
  const own = await serve(graph);
  context.after(async () => {
    await own.stop();
    rmSync(graph, { recursive: true });
  });
  return own.address;
}

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'],
  });
}

/** A page that notes what it requests, and each error and violation of the policy. */
export async function open(browser, address, { prepare = async () => {}, ...options } = {}) {
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 }, ...options });
  await prepare(page);
  const requests = [];
  const errors = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('pageerror', (error) => errors.push(error.message));
  // A violation of the policy is an event in the page, and in workers only a line on the console.
  await page.exposeFunction('reportViolation', (text) => errors.push(text));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      window.reportViolation(`${event.violatedDirective} forbids ${event.blockedURI} (${event.sourceFile}:${event.lineNumber})`);
    });
  });
  page.on('console', (message) => {
    if (message.type() === 'error' || /content security policy|refused to/i.test(message.text())) {
      errors.push(message.text());
    }
  });
  await page.goto(address);
  return { page, requests, errors };
}

/** The requests to other hosts. */
export function foreign(requests, address) {
  return requests.filter((url) => !url.startsWith(`${address}/`) && !url.startsWith('data:') && !url.startsWith('blob:'));
}
