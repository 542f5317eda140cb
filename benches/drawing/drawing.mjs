// Frames per second, CPU time per frame and compressed size of the libraries that could draw the neighborhood view.
// A graph of 2,000 nodes and 4,000 edges is panned and zoomed, with the CPU slowed 4 times. CHROMIUM names the browser.
// `npm ci && npm run bench -- [--runs 5]`
//
// Frames per second depend on what else the machine does. The CPU time of the busiest thread per frame does not: a thread
// that has a core for itself makes 1,000 / time frames per second.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';

import { chromium } from 'playwright-core';
import { build } from 'vite';

import { graph } from './graph.mjs';
import { threads } from './threads.mjs';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '5' }, nodes: { type: 'string', default: '2000' } } });
const runs = Number(values.runs);
const nodes = Number(values.nodes);
const SLOWED = 4;
/** How long each movement lasts, in milliseconds. */
const MOVED = 3_000;
const here = import.meta.dirname;
const output = mkdtempSync(join(tmpdir(), 'clew-drawing-'));

/** Each candidate is a bundle of its own, so that its size is known. */
const CANDIDATES = [
  ['cytoscape.js', 'cytoscape.js', ''],
  ['cytoscape.js, hides edges and labels while it moves', 'cytoscape.js', 'hide'],
  ['cytoscape.js, moves a picture of the last view', 'cytoscape.js', 'texture'],
  ['cytoscape.js, WebGL', 'cytoscape.js', 'webgl'],
  ['sigma.js with graphology', 'sigma.js', ''],
];

async function bundle(entry) {
  const folder = join(output, entry);
  await build({
    root: here,
    logLevel: 'error',
    build: {
      outDir: folder,
      emptyOutDir: true,
      rolldownOptions: { input: resolve(here, 'candidates', entry), preserveEntrySignatures: 'strict', output: { entryFileNames: 'bundle.js' } },
    },
  });
  const text = readFileSync(join(folder, 'bundle.js'));
  return { file: `/${entry}/bundle.js`, bytes: gzipSync(text, { level: 9 }).length };
}

const drawn = graph(nodes);
const bundles = new Map();
for (const entry of new Set(CANDIDATES.map(([, entry]) => entry))) {
  bundles.set(entry, await bundle(entry));
}
const server = createServer((request, response) => {
  const [path] = request.url.split('?');
  const isScript = path.endsWith('.js');
  response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
  // The policy of Clew's pages.
  response.setHeader('content-security-policy', "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; frame-ancestors 'none'");
  response.end(isScript ? readFileSync(join(output, path)) : '<!doctype html><style>html,body,#view{margin:0;height:100%}</style><div id="view"></div>');
});
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const address = `http://127.0.0.1:${server.address().port}`;

/** Frames per second of a movement, and the milliseconds of the busiest thread per frame. */
async function measure(page, move) {
  const before = threads();
  await page.evaluate(() => {
    window.drawn = { count: 0, start: performance.now(), isOver: false };
    const frame = () => {
      window.drawn.count += 1;
      if (!window.drawn.isOver) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  const end = Date.now() + MOVED;
  for (let no = 0; Date.now() < end; no += 1) {
    await move(no);
  }
  // This waits until the page has done what it was asked to.
  const { count, time } = await page.evaluate(() => {
    window.drawn.isOver = true;
    return { count: window.drawn.count, time: performance.now() - window.drawn.start };
  });
  const busiest = Math.max(...[...threads()].map(([thread, time]) => time - (before.get(thread) ?? 0)));
  return { rate: (count * 1000) / time, time: busiest / Math.max(count, 1) };
}

async function run([, entry, option]) {
  const isWebgl = entry === 'sigma.js' || option === 'webgl';
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    // Without a graphics processor, as in CI. A canvas is then drawn on the CPU, and WebGL needs SwiftShader.
    args: ['--no-sandbox', ...(isWebgl ? ['--use-angle=swiftshader', '--enable-unsafe-swiftshader'] : ['--disable-gpu'])],
  });
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.on('pageerror', (error) => console.error(`${entry}: ${error.message}`));
  await page.goto(address);
  await page.evaluate(async ([file, graph, option]) => (await import(file)).show(document.getElementById('view'), graph, option), [bundles.get(entry).file, drawn, option]);
  await page.waitForTimeout(1_000);
  if (process.env.SCREENSHOT) {
    await page.screenshot({ path: join(process.env.SCREENSHOT, `${entry}-${option}.png`) });
  }
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: SLOWED });
  // An empty place, so that the drag moves the view and no node.
  await page.mouse.move(30, 30);
  await page.mouse.down();
  const pan = await measure(page, (no) => page.mouse.move(30 + 100 * (1 - Math.cos(no / 10)), 30 + 60 * (1 - Math.cos(no / 14))));
  await page.mouse.up();
  await page.waitForTimeout(500);
  await page.mouse.move(640, 400);
  const zoom = await measure(page, (no) => page.mouse.wheel(0, Math.floor(no / 12) % 2 === 0 ? -60 : 60));
  await browser.close();
  return { pan, zoom };
}

/** Median and range. */
function summary(list, name) {
  const sorted = list.map((it) => it[name]).toSorted((a, b) => a - b);
  return `${sorted[Math.floor(sorted.length / 2)].toFixed(0)} (${sorted[0].toFixed(0)} – ${sorted.at(-1).toFixed(0)})`;
}

const results = CANDIDATES.map((candidate) => ({ candidate, pan: [], zoom: [] }));
// In turns, so that what else the machine does falls on all.
for (let no = 0; no < runs; no += 1) {
  for (const result of results) {
    const { pan, zoom } = await run(result.candidate);
    console.error(`${no + 1}: ${result.candidate[0]}: pan ${pan.rate.toFixed(1)}/s ${pan.time.toFixed(1)} ms, zoom ${zoom.rate.toFixed(1)}/s ${zoom.time.toFixed(1)} ms`);
    result.pan.push(pan);
    result.zoom.push(zoom);
  }
}
console.log(`| ${nodes} nodes, CPU slowed ${SLOWED} times, ${runs} runs | kB with gzip | pan, frames/s | pan, ms/frame | zoom, frames/s | zoom, ms/frame |\n| --- | --- | --- | --- | --- | --- |`);
for (const { candidate: [name, entry], pan, zoom } of results) {
  console.log(`| ${name} | ${(bundles.get(entry).bytes / 1000).toFixed(0)} | ${summary(pan, 'rate')} | ${summary(pan, 'time')} | ${summary(zoom, 'rate')} | ${summary(zoom, 'time')} |`);
}
server.close();
rmSync(output, { recursive: true });
