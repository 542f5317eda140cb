// Tasks of a reader on the graph of this repository, in a real headless Chromium against the real server.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { after, before, test } from 'node:test';

import * as chromium from './browser.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const root = resolve(import.meta.dirname, '../..');

let server;
let browser;

before(async () => {
  server = await chromium.serve(root);
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

function field(page, name) {
  return page.locator('section.field').filter({ has: page.locator('.field-name').getByText(name, { exact: true }) }).first();
}

function heading(page, name) {
  return page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
}

/** A page that has asked no other host and has no errors. */
function assertQuiet({ requests, errors }) {
  assert.deepEqual(chromium.foreign(requests, server.address), []);
  assert.ok(requests.length > 1);
  assert.deepEqual(errors, []);
}

test('a reader searches for a code of conduct, and finds who signed it and where that is said', async () => {
  const opened = await open('/');
  const { page } = opened;
  await page.getByRole('combobox').fill('code of conduct');
  await page.getByRole('button', { name: 'Search' }).click();
  await page.locator('.result mark').first().waitFor();
  await page.locator('.result').getByRole('link', { name: 'The Code', exact: true }).click();
  await heading(page, 'The Code');
  const signings = field(page, 'Signings');
  assert.deepEqual((await signings.getByRole('link').allInnerTexts()).sort(), [
    'AccorHotels implements The Code in the United States',
    'Hard Rock signs The Code',
    'RIU signs The Code',
  ]);
  const signing = signings.getByRole('listitem').filter({ hasText: 'RIU signs The Code' }).first();
  await signing.getByText('since 2012').waitFor();
  await signing.getByText('Source: the-code/3/3').click();
  await signing.getByRole('link', { name: 'Encyclopedia article “ECPAT”' }).click();
  await heading(page, 'Encyclopedia article “ECPAT”');
  assert.equal(path(page), '/source/ecpat-article?locator=the-code%2F3%2F3');
  await page.getByRole('region', { name: 'Statements from this source' }).getByRole('link', { name: 'RIU signs The Code' }).first().waitFor();
  assertQuiet(opened);
  await page.close();
});

test('both numbers of members are shown, each with its place', async () => {
  const opened = await open('/entity/ecpat-international');
  const { page } = opened;
  const members = field(page, 'Member count');
  await members.getByText('Sources disagree').waitFor();
  const rows = members.locator('.statement');
  assert.deepEqual((await rows.allInnerTexts()).map((it) => it.replace(/\s+/g, ' ').trim()), [
    '122 Source: lead/2/1',
    '104 Source: membership/1/1',
  ]);
  assertQuiet(opened);
  await page.close();
});

test('an entity is shown as of 2011, at an address of its own', async () => {
  const opened = await open('/entity/the-code');
  const { page } = opened;
  await field(page, 'Members').getByRole('link', { name: 'RIU Hotels & Resorts' }).waitFor();
  await page.getByLabel('As of').fill('2011');
  await page.getByLabel('As of').press('Enter');
  await page.getByText('As of 2011').waitFor();
  assert.equal(path(page), '/entity/the-code?asOf=2011');
  // RIU signed in 2012, and the developers of 1996 are still there.
  await field(page, 'Developed by').getByRole('link', { name: 'ECPAT Sweden' }).waitFor();
  assert.equal(await page.getByRole('link', { name: 'RIU Hotels & Resorts' }).count(), 0);
  assert.equal(await page.getByRole('heading', { name: 'Signings' }).count(), 0);
  // The date holds for the entities that links lead to.
  assert.match(await field(page, 'Developed by').getByRole('link', { name: 'ECPAT Sweden' }).getAttribute('href'), /\?asOf=2011$/);
  await page.reload();
  await page.getByText('As of 2011').waitFor();
  await page.goBack();
  await field(page, 'Members').getByRole('link', { name: 'RIU Hotels & Resorts' }).waitFor();
  await page.goForward();
  await page.getByRole('link', { name: 'All dates' }).click();
  await field(page, 'Members').getByRole('link', { name: 'RIU Hotels & Resorts' }).waitFor();
  assert.equal(path(page), '/entity/the-code');
  assertQuiet(opened);
  await page.close();
});

test('the query of a page gives the facts of the page', async () => {
  const opened = await open('/entity/the-code');
  const { page } = opened;
  await field(page, 'Signings').waitFor();
  const shown = (await page.locator('.field .statement .entity-link').allInnerTexts()).sort();
  const [response] = await Promise.all([
    page.waitForResponse((it) => it.request().postData()?.includes('query Entity(') ?? false),
    page.getByRole('link', { name: 'Show as a query' }).last().click(),
  ]);
  const { data } = await response.json();
  const targets = data.entity.statements.nodes.flatMap(({ target }) => (target ? [target.label] : [])).sort();
  assert.ok(targets.length > 20);
  assert.deepEqual(shown, targets);
  // GraphiQL shows them too.
  await page.locator('.result-window').getByText('the-code').first().waitFor({ timeout: 20_000 });
  assertQuiet(opened);
  await page.close();
});

test('reload and back keep the state of a page', async () => {
  const opened = await open('/search?type=Organization');
  const { page } = opened;
  const kinds = page.getByRole('region', { name: 'Kinds' });
  await kinds.getByRole('link', { name: 'Coalition' }).click();
  await page.getByText('3 entities').waitFor();
  assert.equal(path(page), '/search?type=Organization&facet=kinds%3ACOALITION');
  await page.reload();
  await page.getByText('3 entities').waitFor();
  assert.equal(await kinds.getByRole('link', { name: 'Coalition' }).getAttribute('aria-current'), 'true');
  await page.goBack();
  await page.getByText('23 entities').waitFor();
  // A page is left far down, and entered again there.
  await page.goto(`${server.address}/entity/ecpat-international`);
  await page.getByRole('heading', { name: 'Timeline' }).waitFor();
  await page.getByRole('heading', { name: 'Incoming relations' }).evaluate((it) => it.scrollIntoView());
  const top = await page.evaluate(() => window.scrollY);
  assert.ok(top > 500);
  await field(page, 'Officers').getByRole('link').first().click();
  await page.waitForURL((url) => !url.pathname.endsWith('ecpat-international'));
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.goBack();
  await page.getByRole('heading', { name: 'Timeline' }).waitFor();
  await page.waitForFunction((wanted) => Math.abs(window.scrollY - wanted) < 3, top);
  assertQuiet(opened);
  await page.close();
});

test('all of it is done with the keyboard alone', async () => {
  const opened = await open('/');
  const { page } = opened;
  await heading(page, 'ECPAT');
  const focused = () => page.evaluate(() => (document.activeElement?.innerText || document.activeElement?.getAttribute('aria-label') || '').trim());
  /** Presses Tab until an element with this name has the focus. */
  const tabTo = async (name) => {
    for (let presses = 0; presses < 120; presses += 1) {
      await page.keyboard.press('Tab');
      if ((await focused()).includes(name)) {
        const outline = await page.evaluate(() => window.getComputedStyle(document.activeElement).outlineStyle);
        assert.notEqual(outline, 'none', `the focus on ${name} cannot be seen`);
        return;
      }
    }
    assert.fail(`Tab does not reach ${name}`);
  };
  await tabTo('Search names and texts');
  await page.keyboard.type('the code', { delay: 20 });
  await page.getByRole('option').first().waitFor();
  await page.keyboard.press('ArrowDown');
  assert.equal(await page.getByRole('option', { selected: true }).count(), 1);
  await page.keyboard.press('Escape');
  assert.equal(await page.getByRole('option').count(), 0);
  await page.keyboard.type(' ');
  await page.keyboard.press('Enter');
  await page.locator('.result').first().waitFor();
  await tabTo('The Code');
  while (!/^The Code$/.test(await focused())) {
    await tabTo('The Code');
  }
  await page.keyboard.press('Enter');
  await heading(page, 'The Code');
  await tabTo('RIU signs The Code');
  await tabTo('Source: the-code/3/3');
  await page.keyboard.press('Enter');
  await tabTo('Encyclopedia article');
  await page.keyboard.press('Enter');
  await heading(page, 'Encyclopedia article “ECPAT”');
  assert.equal(path(page), '/source/ecpat-article?locator=the-code%2F3%2F3');
  assertQuiet(opened);
  await page.close();
});

test('an entity is copied as its id, a citation, Turtle and JSON-LD', async () => {
  const context = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] });
  const page = await context.newPage();
  await page.goto(`${server.address}/entity/the-code`);
  await heading(page, 'The Code');
  const copied = async (name) => {
    await page.getByRole('button', { name }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    const text = await page.evaluate(() => window.navigator.clipboard.readText());
    await page.getByRole('button', { name: 'Copied' }).waitFor({ state: 'detached' });
    return text;
  };
  assert.equal(await copied('Copy id'), 'the-code');
  assert.match(await copied('Copy citation'), /^The Code\. http:.*\/entity\/the-code, \d/);
  assert.match(await copied('Copy Turtle'), /entity:riu-hotels [^]*schema:memberOf entity:the-code/);
  const linked = JSON.parse(await copied('Copy JSON-LD'))['@graph'];
  assert.equal(linked.find((it) => it.label === 'RIU signs The Code')?.code, linked.find((it) => it.label === 'The Code')?.['@id']);
  await context.close();
});

