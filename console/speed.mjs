// Measures how fast the home page is on a slow phone: `CLEW=target/release/clew npm run speed -- [GRAPH]`.
//
// Chromium runs with its CPU slowed 4 times, 1.6 Mbit/s and 150 ms of latency. GRAPH is a folder with `schema` and
// `data`; the default is the graph of this repository. Prints medians with their ranges.
import { resolve } from 'node:path';

import { launch, serve } from './test/browser.mjs';

const RUNS = 9;
const CPU = 4;
const NETWORK = { offline: false, latency: 150, downloadThroughput: 1_600_000 / 8, uploadThroughput: 750_000 / 8 };
const graph = resolve(process.argv[2] ?? `${import.meta.dirname}/..`);

function summary(values, unit) {
  const sorted = values.toSorted((a, b) => a - b);
  const format = (value) => `${value.toLocaleString('en', { maximumFractionDigits: 1 })}`;
  return `${format(sorted[Math.floor(sorted.length / 2)])} ${unit} (${format(sorted[0])}–${format(sorted.at(-1))})`;
}

async function measure(browser, address) {
  // A context of its own has an empty cache.
  const context = await browser.newContext({ viewport: { width: 412, height: 823 } });
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.emulateNetworkConditions', NETWORK);
  await session.send('Emulation.setCPUThrottlingRate', { rate: CPU });
  let bytes = 0;
  session.on('Network.loadingFinished', ({ encodedDataLength }) => {
    bytes += encodedDataLength;
  });
  await page.goto(address, { waitUntil: 'networkidle' });
  const paint = await page.evaluate(
    () =>
      new Promise((done) => {
        new window.PerformanceObserver((list) => {
          const last = list.getEntries().at(-1);
          done({ at: last.startTime, what: last.element?.tagName ?? '' });
        }).observe({ type: 'largest-contentful-paint', buffered: true });
      }),
  );
  await context.close();
  return { paint: paint.at, what: paint.what, kilobytes: bytes / 1000 };
}

const server = await serve(graph);
const browser = await launch();
await measure(browser, server.address);
const runs = [];
for (let run = 0; run < RUNS; run += 1) {
  runs.push(await measure(browser, server.address));
}
await browser.close();
await server.stop();
console.log(`largest contentful paint: ${summary(runs.map((it) => it.paint), 'ms')}, of ${[...new Set(runs.map((it) => it.what))].join(', ')}`);
console.log(`transferred: ${summary(runs.map((it) => it.kilobytes), 'kB')}`);
