// Checks that the tests find faults: makes one deliberate fault after the other in a copy of the sources, builds it, and runs the oracle on
// it, or for a fault of a transport the matrix of clients. The test must fail each time. Prints the end of its output.
//
//   node mutations.mjs [--only TEXT]    TEXT is part of the names of the faults to make.
//   node mutations.mjs --check          Only checks that the sources have what the faults replace.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const MUTATIONS = [
  {
    name: 'merged selections in the wrong order',
    file: 'src/plan/collect.rs',
    from: 'merged.fields.push(field)',
    to: 'merged.fields.insert(0, field)',
  },
  {
    name: '`@skip` is ignored',
    file: 'src/plan/collect.rs',
    from: 'says("skip") != Some(true) && ',
    to: '',
  },
  {
    name: 'a fragment is spread a second time',
    file: 'src/plan/collect.rs',
    from: '!self.visited.insert(name)',
    to: '(!self.visited.insert(name) && self.visited.len() == 1)',
  },
  {
    name: '`last` returns one entry too few',
    file: 'src/exec/connection.rs',
    from: 'start = start.max(end.saturating_sub(last));',
    to: 'start = start.max(end.saturating_sub(last.saturating_sub(1)));',
  },
  {
    name: '`before` includes the entry of its cursor',
    file: 'src/exec/connection.rs',
    from: 'place(before, false));',
    to: 'place(before, true));',
  },
  {
    name: '`hasNextPage` is true on the last page',
    file: 'src/exec/connection.rs',
    from: 'has_next: end < len,',
    to: 'has_next: end <= len,',
  },
  {
    name: 'a nullable field that fails makes its parent null',
    file: 'src/exec/mod.rs',
    from: 'RootField::Lookup(call, selection) => run.dated(slot, true,',
    to: 'RootField::Lookup(call, selection) => run.dated(slot, false,',
  },
  {
    name: 'an error names the first element instead of the one that failed',
    file: 'src/exec/mod.rs',
    from: 'self.guarded(|| Segment::Index(index),',
    to: 'self.guarded(|| Segment::Index(index * 0),',
  },
  {
    name: 'an unknown id is null, but ends the list',
    file: 'src/exec/mod.rs',
    from: 'run.element(no, true, |run| run.optional(found, selection))?;',
    to: 'run.element(no, true, |run| run.optional(found, selection))?;\nif found.is_none() { break; }',
  },
  {
    name: 'entries that are equal in `orderBy` are ordered by their types',
    file: 'src/exec/connection.rs',
    from: 'let by_id = self.view.compare_ids(row_a, row_b);',
    to: 'let by_id = row_a.type_id.cmp(&row_b.type_id).then(self.view.compare_ids(row_a, row_b));',
  },
  {
    name: 'entries without a value are first instead of last',
    file: 'src/exec/connection.rs',
    from: '(None, Some(_)) if key.nulls_first => Ordering::Less,',
    to: '(None, Some(_)) if !key.descending => Ordering::Less,',
  },
  {
    name: 'the quantifier `every` means `some`',
    file: 'src/graph/predicate.rs',
    from: 'counted.all(|it| meets(filter, it))',
    to: 'counted.any(|it| meets(filter, it))',
  },
  {
    name: 'an inverse relation is walked forward in a filter',
    file: 'src/graph/predicate.rs',
    from: 'self.view.neighbours(subject.row, *relation, *direction);',
    to: 'self.view.neighbours(subject.row, *relation, crate::ontology::Direction::Out);',
  },
  {
    name: 'the cursor of an edge is that of the previous entry',
    file: 'src/exec/connection.rs',
    from: 'run.cursor_of(within, item))',
    to: 'run.cursor_of(within, items.get(at.saturating_sub(1))))',
  },
  {
    name: 'numbers over a WebSocket are parsed and written again',
    file: 'src/server/websocket/session.rs',
    from: 'let mut body = response::bytes(answer);',
    to: `let mut body = response::bytes(answer);
        if let Ok(value) = serde_json::from_slice::<serde_json::Value>(&body) {
            body = value.to_string().into();
        }`,
    test: 'matrix',
  },
  {
    name: 'a query in a URL loses its extensions',
    file: 'src/server/graphql.rs',
    from: 'extensions: json("extensions", given.extensions)?,',
    to: 'extensions: None,',
    test: 'matrix',
  },
  {
    name: 'parts are sent to clients that also accept JSON',
    file: 'src/server/negotiate.rs',
    from: 'if JSON.iter().any(|it| self.weight(*it) > 0.0) => None,',
    to: 'if JSON.iter().any(|it| self.weight(*it) > 1.0) => None,',
    test: 'matrix',
  },
  {
    name: 'the last part is not marked as the last',
    file: 'src/server/multipart.rs',
    from: ',\\"hasNext\\":false}',
    to: '}',
    test: 'matrix',
  },
  {
    name: 'a stream of events has no end event',
    file: 'src/server/sse.rs',
    from: '\\n\\nevent: complete\\ndata:\\n\\n',
    to: '\\n\\n',
    test: 'matrix',
  },
  {
    name: 'an upgrade to any protocol is treated as WebSocket',
    file: 'src/server/websocket/mod.rs',
    from: 'has_token(headers, &header::UPGRADE, "websocket")',
    to: 'headers.contains_key(header::UPGRADE)',
    test: 'matrix',
  },
];

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, '../..');
const { values: options } = parseArgs({ options: { only: { type: 'string' }, check: { type: 'boolean', default: false } } });

