// The pages for readers, in a real headless Chromium against the real server.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';

import * as chromium from './browser.mjs';

// The policy of the pages forbids to add it as a script.
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let server;
let browser;

before(async () => {
  server = await chromium.serve('harbour');
  browser = await chromium.launch();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

function open(path, options) {
  return chromium.open(browser, `${server.address}${path}`, options);
}

function path(page) {
  const { pathname, search } = new URL(page.url());
  return pathname + search;
}

/** The statements of a field, as they are read. */
function field(page, name) {
  return page.locator('section.field').filter({ has: page.getByRole('heading', { name, exact: false }) }).first();
}

test('a reader searches, opens an entity, and sees the source of a fact', async () => {
  const { page, requests, errors } = await open('/');
  await page.getByRole('heading', { level: 1, name: 'A harbour' }).waitFor();
  await page.getByRole('combobox').fill('carried timber');
  await page.getByRole('button', { name: 'Search' }).click();
  await page.locator('.result mark', { hasText: 'timber' }).waitFor();
  assert.equal(path(page), '/search?q=carried%20timber');
  await page.getByRole('link', { name: 'Sea Lark', exact: true }).click();
  const tonnage = field(page, 'Tonnage');
  await tonnage.getByText('Sources disagree').waitFor();
  await tonnage.getByText('Source: page 4').click();
  await tonnage.getByText('After the rebuilding.').waitFor();
  await tonnage.getByRole('link', { name: 'Gazette of the coast' }).click();
  await page.getByRole('heading', { level: 1, name: 'Gazette of the coast' }).waitFor();
  assert.equal(path(page), '/source/gazette?locator=page%204');
  assert.deepEqual(chromium.foreign(requests, server.address), []);
  assert.deepEqual(errors, []);
  await page.close();
});

test('reload and back keep the state', async () => {
  const { page } = await open('/search?q=lark&type=Ship');
  await page.getByRole('link', { name: 'Sea Lark', exact: true }).click();
  await page.getByLabel('As of').fill('1905');
  await page.getByRole('button', { name: 'Show', exact: true }).click();
  await page.getByText('As of 1905').waitFor();
  const port = field(page, 'Home port');
  await port.getByText('Upper Quay').waitFor();
  assert.equal(await port.getByText('North Port').count(), 0, 'it moved there later');
  await page.reload();
  await port.getByText('Upper Quay').waitFor();
  assert.equal(path(page), '/entity/sea-lark?asOf=1905');
  await page.goBack();
  await port.getByText('North Port').waitFor();
  await page.goBack();
  await page.locator('.facets [aria-current]', { hasText: 'Ship' }).waitFor();
  assert.equal(await page.getByRole('combobox').inputValue(), 'lark');
  await page.close();
});

test('the keyboard alone leads from the search box to a source', async () => {
  const { page } = await open('/');
  await page.getByRole('heading', { level: 1 }).waitFor();
  const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim() || document.activeElement?.getAttribute('role'));
  const until = async (wanted) => {
    for (let no = 0; no < 60; no += 1) {
      if ((await focused())?.startsWith(wanted)) {
        return;
      }
      await page.keyboard.press('Tab');
    }
    assert.fail(`Tab never reaches ${wanted}`);
  };
  await until('combobox');
  await page.keyboard.type('sea');
  await page.getByRole('option', { name: 'Sea Lark' }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Sea Lark' }).waitFor();
  await until('Source: sailing/1/1');
  await page.keyboard.press('Enter');
  await until('Register of ships');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Register of ships' }).waitFor();
  await page.close();
});

test('values are written for people', async () => {
  const { page } = await open('/entity/sea-lark');
  for (const [name, text] of [
    ['Launched', '2 May 1898'],
    ['Kind', 'Sailing ship'],
    ['Longest stay', '12 days 6 hours'],
    ['Retired', 'Yes'],
    ['Motto', 'Stetig'],
    ['Former names', 'until 1910'],
    ['Owners', 'Share: 60'],
    ['Owners', 'Preferred'],
    ['Home port', 'since 1921'],
  ]) {
    await field(page, name).getByText(text).first().waitFor();
  }
  await page.goto(`${server.address}/entity/north-port`);
  await field(page, 'Location').getByText('54.32° N, 10.13° E').waitFor();
  // Incoming edges are listed under the inverse, and the transitive relation as a tree.
  await page.getByRole('region', { name: 'Incoming relations' }).getByRole('link', { name: 'Iron Duke' }).waitFor();
  await page.getByRole('region', { name: 'Transitive relations' }).getByRole('link', { name: 'Slip one' }).waitFor();
  await page.close();
});

test('ids with all signs that they may have are found by their addresses', async () => {
  const { page } = await open('/entity/slip%2F1%3A%28a%29');
  await page.getByRole('heading', { level: 1, name: 'Slip one' }).waitFor();
  await page.goto(`${server.address}/entity/upper-quay`);
  await page.getByRole('link', { name: 'Slip one' }).first().click();
  await page.getByRole('heading', { level: 1, name: 'Slip one' }).waitFor();
  assert.equal(path(page), '/entity/slip%2F1%3A%28a%29');
  await page.close();
});

test('an unknown id and a text without results lead to what is near', async () => {
  const { page } = await open('/entity/sea-lork');
  await page.getByRole('heading', { name: 'Nothing has this id' }).waitFor();
  await page.getByRole('link', { name: 'Sea Lark', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'Sea Lark' }).waitFor();
  await page.goto(`${server.address}/search?q=moring%20zzz`);
  await page.getByText('Nothing was found').waitFor();
  await page.goto(`${server.address}/nothing-here`);
  await page.getByText('the API is at /graphql').waitFor();
  await page.close();
});

test('a page is shown as the query that it asked', async () => {
  const { page } = await open('/entity/sea-lark');
  const [asked] = await Promise.all([
    page.waitForRequest((request) => request.postData()?.includes('query Entity(') ?? false),
    page.reload(),
  ]);
  await page.getByRole('link', { name: 'Show as a query' }).last().click();
  await page.waitForURL('**/graphiql?**');
  const linked = new URL(page.url()).searchParams;
  const { query, variables } = asked.postDataJSON();
  assert.equal(linked.get('query'), query);
  assert.deepEqual(JSON.parse(linked.get('variables')), variables);
  // It is run at once.
  await page.locator('.result-window').getByText('sea-lark').first().waitFor({ timeout: 20_000 });
  await page.close();
});

test('a source says what it says, place by place', async () => {
  const { page, errors } = await open('/source/register');
  const said = page.getByRole('region', { name: 'Statements from this source' });
  const places = () => said.locator('h3 a').allInnerTexts();
  await said.getByRole('link', { name: 'sailing/2/1' }).waitFor();
  const all = await places();
  assert.deepEqual(all, ['sailing/1/1', 'sailing/1/2', 'sailing/2/1', 'sailing/2/2', 'sailing/2/3', 'steam/1/1']);
  await page.getByRole('link', { name: 'Steamers' }).click();
  await said.getByRole('link', { name: 'sailing/2/1' }).waitFor({ state: 'detached' });
  assert.deepEqual(await places(), ['steam/1/1']);
  assert.equal(path(page), '/source/register?locator=steam');
  await said.getByRole('link', { name: 'Iron Duke' }).first().click();
  await page.getByRole('heading', { level: 1, name: 'Iron Duke' }).waitFor();
  assert.deepEqual(errors, []);
  await page.close();
});

test('an example is a question whose answer has its sources', async () => {
  const { page, errors } = await open('/');
  await page.getByRole('link', { name: 'Who owns the Sea Lark?' }).click();
  await page.getByText('Crown Line').waitFor();
  await page.getByText('Source: sailing/2/2').first().click();
  await page.getByRole('link', { name: 'Register of ships' }).first().waitFor();
  assert.deepEqual(errors, []);
  await page.close();
});

test('a search leads to the questions and types that its words name', async () => {
  const { page, errors } = await open('/search?q=ships%20launched');
  await page.getByRole('link', { name: 'Which ships were launched, and when?' }).click();
  await page.getByText('2 May 1898').waitFor();
  await page.goto(`${server.address}/search?q=ships`);
  await page.getByRole('link', { name: 'Ship: 3 entities' }).click();
  await page.getByRole('link', { name: 'Iron Duke' }).waitFor();
  assert.equal(path(page), '/search?type=Ship');
  assert.deepEqual(errors, []);
  await page.close();
});

test('the schema shows types, fields with their number of values, interfaces and relations', async () => {
  const { page, errors } = await open('/schema');
  await page.getByRole('row', { name: /Owned.*Ship/ }).first().waitFor();
  // A relation has its cardinality, and the properties of its edges.
  await page.getByRole('row', { name: /Owners.*many to many.*Share Int, Since Date/ }).waitFor();
  await page.getByRole('row', { name: /Home port.*many to at most one/ }).waitFor();
  const diagram = page.getByRole('region', { name: 'Diagram of the schema' });
  await diagram.getByRole('link', { name: 'Ship' }).waitFor();
  await diagram.getByText('Home port 0..1').waitFor();
  await page.getByLabel('Find types and relations').fill('harb');
  await page.getByRole('row', { name: 'Ship A ship.' }).waitFor({ state: 'detached' });
  assert.equal(path(page), '/schema?q=harb');
  await page.getByLabel('Find types and relations').fill('ship');
  await page.getByRole('row', { name: 'Ship A ship.' }).getByRole('link', { name: 'Ship' }).click();
  await page.getByRole('row', { name: /Tonnage Int at most one/ }).waitFor();
  await page.getByRole('row', { name: /Owners Party any number Who owns it/ }).waitFor();
  await page.getByRole('row', { name: /Home port Place at most one/ }).waitFor();
  await page.getByText('Interfaces: Owned').waitFor();
  await page.locator('.diagram').getByRole('link', { name: 'Place' }).first().click();
  await page.getByRole('heading', { level: 1, name: 'Place' }).waitFor();
  assert.deepEqual(errors, []);
  await page.close();
});

test('an entity with thousands of neighbours is shown with counts, and page by page', async (context) => {
  const schema = `
    type City { name: String! @search  twin: City @relation(name: "TWIN", inverse: "twinOf") }
    type Person { name: String! @search  livesIn: City @relation(name: "LIVES_IN", inverse: "people")  visits: [City!]! @relation(name: "VISITS", inverse: "visitors") }`;
  const people = Array.from({ length: 10_000 }, (_, no) => `p${String(no).padStart(4, '0')}`);
  const address = await chromium.serveLines(context, schema, [
    { type: 'node', id: 'hub', labels: ['City'], properties: { name: ['Hub'] } },
    ...people.map((id) => ({ type: 'node', id, labels: ['Person'], properties: { name: [`Person ${id}`] } })),
    ...people.map((id) => ({ type: 'edge', from: id, to: 'hub', labels: ['LIVES_IN'] })),
    ...people.slice(0, 300).map((id) => ({ type: 'edge', from: id, to: 'hub', labels: ['VISITS'] })),
  ]);
  const { page, errors } = await chromium.open(browser, `${address}/entity/hub`);
  await field(page, 'Visitors').getByText('300', { exact: true }).waitFor();
  assert.equal(await field(page, 'People').locator('.statement').count(), 10);
  await field(page, 'People').getByRole('link', { name: 'All 10,000' }).click();
  await page.getByRole('link', { name: 'Person p0000' }).waitFor();
  const inPage = () => page.locator('.statement').count();
  assert.ok((await inPage()) < 100, 'only the items near the window are in the page');
  await page.evaluate(() => window.scrollTo(0, 8_000));
  const seen = page.getByRole('link', { name: 'Person p0250' });
  await seen.waitFor();
  assert.equal(await page.locator('li', { has: seen }).getAttribute('aria-posinset'), '251');
  assert.ok((await inPage()) < 100);
  // A page that is left and entered again stands where it was.
  await seen.click();
  await page.getByRole('heading', { level: 1, name: 'Person p0250' }).waitFor();
  await page.goBack();
  await seen.waitFor();
  // All of it is printed.
  await page.emulateMedia({ media: 'print' });
  await page.getByRole('link', { name: 'Person p0499' }).waitFor();
  assert.equal(await inPage(), 500);
  await page.emulateMedia({ media: null });
  await seen.waitFor();
  await page.getByRole('link', { name: 'Next page' }).click();
  await page.getByRole('link', { name: 'Person p0500' }).waitFor();
  await page.reload();
  await page.getByRole('link', { name: 'Person p0500' }).waitFor();
  assert.deepEqual(errors, []);
  await page.close();
});

test('a conflict is marked also after more conflicts than a page of them has', async (context) => {
  const ids = Array.from({ length: 1_200 }, (_, no) => `t${String(no).padStart(4, '0')}`);
  const address = await chromium.serveLines(
    context,
    'type Tower { name: String! @search  height: Int }',
    ids.map((id) => ({ type: 'node', id, labels: ['Tower'], properties: { name: [id], height: [{ value: 10 }, { value: 11 }] } })),
  );
  for (const id of ['t0000', 't1199']) {
    const { page, errors } = await chromium.open(browser, `${address}/entity/${id}`);
    await field(page, 'Height').getByText('Sources disagree').waitFor();
    assert.deepEqual(errors, []);
    await page.close();
  }
});

test('a graph without entities and relations has its pages', async (context) => {
  const address = await chromium.serveLines(context, 'type Thing { name: String! @search }', []);
  const { page, errors } = await chromium.open(browser, address);
  await page.getByText('This graph is empty').waitFor();
  await page.goto(`${address}/schema?type=Thing`);
  await page.getByText('There are none.').waitFor();
  await page.goto(`${address}/search?q=nothing`);
  await page.getByText('Nothing was found').waitFor();
  assert.deepEqual(errors, []);
  await page.close();
});

test('a server that is gone is noticed, and its return too', async () => {
  const own = await chromium.serve('harbour');
  const { page } = await chromium.open(browser, `${own.address}/`);
  await page.getByRole('heading', { level: 1, name: 'A harbour' }).waitFor();
  await own.stop();
  await page.getByRole('link', { name: 'Schema' }).click();
  await page.getByText('The server cannot be reached').waitFor();
  const again = await chromium.serve('harbour', new URL(own.address).port);
  await page.getByRole('row', { name: /Firm/ }).first().waitFor();
  await page.close();
  await again.stop();
});

test('the home page does not load the editor', async () => {
  const { page, requests } = await open('/');
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.waitForLoadState('networkidle');
  let bytes = 0;
  for (const url of new Set(requests.filter((it) => it.includes('/assets/')))) {
    const response = await fetch(url, { headers: { 'accept-encoding': 'gzip' } });
    bytes += Number(response.headers.get('content-length'));
    await response.arrayBuffer();
  }
  assert.ok(bytes > 10_000 && bytes < 250_000, `${bytes} bytes`);
  assert.deepEqual(requests.filter((it) => it.includes('monaco')), []);
  await page.close();
});

const PLACES = ['/', '/search?q=sea', '/search?type=Place', '/entity/sea-lark', '/entity/coast', '/entity/long-name', '/source/register?locator=sailing%2F1%2F2', '/schema', '/schema?type=Ship', '/entity/nobody'];

for (const colorScheme of ['light', 'dark']) {
  test(`axe finds nothing serious on the pages (${colorScheme})`, async () => {
    const { page } = await open('/', { colorScheme });
    for (const place of PLACES) {
      await page.goto(server.address + place);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.waitForLoadState('networkidle');
      for (const summary of await page.locator('summary').all()) {
        await summary.click();
      }
      await page.evaluate(axe);
      const found = await page.evaluate(async () => {
        const { violations } = await window.axe.run(document, { resultTypes: ['violations'] });
        return violations.filter((it) => ['serious', 'critical'].includes(it.impact)).map((it) => `${it.id}: ${it.nodes.map((node) => node.html).join(' ')}`);
      });
      assert.deepEqual(found, [], place);
    }
    await page.close();
  });
}

for (const width of [360, 1280, 2560]) {
  test(`no page is wider than a window of ${width} pixels`, async () => {
    const { page } = await open('/', { viewport: { width, height: 800 } });
    for (const place of PLACES) {
      await page.goto(server.address + place);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.waitForLoadState('networkidle');
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width, place);
    }
    await page.close();
  });
}