test('what is too much for one answer is said to be so', async () => {
  const own = await chromium.serve(root, 0, ['--max-bytes', '6000']);
  const { page } = await chromium.open(browser, `${own.address}/entity/ecpat-international`);
  await page.getByRole('alert').getByText('This is more than the server answers at once').waitFor();
  await page.close();
  await own.stop();
});

test('a page that is left does not wait for its answer', async () => {
  const { page } = await open('/');
  await heading(page, 'ECPAT');
  await page.route('**/graphql', async (route) => {
    if (route.request().postData()?.includes('query Schema')) {
      // The server never answers this.
      return;
    }
    await route.continue();
  });
  const failed = page.waitForEvent('requestfailed');
  await page.getByRole('link', { name: 'Schema', exact: true }).click();
  await page.getByText('Loading').first().waitFor({ state: 'attached' });
  await page.getByRole('link', { name: 'Home' }).click();
  const request = await failed;
  assert.match(request.postData(), /query Schema/);
  assert.equal(request.failure()?.errorText, 'net::ERR_ABORTED');
  await heading(page, 'ECPAT');
  await page.close();
});

test('a part whose code cannot be loaded leaves the rest of the page', async () => {
  const { page } = await open('/', { prepare: (page) => page.route(/schema-diagram.*\.js$/, (route) => route.abort()) });
  await page.getByRole('link', { name: 'Schema', exact: true }).click();
  await page.getByText('This part of the page cannot be shown').waitFor();
  await page.getByRole('row', { name: /Signing/ }).first().waitFor();
  await page.close();
});

