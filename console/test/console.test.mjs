// The console in a real headless Chromium, against the real server.
//
// CLEW says which binary to start, CHROMIUM which browser; both have defaults.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const binary = process.env.CLEW ?? resolve(root, 'target/release/clew');

let server;
let browser;
let address;

before(async () => {
  const graph = resolve(root, 'console/test/graph');
  const folders = ['--schema', `${graph}/schema`, '--data', `${graph}/data`];
  server = spawn(binary, ['serve', '--listen', '127.0.0.1:0', ...folders], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(createInterface({ input: server.stdout }), 'line');
  address = line.replace('listening on ', '');
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'],
  });
});

after(async () => {
  await browser?.close();
  server?.kill('SIGTERM');
});

async function open(prepare = async () => {}) {
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  await prepare(page);
  const requests = [];
  const errors = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('pageerror', (error) => errors.push(error.message));
  // What a policy forbids is an event in the page, and in workers only a line on the console.
  await page.exposeFunction('reportViolation', (text) => errors.push(text));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      window.reportViolation(`${event.violatedDirective} forbids ${event.blockedURI} (${event.sourceFile}:${event.lineNumber})`);
    });
  });
  page.on('console', (message) => {
    if (/content security policy|refused to/i.test(message.text())) {
      errors.push(message.text());
    }
  });
  await page.goto(address);
  await page.getByRole('button', { name: 'Prizes by year' }).waitFor();
  return { page, requests, errors };
}

/** What the answer's editor shows; it breaks lines where it likes. */
async function answer(page) {
  const lines = await page.locator('.result-window .view-line').allInnerTexts();
  return lines.join(' ').replace(/\s+/g, ' ');
}

async function answered(page, text) {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const shown = await answer(page);
    if (shown.includes(text)) {
      return shown;
    }
    assert.ok(Date.now() < deadline, `the answer never shows ${text}; it shows ${shown}`);
    await page.waitForTimeout(100);
  }
}

test('an example is run and its rows are shown', async () => {
  const { page, errors } = await open();
  await page.getByRole('button', { name: 'Prizes by year' }).click();
  await answered(page, 'Ada Ferris');
  if (process.env.SCREENSHOT) {
    await page.waitForTimeout(500);
    await page.screenshot({ path: process.env.SCREENSHOT });
  }
  assert.deepEqual(errors, []);
  await page.close();
});

test('an example that is clicked before the editors are there is run when they are', async () => {
  let held = 0;
  const { page } = await open((page) =>
    page.route(/monaco-editor.*\.js$/, async (route) => {
      held += 1;
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      await route.continue();
    }),
  );
  assert.equal(await page.locator('.graphiql-editor .monaco-editor').count(), 0, 'the list is there before the editors');
  await page.getByRole('button', { name: 'Everything of 1996' }).click();
  await answered(page, 'first-tide');
  assert.equal(held, 1);
  await page.close();
});

test('a field is completed from the schema', async () => {
  const { page } = await open();
  const editor = page.locator('.graphiql-editor .monaco-editor').first();
  await editor.click();
  await page.keyboard.press('Control+A');
  await page.keyboard.type('{ writer(id: "ada") { measu', { delay: 20 });
  await page.keyboard.press('Control+Space');
  const suggestion = page.locator('.suggest-widget .monaco-list-row').filter({ hasText: 'measures' }).first();
  await suggestion.waitFor({ timeout: 20_000 });
  await page.close();
});

test('the documentation tells what a type is', async () => {
  const { page } = await open();
  await page.getByRole('button', { name: 'Documentation Explorer' }).click();
  await page.getByRole('link', { name: 'Query' }).first().click();
  await page.getByRole('link', { name: 'Prize', exact: true }).first().click();
  await page.getByText('A prize that was given.').first().waitFor();
  await page.close();
});

test('nothing that the page does is against its security policy', async () => {
  const { page, errors } = await open();
  await page.getByRole('button', { name: 'Prizes by year' }).click();
  await answered(page, 'Ada Ferris');
  const editor = page.locator('.graphiql-editor .monaco-editor').first();
  await editor.click();
  await page.keyboard.press('Control+A');
  await page.keyboard.type('{ writer(id: "ada") { nothing', { delay: 20 });
  // The worker of the language marks what the schema does not have.
  await page.locator('.graphiql-editor .squiggly-error').first().waitFor({ timeout: 20_000 });
  await page.keyboard.press('Control+Space');
  await page.getByRole('button', { name: 'Prettify query' }).click();
  await page.getByRole('tab', { name: 'Headers' }).or(page.getByRole('button', { name: 'Headers' })).first().click();
  await page.getByRole('button', { name: 'Show History' }).click();
  await page.getByRole('button', { name: 'Documentation Explorer' }).click();
  await page.getByRole('button', { name: 'Open settings dialog' }).click();
  await page.getByRole('button', { name: 'Dark' }).click();
  await page.waitForTimeout(500);
  assert.deepEqual(errors, []);
  await page.close();
});

test('the policy is in force', async () => {
  const { page, errors } = await open();
  await page.evaluate(() => {
    const script = document.createElement('script');
    script.src = 'data:text/javascript,document.title=1';
    document.body.append(script);
    return new Promise((resolve) => { script.onerror = resolve; script.onload = resolve; });
  });
  await page.waitForTimeout(100);
  assert.ok(errors.some((error) => error.includes('script-src')), `a foreign script is run: ${errors}`);
  await page.close();
});

test('no request leaves the server', async () => {
  const { page, requests } = await open();
  await page.getByRole('button', { name: 'Everything of 1996' }).click();
  await answered(page, 'first-tide');
  const foreign = requests.filter((url) => !url.startsWith(address) && !url.startsWith('data:') && !url.startsWith('blob:'));
  assert.deepEqual(foreign, []);
  assert.ok(requests.length > 5, 'the page has asked for its parts');
  await page.close();
});
