// MDN's browser compatibility data (npm's `@mdn/browser-compat-data`) as JSON Lines that Clew reads.
//
//   node convert.mjs <folder to write compat.jsonl to>

import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const { __meta: meta, browsers, ...areas } = createRequire(import.meta.url)("@mdn/browser-compat-data");
const lines = [];
const write = (line) => lines.push(JSON.stringify(line));
// JSON leaves out what is undefined, so a value that the data lack is not written.
const node = (id, type, properties) => write({ type: "node", id, labels: [type], properties });
const edge = (from, relation, to, properties = {}) => write({ type: "edge", from, to, labels: [relation], properties });
const list = (value) => (value === undefined ? [] : [value].flat());

for (const [id, browser] of Object.entries(browsers)) {
  node(id, "Browser", { name: browser.name, kind: browser.type });
  if (browser.upstream) edge(id, "BASED_ON", browser.upstream);
  for (const [version, it] of Object.entries(browser.releases)) {
    const release = `${id}@${version}`;
    const { release_date: released, status, engine, engine_version: engineVersion, release_notes: notes } = it;
    node(release, "Release", { version, released, status, engine, engineVersion, notes });
    edge(release, "BROWSER", id);
  }
}

/** Writes a feature and those below it. */
function feature(path, data, parent) {
  const id = path.join(".");
  const { description, mdn_url: page, spec_url, tags, status, support = {} } = data.__compat ?? {};
  node(id, "Feature", {
    name: path.at(-1),
    description,
    page,
    specifications: list(spec_url),
    tags: list(tags),
    isDeprecated: status?.deprecated,
    isExperimental: status?.experimental,
    isStandard: status?.standard_track,
  });
  if (parent) edge(id, "PART_OF", parent);
  for (const [browser, statements] of Object.entries(support)) {
    for (const it of list(statements)) {
      // `false` where it is not supported, `preview` where no release has it yet, and `≤12` where it may be older.
      const version = String(it.version_added).replace("≤", "");
      if (!Object.hasOwn(browsers[browser].releases, version)) continue;
      edge(id, "ADDED_IN", `${browser}@${version}`, {
        removedIn: it.version_removed,
        isPartial: it.partial_implementation,
        isOrEarlier: version === it.version_added ? undefined : true,
        prefix: it.prefix,
        alternativeName: it.alternative_name,
        flags: it.flags,
        notes: list(it.notes),
      });
    }
  }
  for (const [name, below] of Object.entries(data)) {
    if (name !== "__compat") feature([...path, name], below, id);
  }
}

for (const [name, data] of Object.entries(areas)) feature([name], data);

const folder = process.argv[2] ?? ".";
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, "compat.jsonl"), lines.join("\n") + "\n");
console.log(`${lines.length} lines of version ${meta.version}`);
