// The neighborhood view, in a real headless Chromium against the real server, on ECPAT and on a generated graph.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { after, before, test } from 'node:test';

import * as chromium from './browser.mjs';

// The policy of the pages forbids to add it as a script.
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let server;
let browser;

before(async () => {
  server = await chromium.serve(resolve(import.meta.dirname, '../..'));
  browser = await chromium.launch();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

async function open(path, options) {
  const opened = await chromium.open(browser, `${server.address}${path}`, options);
  await opened.page.getByRole('heading', { level: 1 }).waitFor();
  return opened;
}

/** The row of an entity in the list. */
function row(page, name) {
  return page.getByRole('region', { name: 'Entities' }).locator('.rows > li > .row').filter({ hasText: name });
}

function rows(page) {
  return page.locator('.rows > li > .row > span[dir]').allTextContents();
}

async function laidOut(page) {
  await page.locator('.picture-canvas[data-layout="done"]').waitFor();
}

async function saved(page, name) {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name, exact: true }).click()]);
  return Buffer.concat(await (await download.createReadStream()).toArray());
}

/** Position of each label in the picture. */
async function positions(page) {
  const text = (await saved(page, 'SVG')).toString();
  return new Map([...text.matchAll(/<text x="([^"]+)" y="([^"]+)"[^>]*>([^<]*)</g)].map(([, x, y, label]) => [label, `${x} ${y}`]));
}

async function until(page, wanted) {
  for (let no = 0; no < 120; no += 1) {
    const focused = await page.evaluate(() => document.activeElement?.getAttribute('aria-label') || document.activeElement?.textContent?.trim());
    if (focused?.startsWith(wanted)) {
      return;
    }
    await page.keyboard.press('Tab');
  }
  assert.fail(`Tab never reaches ${wanted}`);
}

test('from The Code to RIU: the count first, one request, and what is there stays where it is', async () => {
  const { page, requests, errors } = await open('/entity/the-code');
  await page.getByRole('link', { name: 'Neighborhood' }).last().click();
  await page.waitForURL('**/neighborhood?**');
  await page.getByRole('button', { name: 'Show 1: Hosts' }).click();
  await row(page, 'ECPAT International').waitFor();
  await laidOut(page);
  const before = await positions(page);
  const members = page.getByRole('button', { name: 'Show 4: Members' });
  await members.waitFor();
  const asked = requests.length;
  await members.click();
  await row(page, 'RIU Hotels & Resorts').waitFor();
  await page.waitForTimeout(500);
  assert.equal(requests.slice(asked).filter((it) => it.endsWith('/graphql')).length, 1);
  await laidOut(page);
  const after = await positions(page);
  assert.equal(before.size, 2);
  assert.equal(after.size, 6);
  for (const [label, at] of before) {
    assert.equal(after.get(label), at, label);
  }
  await page.getByText('6 of 6 entities shown').waitFor();
  // An edge shows its dates and its source.
  await page.getByRole('button', { name: 'Members RIU Hotels & Resorts' }).click();
  const edge = page.locator('.edge-details');
  await edge.getByText('since 2012').waitFor();
  await edge.locator('summary').click();
  await edge.locator('.citations a').first().waitFor();
  // And back.
  await page.getByRole('region', { name: 'Entities' }).locator('.details > p > a').click();
  await page.getByRole('heading', { level: 1, name: 'The Code' }).waitFor();
  await page.goBack();
  await row(page, 'RIU Hotels & Resorts').waitFor();
  assert.deepEqual(chromium.foreign(requests, server.address), []);
  assert.deepEqual(errors, []);
  await page.close();
});

