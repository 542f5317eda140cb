import { expect, test } from 'vitest';

import { date, duration, fieldLabel, marked, moment, number, point, size, validity, words } from './format';

test.each([
  ['memberCount', 'Member count'],
  ['CodeOfConduct', 'Code of conduct'],
  ['SAILING_SHIP', 'Sailing ship'],
  ['sameAs', 'Same as'],
  ['isbn', 'Isbn'],
  ['URL', 'URL'],
  ['subjectOf', 'Subject of'],
  ['snake_case', 'Snake case'],
])('the name %s is read as %s', (name, text) => {
  expect(words(name)).toBe(text);
});

test('the other side of a field says that it is', () => {
  expect(fieldLabel('^about')).toBe('About (from there)');
});

test.each([
  ['1996', '1996'],
  ['1996-08', 'August 1996'],
  ['1898-05-02', '2 May 1898'],
  ['1931~', 'about 1931'],
  ['1931?', '1931 (uncertain)'],
  ['1996-08%', 'about August 1996 (uncertain)'],
  ['199X', '1990s'],
  ['1996-XX', '1996'],
  ['1996-08-XX', 'August 1996'],
  ['1996-21', 'spring 1996'],
  ['-0044', '45 BC'],
  ['-0044-03-15', '15 March 45 BC'],
  ['0000', '1 BC'],
  ['Y12000', '12000'],
  ['Y-170000002', '170000003 BC'],
  ['2009/2012', '2009 – 2012'],
  ['1984?/2004-06~', '1984 (uncertain) – about June 2004'],
  ['2009/..', 'since 2009'],
  ['/1985', 'until 1985'],
])('the date %s is read as %s', (value, text) => {
  expect(date(value)).toBe(text);
});

test('validity has a beginning, an end, or both', () => {
  expect(validity({ from: '1898', until: '1920-03' })).toBe('1898 – March 1920');
  expect(validity({ from: '1921', until: null })).toBe('since 1921');
  expect(validity({ from: null, until: '1920' })).toBe('until 1920');
  expect(validity({ from: '2011', until: '2011' })).toBe('in 2011');
  expect(validity({ from: null, until: null })).toBe('');
});

test.each([
  [1998, '1998'],
  [12040, '12,040'],
  [-1234567.25, '−1,234,567.25'],
  ['9007199254740993', '9,007,199,254,740,993'],
  ['1E+40', '1E+40'],
  ['none', 'none'],
])('the number %s is written as %s', (value, text) => {
  expect(number(value)).toBe(text);
});

test.each([
  ['P12DT6H', '12 days 6 hours'],
  ['PT1M0.5S', '1 minute 0.5 seconds'],
  ['-P7D', 'minus 7 days'],
  ['P1Y', 'P1Y'],
])('the duration %s is read as %s', (value, text) => {
  expect(duration(value)).toBe(text);
});

test('points and moments are written for people, and other values are left', () => {
  expect(point({ type: 'Point', coordinates: [-10.5, -54] })).toBe('54° S, 10.5° W');
  expect(point({ type: 'Other' })).toBeUndefined();
  expect(moment('1996-08-27T10:00:00Z')).toBe('27 August 1996, 10:00:00 UTC');
  expect(moment('noon')).toBe('noon');
});

test('a highlight is split at its marks, and nothing in it is markup', () => {
  expect(marked('a <mark>b&amp;c</mark> &lt;i&gt; &#39;&#x27;&unknown;')).toEqual([
    { text: 'a ', mark: false },
    { text: 'b&c', mark: true },
    { text: " <i> ''&unknown;", mark: false },
  ]);
});

test('sizes have a unit', () => {
  expect([495, 3400, 2_500_000].map(size)).toEqual(['495 B', '3.4 kB', '2.5 MB']);
});
