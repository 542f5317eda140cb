import { expect, test } from 'vitest';

import { read, write, type Place } from './address';

const PLACES: Place[] = [
  { page: 'home' },
  { page: 'search', query: '', types: [] },
  { page: 'search', query: 'a & b = "c" ?#%+ é', types: ['Ship', 'Place'], after: 'x+/=' },
  { page: 'search', query: '', types: ['Ship'], facets: ['kind:STEAMER', 'retired:true'] },
  { page: 'entity', id: "slip/1:(a)~*'!é" },
  { page: 'entity', id: 'a%2Fb', asOf: '2009/..', field: '^about', after: 'abc' },
  { page: 'source', id: 'register', locator: 'sailing/1/2-3' },
  { page: 'answer', query: '{\n  a(b: "c")\n}', title: 'Why?' },
  { page: 'schema', type: 'Ship', query: 'own' },
  { page: 'graphiql', query: 'query A($b: ID) { c }', variables: '{"b": "1"}', view: 'table' },
];

test.each(PLACES)('the address of %o is read as the same place', (place) => {
  const { pathname, search } = new URL(write(place), 'http://localhost');
  expect(read(pathname, search)).toEqual(place);
});

test('an id is encoded but for the unreserved characters of RFC 3986', () => {
  expect(write({ page: 'entity', id: "aZ9-._~/:()!*'é" })).toBe('/entity/aZ9-._~%2F%3A%28%29%21%2A%27%C3%A9');
});

test('an address is decoded once, and one that is not well-formed is not decoded', () => {
  expect(read('/entity/a%252Fb', '')).toEqual({ page: 'entity', id: 'a%2Fb' });
  expect(read('/entity/a/b', '')).toEqual({ page: 'entity', id: 'a/b' });
  expect(read('/entity/100%', '')).toEqual({ page: 'entity', id: '100%' });
});

test.each(['/entity/', '/search/more', '/nothing'])('%s is no page', (path) => {
  expect(read(path, '')).toEqual({ page: 'unknown', path });
});
