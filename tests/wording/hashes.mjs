#!/usr/bin/env node
// Prints the hashes of all runs of six words of a text, for tests/wording.rs.
//
//   node tests/wording/hashes.mjs ARTICLE > tests/wording/hashes.txt
//
// The text itself is not in the repository. Words are lower-cased. A hyphen or another sign within a word is read in two
// ways: as a space, and as nothing. Each hash is the first 16 hexadecimal digits of the SHA-256 of six words and five spaces.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

const RUN = 6;
const text = readFileSync(process.argv[2], 'utf8').toLowerCase();
const hashes = new Set();
for (const between of [' ', '']) {
  const words = text.replace(/[^\p{L}\p{N}\s]/gu, between).split(/\s+/u).filter(Boolean);
  for (let at = 0; at + RUN <= words.length; at += 1) {
    hashes.add(createHash('sha256').update(words.slice(at, at + RUN).join(' ')).digest('hex').slice(0, 16));
  }
}
console.log([...hashes].sort().join('\n'));