test('the path from UNICEF to The Body Shop with its sources, a further one, and one that avoids an entity', async () => {
  const { page, errors } = await open('/neighborhood?of=unicef&of=the-body-shop&at=unicef');
  await page.getByLabel('Path to').selectOption({ label: 'The Body Shop' });
  await page.getByRole('button', { name: 'Find' }).click();
  const paths = page.getByRole('region', { name: 'Paths' });
  await paths.getByRole('heading', { name: 'Paths from UNICEF to The Body Shop' }).waitFor();
  await paths.getByText('Source: history/2/1').waitFor();
  await paths.getByText('Source: history/3/1').click();
  await paths.locator('.citations a').nth(1).waitFor();
  assert.equal(await paths.locator('.path').count(), 1);
  assert.deepEqual(await paths.locator('.path-step .entity-link').allInnerTexts(), ['ECPAT International', 'The Body Shop']);
  await row(page, 'ECPAT International').waitFor();
  await paths.getByRole('button', { name: 'Further path' }).click();
  await paths.locator('.path').nth(1).waitFor();
  await paths.getByRole('button', { name: 'Avoid this: ECPAT International' }).first().click();
  await paths.getByRole('button', { name: 'Allow ECPAT International again' }).waitFor();
  await paths.locator('.path').or(paths.getByText('No path')).first().waitFor();
  assert.equal((await paths.locator('.path-step .entity-link').allInnerTexts()).includes('ECPAT International'), false);
  await page.getByRole('button', { name: 'Undo' }).click();
  await paths.locator('.path').nth(1).waitFor();
  assert.deepEqual(errors, []);
  await page.close();
});

test('the year 2011 hides what did not hold, and all dates show it again', async () => {
  const { page, errors } = await open('/neighborhood?of=the-code&open=MEMBER_OF.in.25.the-code&at=the-code');
  await row(page, 'RIU Hotels & Resorts').waitFor();
  await row(page, 'Hard Rock').waitFor();
  await page.getByRole('slider', { name: 'Year' }).fill('2011');
  await row(page, 'RIU Hotels & Resorts').waitFor({ state: 'detached' });
  await page.getByText('As of 2011').waitFor();
  assert.deepEqual(await rows(page), ['The Code', 'AccorHotels', 'Member companies of The Code']);
  await page.getByText('2 of 2 shown').waitFor();
  assert.match(page.url(), /asOf=2011/);
  await page.getByRole('slider', { name: 'Year' }).fill('2012');
  await row(page, 'RIU Hotels & Resorts').waitFor();
  await page.getByRole('button', { name: 'All dates' }).click();
  await row(page, 'Hard Rock').waitFor();
  assert.deepEqual(errors, []);
  await page.close();
});

test('undo, redo, reload and back keep the state', async () => {
  const { page, errors } = await open('/neighborhood?of=the-code&at=the-code');
  await page.getByRole('button', { name: 'Show 4: Members' }).click();
  await row(page, 'RIU Hotels & Resorts').click();
  await page.getByRole('button', { name: 'Hide', exact: true }).click();
  await row(page, 'RIU Hotels & Resorts').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Undo' }).click();
  await row(page, 'RIU Hotels & Resorts').waitFor();
  await page.getByRole('button', { name: 'Redo' }).click();
  await row(page, 'RIU Hotels & Resorts').waitFor({ state: 'detached' });
  await page.reload();
  await row(page, 'AccorHotels').waitFor();
  assert.equal(await row(page, 'RIU Hotels & Resorts').count(), 0);
  // The steps outlast a reload.
  await page.keyboard.press('Control+z');
  await row(page, 'RIU Hotels & Resorts').waitFor();
  await page.keyboard.press('Control+z');
  await row(page, 'AccorHotels').waitFor({ state: 'detached' });
  assert.equal(await page.getByRole('button', { name: 'Undo' }).isDisabled(), true);
  await page.keyboard.press('Control+Shift+Z');
  await row(page, 'AccorHotels').waitFor();
  // Back in the browser undoes too.
  await page.goBack();
  await row(page, 'AccorHotels').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Redo' }).click();
  await row(page, 'AccorHotels').waitFor();
  assert.deepEqual(errors, []);
  await page.close();
});

