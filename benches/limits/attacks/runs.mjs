// Many requests at once: how many run, how many wait, and what all of them take.

import { attack } from "../attack.mjs";
import { request } from "../client.mjs";
import { sleep } from "../server.mjs";
import { Random, aliases, endless, many, repeat } from "./text.mjs";

const runs = (name, settings, act) => attack("runs", name, { pool: true, expects: ["ok", "503", "limit"], ...settings }, act);
const LONG = (no) => request({ body: { query: endless(no) } });
/** About 190 kB of an answer. */
const PART = "entities(first: 128) { nodes { statements(first: 1000) { nodes { field value target { label } citations { locator source { title } } } } } }";
const BIG = (no) => request({ body: { query: `{ x${no}: __typename ${many(60, (alias) => `a${alias}: ${PART}`)} }` } });

/** Sends all at once and notes how each is answered. A 503 must say when to try again. */
async function together(trial, count, make, ms = 20_000) {
  const all = [];
  for (let no = 0; no < count; no += 1) {
    const connection = trial.connect();
    all.push(connection.answer(ms));
    connection.write(make(no));
    if (no % 100 === 99) await sleep(5);
  }
  let threads = 0;
  const timer = setInterval(() => (threads = Math.max(threads, trial.server.threads())), 20);
  const answers = await Promise.all(all);
  clearInterval(timer);
  for (const given of answers) {
    trial.note(given.outcome, given.begin);
    if (given.status === 503 && !given.headers.has("retry-after")) trial.fail("a 503 has no Retry-After");
  }
  if (threads > 200) trial.fail(`the server has ${threads} threads`);
  return answers;
}

export default [
  runs("600 long runs at once", { listed: true, graph: "large", whole: true, options: ["--timeout", "2"] }, (trial) => together(trial, 600, LONG)),
  runs("100 answers of many megabytes at once", { options: ["--timeout", "5"] }, (trial) => together(trial, 100, BIG)),
  // Each answer is allocated on one thread and freed on another, which must not keep it.
  runs("60 answers of 4 MB one after the other on one connection", { pool: false, growth: 32 }, async (trial) => {
    const connection = { current: undefined };
    const bytes = request({ body: { query: aliases(22, PART) } });
    for (let no = 0; no < 60; no++) {
      const answer = await trial.keep(connection, bytes);
      if (answer.length < 3e6) trial.fail(`an answer has ${answer.length} bytes`);
    }
  }),
  runs("200 documents of 20,000 tokens at once", {}, (trial) => together(trial, 200, (no) => request({ body: { query: `{ y${no}: __typename ${many(1400, (alias) => `a${alias}:__typename@skip(if:false)`)} }` } }))),
  runs("two documents with 14,000 exclamation marks, repeatedly", { listed: true, pool: false, expects: ["GRAPHQL_PARSE_FAILED", "TOKEN_LIMIT"] }, async (trial) => {
    const end = performance.now() + 1500;
    const one = async (no) => {
      do await trial.ask(request({ body: { query: `{a${no}(${repeat("!", 14_000)}` } }));
      while (performance.now() < end);
    };
    await Promise.all([one(1), one(2)]);
  }),
  runs("300 searches at once", { graph: "large", options: ["--timeout", "3"] }, (trial) => {
    const random = new Random();
    return together(trial, 300, () => request({ body: { query: aliases(20, () => `search(query: "${random.word(1)}* ${random.word(5)}", fuzzy: true, first: 1000) { totalCount edges { highlights { fragments } } }`) } }));
  }),
  runs("200 rankings at once", { graph: "large", whole: true, options: ["--timeout", "2"] }, (trial) => together(trial, 200, (no) => request({ body: { query: `{ ranking(by: ${["BETWEENNESS", "CLOSENESS", "PAGE_RANK"][no % 3]}, first: ${1 + no}) { score } }` } }))),
  runs("40 drawings at once", { options: ["--timeout", "5"], expects: ["ok", "503", "limit", "BAD_USER_INPUT"] }, (trial) => together(trial, 40, (no) => request({ headers: { accept: "image/svg+xml" }, body: { query: `{ entities(first: ${88 + no}) { nodes { links(first: 1000) { nodes { to { label } } } } } }` } }))),
  runs("300 bodies of 1 MB of variables at once", {}, (trial) => {
    const bytes = request({ body: { query: `query ($x: [String!]) { ${many(30, (no) => `a${no}: associations(filter: {name: {in: $x}}) { totalCount }`)} }`, variables: { x: Array.from({ length: 70_000 }, (_, no) => `name ${no}`) } } });
    return together(trial, 300, () => bytes);
  }),
  runs("600 runs whose clients leave", { graph: "large", whole: true, options: ["--timeout", "20"], expects: undefined }, async (trial) => {
    for (let group = 0; group < 12; group += 1) {
      const all = Array.from({ length: 50 }, () => trial.connect());
      await Promise.all(all.map((it, no) => it.write(LONG(no))));
      await sleep(20);
      for (const each of all) each.destroy();
    }
    trial.note("left");
  }),
];
