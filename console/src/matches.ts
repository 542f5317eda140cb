// Which of a graph's questions and types a search may mean.

import { words } from './format';

/** The longer words of a text, without their endings. */
function stems(text: string): string[] {
  const all = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return [...new Set(all.filter((word) => word.length > 3).map((word) => word.slice(0, Math.max(4, word.length - 3))))];
}

function share(wanted: string[], text: string): number {
  const has = stems(text);
  const found = wanted.filter((stem) => has.some((other) => other.startsWith(stem) || stem.startsWith(other)));
  return wanted.length === 0 ? 0 : found.length / wanted.length;
}

/** The questions that have at least half of the words of a text, the best first. */
export function questions<T extends { title: string }>(text: string, examples: T[], most = 3): T[] {
  const wanted = stems(text);
  const scored = examples.map((example) => ({ example, score: share(wanted, example.title) }));
  return scored
    .filter(({ score }) => score >= 0.5)
    .sort((a, b) => b.score - a.score)
    .slice(0, most)
    .map(({ example }) => example);
}

/** The types whose names are the text, or the text without its plural. */
export function types<T extends { name: string }>(text: string, all: T[]): T[] {
  const wanted = text.trim().toLowerCase();
  const forms = new Set([wanted, wanted.replace(/s$/, ''), wanted.replace(/es$/, ''), wanted.replace(/ies$/, 'y')]);
  return all.filter(({ name }) => forms.has(words(name).toLowerCase()));
}
