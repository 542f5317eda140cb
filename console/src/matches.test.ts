import { expect, test } from 'vitest';

import { questions, types } from './matches';

const EXAMPLES = ['How many members has the club?', 'Who owns the Sea Lark?', 'Which ships were launched, and when?'].map((title) => ({ title }));

test.each([
  ['how many members', ['How many members has the club?']],
  ['launch of ships', ['Which ships were launched, and when?']],
  ['sea', []],
  ['', []],
  ['who owns it', ['Who owns the Sea Lark?']],
])('the text “%s” may mean the questions %j', (text, titles) => {
  expect(questions(text, EXAMPLES).map(({ title }) => title)).toEqual(titles);
});

test.each([
  ['ships', ['Ship']],
  ['Companies', ['Company']],
  ['code of conduct', ['CodeOfConduct']],
  ['shi', []],
])('the text “%s” may mean the types %j', (text, names) => {
  const all = ['Ship', 'Company', 'CodeOfConduct'].map((name) => ({ name }));
  expect(types(text, all).map(({ name }) => name)).toEqual(names);
});