test('collapse, filters and pins', async () => {
  const { page, errors } = await open('/neighborhood?of=the-code&open=MEMBER_OF.in.25.the-code&open=HOSTED_BY.out.25.the-code&open=PARTNERED_WITH.both.25.ecpat-international&at=the-code');
  await row(page, 'UNICEF').waitFor();
  await laidOut(page);
  await page.getByRole('checkbox', { name: 'Company' }).uncheck();
  await row(page, 'RIU Hotels & Resorts').waitFor({ state: 'detached' });
  await page.getByRole('checkbox', { name: 'Company' }).check();
  await page.getByRole('checkbox', { name: 'Partners' }).uncheck();
  // UNICEF hangs on the relation that is filtered out; what was opened stays.
  await row(page, 'UNICEF').waitFor({ state: 'detached' });
  await row(page, 'ECPAT International').waitFor();
  await page.getByRole('checkbox', { name: 'Partners' }).check();
  await page.getByRole('button', { name: 'Collapse: Hosts' }).click();
  // Entities that were found from there go too.
  await row(page, 'UNICEF').waitFor({ state: 'detached' });
  await row(page, 'RIU Hotels & Resorts').waitFor();
  await page.getByRole('button', { name: 'Pin' }).click();
  await page.waitForURL(/pin=/);
  const [, x, y] = /pin=(-?\d+)\.(-?\d+)\.the-code/.exec(page.url());
  // A link to the view puts it there, whatever the visit knows.
  const other = await open(new URL(page.url()).pathname + new URL(page.url()).search);
  await laidOut(other.page);
  const [at] = [...(await positions(other.page))].filter(([label]) => label === 'The Code');
  assert.equal(at[1].split(' ')[0], x);
  assert.ok(Math.abs(Number(at[1].split(' ')[1]) - Number(y)) < 80, `${at} is below ${y}`);
  assert.deepEqual(errors.concat(other.errors), []);
  await other.page.close();
  await page.close();
});

test('the picture can be dragged, and a click in it selects', async () => {
  const { page, errors } = await open('/neighborhood?of=the-code');
  await row(page, 'The Code').waitFor();
  await laidOut(page);
  const box = await page.locator('.picture-canvas').boundingBox();
  // A single entity is in the middle.
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2 - 8];
  await page.mouse.click(x, y);
  await page.getByRole('button', { name: 'Show 4: Members' }).waitFor();
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x - 100, y - 50, { steps: 5 });
  await page.mouse.up();
  await page.waitForURL(/pin=/);
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.waitForURL((url) => !url.search.includes('pin='));
  assert.deepEqual(errors, []);
  await page.close();
});

test('the keyboard alone adds an entity, opens a relation and finds what it leads to', async () => {
  const { page } = await open('/neighborhood');
  await until(page, 'Add an entity');
  await page.keyboard.type('The Code');
  await page.getByRole('option', { name: 'The Code Code of conduct' }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await row(page, 'The Code').waitFor();
  await page.getByRole('button', { name: 'Show 4: Members' }).waitFor();
  await until(page, 'Show 4: Members');
  await page.keyboard.press('Enter');
  await row(page, 'RIU Hotels & Resorts').waitFor();
  await until(page, 'RIU Hotels & Resorts');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: /^Show 1: Attended/ }).or(page.getByRole('button', { name: /^Show \d+: / })).first().waitFor();
  await until(page, 'Hide');
  await page.keyboard.press('Enter');
  await row(page, 'RIU Hotels & Resorts').waitFor({ state: 'detached' });
  await page.close();
});

test('a view is shown as the query that it asked', async () => {
  const { page } = await open('/neighborhood?of=the-code&open=MEMBER_OF.in.25.the-code&from=unicef&to=the-body-shop&asOf=2011');
  const [asked] = await Promise.all([page.waitForRequest((request) => request.postData()?.includes('query Neighborhood') ?? false), page.reload()]);
  await row(page, 'AccorHotels').waitFor();
  await page.getByRole('link', { name: 'Show as a query' }).click();
  await page.waitForURL('**/graphiql?**');
  const linked = new URL(page.url()).searchParams;
  const { query, variables } = asked.postDataJSON();
  assert.equal(linked.get('query'), query);
  assert.deepEqual(JSON.parse(linked.get('variables')), variables);
  await page.close();
});