test('an entity is printed with the places of its facts, without what is for the screen', async () => {
  const { page } = await open('/entity/the-code');
  await field(page, 'Signings').waitFor();
  assert.equal(await page.getByRole('link', { name: 'Encyclopedia article “ECPAT”' }).first().isVisible(), false);
  await page.emulateMedia({ media: 'print' });
  await page.getByRole('link', { name: 'Encyclopedia article “ECPAT”' }).first().waitFor();
  assert.equal(await page.getByRole('navigation', { name: 'Pages', exact: true }).isVisible(), false);
  assert.equal(await page.getByRole('button', { name: 'Copy id' }).isVisible(), false);
  await page.close();
});

const PLACES = [
  ['/', 'Latest dates'],
  ['/search?q=code', undefined],
  ['/search?type=Organization&facet=kinds%3ANETWORK', 'Kinds'],
  ['/entity/the-code', 'Timeline'],
  ['/entity/the-code?asOf=2011', 'Timeline'],
  ['/entity/the-code?field=measures', 'Measures'],
  ['/entity/sexual-exploitation-of-children', undefined],
  ['/source/ecpat-article', 'Statements from this source'],
  ['/answer?title=Members&query=%7B%20organizations(first%3A%203)%20%7B%20nodes%20%7B%20id%20name%20memberCount%20%7D%20%7D%20%7D', undefined],
  ['/schema', 'Types'],
  ['/schema?type=Signing', 'Fields'],
];

for (const colorScheme of ['light', 'dark']) {
  test(`axe finds nothing serious on the pages of a real graph (${colorScheme})`, async () => {
    const { page } = await open('/', { colorScheme });
    for (const [place, title] of PLACES) {
      await page.goto(server.address + place);
      await page.getByRole('heading', title ? { name: title } : { level: 1 }).first().waitFor();
      await page.waitForLoadState('networkidle');
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

for (const width of [360, 2560]) {
  test(`no page of a real graph is wider than a window of ${width} pixels`, async () => {
    const { page } = await open('/', { viewport: { width, height: 800 } });
    for (const [place, title] of PLACES) {
      await page.goto(server.address + place);
      await page.getByRole('heading', title ? { name: title } : { level: 1 }).first().waitFor();
      await page.waitForLoadState('networkidle');
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width, place);
    }
    await page.close();
  });
}
