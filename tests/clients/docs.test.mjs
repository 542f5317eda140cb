// The examples of docs/clients.md: each file is written, and each command runs, as on the page.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { here, root, serve } from './server.mjs';

const run = promisify(execFile);
const page = readFileSync(join(root, 'docs/clients.md'), 'utf8');
const packages = { ...JSON.parse(readFileSync(join(here, 'package.json'), 'utf8')).dependencies };
const requirements = ['requirements.txt', 'typed.txt'].map((it) => readFileSync(join(here, 'python', it), 'utf8')).join('\n');
const python = (name) => join(root, `target/${name}/bin`);

let server;
let work;

before(async () => {
  server = await serve();
  work = mkdtempSync(join(tmpdir(), 'clew-docs-'));
  symlinkSync(join(here, 'node_modules'), join(work, 'node_modules'));
  writeFileSync(join(work, 'package.json'), '{"type": "module"}');
});

after(() => {
  server?.stop();
  if (work) rmSync(work, { recursive: true });
});

/** The sections of the page with their fenced blocks: a language, the name of a file or none, and the text. */
const sections = page.split(/^## /m).slice(1).map((text) => ({
  title: text.slice(0, text.indexOf('\n')),
  blocks: [...text.matchAll(/^```(\w+) ?(\S*)\n(.*?)^```$/gms)].map(([, language, file, content]) => ({ language, file, content })),
}));

/** Patterns that the outputs of sections match. */
const OUTPUT = {
  TypeScript: /^ECPAT International 1990/m,
  'Apollo Client': /^(\d+) of \1 organizations$/m,
  urql: /^20 of \d+ organizations$/m,
  Relay: /compiled documents: 3 reader, 2 normalization, 3 operation text/,
  Python: /^ecpat-international ECPAT International$[^]*^ECPAT International 1990/m,
};

async function command(line) {
  const install = /^(npm|pip) install (.*)$/.exec(line);
  if (install) {
    for (const name of install[2].split(' ').filter((it) => !it.startsWith('-'))) {
      const isKnown = install[1] === 'npm' ? name in packages : requirements.includes(`${name.replaceAll("'", '')}==`) || requirements.includes(name.replaceAll(/'|\]/g, ''));
      assert.ok(isKnown, `the page installs ${name}, and the tests do not`);
    }
    return '';
  }
  const typed = /ariadne|typed\.py/.test(line);
  const path = [join(here, 'node_modules/.bin'), python(typed ? 'clients-typed' : 'clients'), process.env.PATH].join(':');
  const env = { ...process.env, PATH: path, NO_PROXY: '127.0.0.1', no_proxy: '127.0.0.1' };
  const local = line.replace('http://127.0.0.1:8000', server.origin).replace(/^npx /, '');
  const { stdout, stderr } = await run('sh', ['-ec', local], { cwd: work, env, encoding: 'utf8', maxBuffer: 1 << 24 }).catch((error) => {
    throw new Error(`${line}\n${error.stdout}\n${error.stderr}`);
  });
  return `${stdout}${stderr}`;
}

for (const { title, blocks } of sections) {
  test(`docs/clients.md: ${title}`, async () => {
    assert.ok(blocks.length > 0);
    let output = '';
    for (const { language, file, content } of blocks) {
      if (file) {
        mkdirSync(dirname(join(work, file)), { recursive: true });
        writeFileSync(join(work, file), content.replaceAll('http://127.0.0.1:8000', server.origin));
      } else {
        assert.equal(language, 'sh', `a block of ${title} has neither a file name nor commands`);
        for (const line of content.trim().split('\n')) output += await command(line);
      }
    }
    if (OUTPUT[title]) assert.match(output, OUTPUT[title]);
  });
}

test('every section with an output is on the page', () => {
  assert.deepEqual(Object.keys(OUTPUT).filter((it) => !sections.some(({ title }) => title === it)), []);
});