test('the view is saved as PNG, SVG, GraphML and Turtle', async () => {
  const { page, errors } = await open('/neighborhood?of=the-code&open=MEMBER_OF.in.25.the-code&hide=hard-rock');
  await row(page, 'RIU Hotels & Resorts').waitFor();
  await laidOut(page);
  assert.equal((await saved(page, 'PNG')).subarray(1, 4).toString(), 'PNG');
  const graphml = (await saved(page, 'GraphML')).toString();
  assert.equal(graphml.match(/<node /g).length, 4);
  assert.equal(graphml.match(/<edge /g).length, 3);
  assert.ok(!graphml.includes('hard-rock'));
  const turtle = (await saved(page, 'Turtle')).toString();
  assert.match(turtle, /riu-hotels/);
  const svg = (await saved(page, 'SVG')).toString();
  assert.match(svg, /RIU Hotels &#38; Resorts/);
  const isWellFormed = await page.evaluate((text) => new DOMParser().parseFromString(text, 'image/svg+xml').querySelector('parsererror') === null, svg);
  assert.ok(isWellFormed);
  assert.deepEqual(errors, []);
  await page.close();
});

test('a search, the schema and a response lead here', async () => {
  const { page, errors } = await open('/search?q=members%20of%20the%20code');
  await page.getByRole('link', { name: 'Neighborhood of these' }).click();
  await page.waitForURL('**/neighborhood?**');
  await row(page, 'The Code').first().waitFor();
  await page.goto(`${server.address}/schema?type=Company`);
  await page.locator('main').getByRole('link', { name: 'Neighborhood' }).click();
  await row(page, 'RIU Hotels & Resorts').waitFor();
  const query = '{ path(from: "unicef", to: "the-body-shop") { nodes { label } } }';
  await page.goto(`${server.address}/graphiql?query=${encodeURIComponent(query)}`);
  await page.getByRole('button', { name: 'Graph', exact: true }).click();
  await page.getByText('3 entities, 2 edges').waitFor({ timeout: 20_000 });
  assert.match(page.url(), /view=graph/);
  await page.getByRole('link', { name: 'Neighborhood of these' }).click();
  await row(page, 'ECPAT International').waitFor();
  await page.getByText('2 edges').first().waitFor();
  await page.goBack();
  await page.getByText('3 entities, 2 edges').waitFor({ timeout: 20_000 });
  assert.deepEqual(errors, []);
  await page.close();
});

test('an id that no entity has, and a date that is none, are reported', async () => {
  const { page } = await open('/neighborhood?of=the-cod&of=the-code');
  await page.getByText('No entity has the id “the-cod”').waitFor();
  await row(page, 'The Code').waitFor();
  await page.goto(`${server.address}/neighborhood?of=the-code&asOf=soon`);
  await page.getByRole('alert').waitFor();
  await page.close();
});

test('the library comes with the first picture, and not before', async () => {
  const { page, requests } = await open('/');
  await page.waitForLoadState('networkidle');
  assert.deepEqual(requests.filter((it) => it.includes('picture')), []);
  await page.goto(`${server.address}/neighborhood?of=the-code`);
  await laidOut(page);
  const libraries = requests.filter((it) => it.includes('/assets/picture'));
  assert.equal(libraries.length, 1);
  const response = await fetch(libraries[0], { headers: { 'accept-encoding': 'gzip' } });
  const bytes = Number(response.headers.get('content-length'));
  await response.arrayBuffer();
  assert.ok(bytes > 50_000 && bytes <= 200_000, `${bytes} bytes`);
  await page.close();
});

const STATES = [
  '/neighborhood',
  '/neighborhood?of=the-code&open=MEMBER_OF.in.25.the-code&at=the-code&asOf=2011',
  '/neighborhood?of=the-code&from=unicef&to=the-body-shop&paths=2&hide=unicef&at=PARTNERED_WITH%20ecpat-international%20the-body-shop',
];

for (const colorScheme of ['light', 'dark']) {
  test(`axe finds nothing serious in the view (${colorScheme})`, async () => {
    const { page } = await open('/neighborhood', { colorScheme });
    for (const state of STATES) {
      await page.goto(server.address + state);
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
      assert.deepEqual(found, [], state);
    }
    await page.close();
  });
}

for (const width of [360, 1280, 2560]) {
  test(`the view is not wider than a window of ${width} pixels`, async () => {
    const { page } = await open('/neighborhood', { viewport: { width, height: 800 } });
    for (const state of STATES) {
      await page.goto(server.address + state);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.waitForLoadState('networkidle');
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width, state);
    }
    await page.close();
  });
}

