// Makes the pictures of the README, from the graph of this repository: `CLEW=target/release/clew npm run screenshots`.
import { statSync } from 'node:fs';
import { resolve } from 'node:path';

import { launch, open, serve } from './test/browser.mjs';

const root = resolve(import.meta.dirname, '..');
const PICTURES = [
  ['home', '/', (page) => page.getByRole('heading', { name: 'Latest dates' }).waitFor()],
  [
    'entity',
    '/entity/the-code',
    async (page) => {
      await page.getByText('Source: the-code/1/2').first().click();
      await page.getByRole('heading', { name: 'Timeline' }).waitFor();
    },
  ],
  [
    'neighborhood',
    '/neighborhood?of=the-code&open=MEMBER_OF.in.25.the-code&open=HOSTED_BY.out.25.the-code&open=DEVELOPED_BY.out.25.the-code&open=PARTNERED_WITH.both.25.ecpat-international&from=unicef&to=the-body-shop',
    async (page) => {
      await page.getByText('Source: history/3/1').waitFor();
      await page.locator('.picture-canvas[data-layout="done"]').waitFor();
    },
  ],
  [
    'graphiql',
    `/graphiql?query=${encodeURIComponent('query @cite {\n  awards(orderBy: [{ date: ASC }]) {\n    nodes { name date }\n  }\n}\n')}`,
    async (page) => {
      await page.getByRole('button', { name: 'Table' }).click();
      await page.locator('.beside-view tbody tr').first().waitFor();
    },
  ],
];
/** The most bytes that a picture in the README may have. */
const MOST = 200_000;

const server = await serve(root);
const browser = await launch();
for (const [name, path, prepare] of PICTURES) {
  const { page } = await open(browser, server.address + path, { viewport: { width: 1200, height: 760 }, colorScheme: 'light' });
  await prepare(page);
  // The editor colours its text after it is there.
  await page.waitForTimeout(1_000);
  const file = `${root}/docs/images/${name}.png`;
  await page.screenshot({ path: file });
  const { size } = statSync(file);
  if (size > MOST) {
    throw new Error(`${file} has ${size} bytes, and at most ${MOST} are allowed`);
  }
  await page.close();
}
await browser.close();
await server.stop();