/** A source, whose part that is replaced must be there exactly once. */
function sourceOf(folder, { name, file, from }) {
  const source = readFileSync(join(folder, file), 'utf8');
  const count = source.split(from).length - 1;
  if (count !== 1) throw new Error(`the fault "${name}": ${file} has ${count} times "${from}"`);
  return source;
}

for (const mutation of MUTATIONS) sourceOf(root, mutation);
if (options.check) {
  console.log(`${MUTATIONS.length} faults can be made`);
  process.exit();
}

const copy = join(root, 'target/mutations/sources');
const target = join(root, 'target/mutations/build');
const binary = join(target, 'debug/clew');
const environment = { ...process.env, CARGO_TARGET_DIR: target, CLEW_CONSOLE: 'off', CLEW: binary };

function build() {
  const made = spawnSync('cargo', ['build', '--quiet'], { cwd: copy, env: environment, encoding: 'utf8' });
  if (made.status !== 0) throw new Error(made.stderr);
}

const TESTS = {
  oracle: [here, 'oracle.mjs', '--count', '2000', '--invalid', '0'],
  matrix: [resolve(here, '../clients'), '--test', 'matrix.test.mjs'],
};

function judge(test) {
  const [cwd, ...program] = TESTS[test];
  return spawnSync(process.execPath, program, { cwd, env: environment, encoding: 'utf8', maxBuffer: 1 << 28 });
}

rmSync(copy, { recursive: true, force: true });
mkdirSync(copy, { recursive: true });
const tracked = execFileSync('git', ['ls-files', '-z', 'Cargo.*', 'build.rs', 'src', 'schema', 'data', 'console', '*.md', 'docs', 'benches', 'tests'], { cwd: root });
execFileSync('tar', ['-cf', join(copy, 'sources.tar'), '--null', '-T', '-'], { cwd: root, input: tracked });
execFileSync('tar', ['-xf', 'sources.tar'], { cwd: copy });

build();
const chosen = MUTATIONS.filter((it) => it.name.includes(options.only ?? ''));
for (const test of new Set(chosen.map((it) => it.test ?? 'oracle'))) {
  const whole = judge(test);
  if (whole.status !== 0) throw new Error(`the ${test} already fails without a fault:\n${whole.stdout}${whole.stderr}`);
}
console.log('no fault: passes');

let missed = 0;
for (const mutation of chosen) {
  const { name, file, from, to, test = 'oracle' } = mutation;
  const path = join(copy, file);
  const source = sourceOf(copy, mutation);
  writeFileSync(path, source.replace(from, () => to));
  build();
  const judged = judge(test);
  writeFileSync(path, source);
  const caught = judged.status === 1;
  if (!caught) missed += 1;
  console.log(`${name} (${file}): ${caught ? 'caught' : `MISSED, exit code ${judged.status}`}`);
  if (caught) console.log((judged.stdout + judged.stderr).trim().split('\n').slice(-6).map((line) => `    ${line.slice(0, 200)}`).join('\n'));
}
process.exit(missed === 0 ? 0 : 1);