/** A word with 400 narrower ones, as some in WordNet have, and a city with 10,000 people. */
const SCHEMA = `
  type Word { name: String! @search  broader: [Word!]! @relation(name: "BROADER", inverse: "narrower", transitive: true) }
  type City { name: String! @search }
  type Person { name: String! @search  livesIn: City @relation(name: "LIVES_IN", inverse: "people") }`;

function generated() {
  const words = Array.from({ length: 400 }, (_, no) => `w${String(no).padStart(3, '0')}`);
  const people = Array.from({ length: 10_000 }, (_, no) => `p${String(no).padStart(4, '0')}`);
  return [
    { type: 'node', id: 'plant', labels: ['Word'], properties: { name: ['plant'] } },
    ...words.map((id) => ({ type: 'node', id, labels: ['Word'], properties: { name: [`Word ${id}`] } })),
    ...words.map((id) => ({ type: 'edge', from: id, to: 'plant', labels: ['BROADER'] })),
    { type: 'node', id: 'hub', labels: ['City'], properties: { name: ['Hub'] } },
    ...people.map((id) => ({ type: 'node', id, labels: ['Person'], properties: { name: [`Person ${id}`] } })),
    ...people.map((id) => ({ type: 'edge', from: id, to: 'hub', labels: ['LIVES_IN'] })),
  ];
}

test('400 narrower words come page by page, each once, and 10,000 neighbours stay usable', async (context) => {
  const address = await chromium.serveLines(context, SCHEMA, generated());
  const { page, requests, errors } = await chromium.open(browser, `${address}/neighborhood?of=plant&at=plant`);
  await page.getByRole('button', { name: 'Show 25 of 400: Narrower' }).waitFor();
  await page.waitForLoadState('networkidle');
  for (let shown = 25; shown <= 400; shown += 25) {
    const asked = requests.length;
    await page.getByRole('button', { name: shown === 25 ? 'Show 25 of 400: Narrower' : 'Show 25 more: Narrower' }).click();
    await page.getByText(`${shown} of 400 shown`).waitFor();
    const got = await rows(page);
    assert.equal(got.length, shown + 1, 'no page is left out');
    assert.equal(new Set(got).size, shown + 1, 'nothing comes twice');
    assert.equal(requests.slice(asked).filter((it) => it.endsWith('/graphql')).length, 1);
  }
  assert.deepEqual((await rows(page)).slice(1), Array.from({ length: 400 }, (_, no) => `Word w${String(no).padStart(3, '0')}`));
  assert.equal(await page.getByRole('button', { name: 'more: Narrower' }).count(), 0);
  await laidOut(page);

  await page.goto(`${address}/neighborhood?of=hub&open=LIVES_IN.in.200.hub&at=hub`);
  await page.getByText('200 of 10,000 shown').waitFor();
  await page.getByText('201 of 10,001 entities shown').waitFor();
  await laidOut(page);
  // The picture has an end.
  await page.goto(`${address}/neighborhood?of=hub&open=LIVES_IN.in.9000.hub`);
  await page.getByText('2000 of 10,001 entities shown').waitFor();
  await page.getByText('at most 2000 entities').waitFor();
  await laidOut(page);
  // The CPU time of the page's thread does not depend on what else the machine does.
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const seconds = async () => (await session.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'TaskDuration').value;
  const start = await seconds();
  // By their places: to look for names among thousands of rows takes longer than the page does.
  await page.locator('.rows > li:nth-child(1999) > .row').click();
  await page.locator('.details .button', { hasText: 'Hide' }).click();
  await page.locator('.rows > li:nth-child(2000)').waitFor({ state: 'detached' });
  const took = (await seconds()) - start;
  context.diagnostic(`opening and hiding took ${took.toFixed(2)} s of CPU time`);
  assert.ok(took < 2, `opening and hiding took ${took} s of CPU time`);
  assert.deepEqual(errors, []);
  await page.close();
});
