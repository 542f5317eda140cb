// GraphiQL in a real headless Chromium, against the real server.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import * as chromium from './browser.mjs';

let server;
let browser;

before(async () => {
  server = await chromium.serve('graph');
  browser = await chromium.launch();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

async function open(prepare) {
  const opened = await chromium.open(browser, `${server.address}/graphiql`, { prepare });
  await opened.page.getByRole('button', { name: 'Prizes by year' }).waitFor();
  return opened;
}

/** The text of the answer's editor, whose line breaks are not those of the answer. */
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
  assert.deepEqual(chromium.foreign(requests, server.address), []);
  assert.ok(requests.length > 5, 'the page has asked for its parts');
  await page.close();
});

test('a link with a query shows its answer, as JSON and as a table that can be sorted', async () => {
  const query = encodeURIComponent('query Two($first: Int) { prizes(first: $first) { nodes { name year } } }');
  const variables = encodeURIComponent('{"first": 2}');
  // Links of older versions have the query at `/`.
  const { page, errors } = await chromium.open(browser, `${server.address}/?query=${query}&variables=${variables}`);
  assert.equal(new URL(page.url()).pathname, '/graphiql');
  await answered(page, 'Second Tide');
  await page.getByRole('button', { name: 'Table' }).click();
  const cells = () => page.locator('.beside-view tbody tr td:first-child').allInnerTexts();
  await page.locator('.beside-view tbody tr').nth(1).waitFor();
  assert.deepEqual(await cells(), ['First Tide', 'Second Tide']);
  await page.getByRole('button', { name: 'name' }).click();
  await page.getByRole('button', { name: 'name' }).click();
  assert.deepEqual(await cells(), ['Second Tide', 'First Tide']);
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download CSV' }).click()]);
  const chunks = await (await download.createReadStream()).toArray();
  assert.equal(Buffer.concat(chunks).toString(), 'name,year\r\nSecond Tide,1998-05-02\r\nFirst Tide,1996\r\n');
  assert.match(page.url(), /query=query%20Two/, 'the address has the query that was run');
  assert.match(page.url(), /view=table/);
  await page.reload();
  await page.locator('.beside-view tbody tr').nth(1).waitFor();
  await page.getByRole('button', { name: 'Sources' }).click();
  await page.getByText('does not ask for sources').waitFor();
  assert.deepEqual(errors, []);
  await page.close();
});
