import { describe, expect, test } from 'vitest';

import * as address from '../address';
import type { Statement } from '../queries';
import type { Drawn } from './drawn';
import { lookOf, short, sizeOf } from './look';
import { graphOf, nothing, openedKey, pathsKey, shownOf, type Known } from './model';
import { missing, whole, type Entity, type Link } from './questions';
import { add, collapse, compact, EMPTY, expand, hide, MOST_NODES, pin, read, toggled, viewOf, type View } from './state';
import { after } from './steps';
import { learn, missingOf } from './store';
import { svg } from './svg';

function entity(id: string, type = 'Thing'): Entity {
  return { __typename: type, entityId: id, label: id.toUpperCase(), degree: 3 };
}

function statement(more: Partial<Statement> = {}): Statement {
  return { field: 'knows', value: null, edge: null, rank: 'NORMAL', valid: null, target: null, citations: [], ...more };
}

function link(to: string, forward = true, more: Partial<Statement> = {}): Omit<Link, 'from'> {
  return { to: entity(to), relation: 'KNOWS', forward, statement: statement(more) };
}

const opened = { id: 'a', relation: 'KNOWS', direction: 'OUT' as const, shown: 25 };

function knownOf(id: string, links: Omit<Link, 'from'>[], more: { total?: number; cursor?: string } = {}): Known {
  const known = nothing();
  known.entities.set(id, entity(id));
  known.opened.set(openedKey({ ...opened, id }), {
    entity: entity(id),
    links: {
      totalCount: more.total ?? links.length,
      pageInfo: { hasNextPage: more.cursor !== undefined, endCursor: more.cursor ?? null },
      nodes: links,
    },
  });
  return known;
}

describe('the address', () => {
  const full: View = {
    of: ['a.b', 'ü~&=?'],
    ofTypes: ['Company'],
    opened: [{ id: 'x.in.3.y', relation: 'MEMBER_OF', direction: 'IN', shown: 75 }, { id: 'b', relation: 'P', direction: 'BOTH', shown: 25 }],
    hidden: ['h'],
    pinned: [{ id: 'a.b', x: -12, y: 340 }],
    withoutTypes: ['Claim'],
    withoutRelations: ['ABOUT'],
    between: true,
    asOf: '2011',
    paths: { from: 'a', to: 'b', shown: 3, avoid: ['c', 'd'] },
    selected: 'KNOWS a b',
  };

  test('has the whole view', () => {
    const written = address.write({ page: 'neighborhood', ...full });
    const { pathname, search } = new URL(written, 'http://localhost');
    expect(address.read(pathname, search)).toEqual({ page: 'neighborhood', ...full });
  });

  test('of the empty view is the page', () => {
    expect(address.write({ page: 'neighborhood', ...EMPTY })).toBe('/neighborhood');
    expect(address.read('/neighborhood', '')).toEqual({ page: 'neighborhood', ...EMPTY });
  });

  test('that somebody wrote wrongly gives what can be read', () => {
    expect(read(new URLSearchParams('of=&of=a&of=a&open=nothing&open=R.in.0.a&open=R.up.3.a&pin=1.a&paths=-4&from=a&to=b&ofType=a%20b&open=R.out.99999.b'))).toEqual({
      ...EMPTY,
      of: ['a'],
      opened: [
        { id: 'a', relation: 'R', direction: 'IN', shown: 1 },
        { id: 'b', relation: 'R', direction: 'OUT', shown: MOST_NODES },
      ],
      paths: { from: 'a', to: 'b', shown: 1, avoid: [] },
    });
  });
});

describe('what the reader does', () => {
  test('expanding again asks for more of the same relation', () => {
    const once = expand(viewOf(['a']), 'a', 'KNOWS', 'OUT', 25);
    expect(expand(once, 'a', 'KNOWS', 'OUT', 50).opened).toEqual([{ ...opened, shown: 50 }]);
    expect(expand(once, 'a', 'KNOWS', 'IN', 25).opened).toHaveLength(2);
  });

  test('collapse closes one relation or all', () => {
    const view = expand(expand(viewOf(['a']), 'a', 'KNOWS', 'OUT', 25), 'a', 'LIKES', 'OUT', 25);
    expect(collapse(view, 'a', 'KNOWS', 'OUT').opened.map((it) => it.relation)).toEqual(['LIKES']);
    expect(collapse(view, 'a').opened).toEqual([]);
    expect(collapse(view, 'b').opened).toHaveLength(2);
  });

  test('what was hidden is shown again when it is added', () => {
    const hidden = hide(viewOf(['a', 'b']), 'b');
    expect(hidden.hidden).toEqual(['b']);
    expect(add(hidden, 'b')).toEqual({ ...viewOf(['a', 'b']), selected: 'b' });
  });

  test('pins are whole numbers, and are taken out', () => {
    const pinned = pin(EMPTY, 'a', { x: 1.4, y: -2.6 });
    expect(pinned.pinned).toEqual([{ id: 'a', x: 1, y: -3 }]);
    expect(pin(pinned, 'a', null).pinned).toEqual([]);
    expect(toggled(toggled([], 'x'), 'x')).toEqual([]);
    expect(compact(hide(EMPTY, 'a'))).not.toHaveProperty('selected');
  });
});

describe('the graph of a view', () => {
  const view = expand(viewOf(['a']), 'a', 'KNOWS', 'OUT', 25);

  test('has an edge once, from whichever end it was found', () => {
    const known = knownOf('a', [link('b')]);
    known.opened.set('KNOWS IN b', { entity: entity('b'), links: { totalCount: 1, pageInfo: { hasNextPage: false, endCursor: null }, nodes: [link('a', false)] } });
    const { nodes, edges } = graphOf(expand(view, 'b', 'KNOWS', 'IN', 25), known, new Set());
    expect(nodes.map((it) => it.entityId)).toEqual(['a', 'b']);
    expect(edges).toMatchObject([{ from: 'a', to: 'b', statements: [{}] }]);
  });

  test('has parallel edges as statements of one', () => {
    const known = knownOf('a', [link('b', true, { valid: { from: '1999', until: '2001' } }), link('b', true, { valid: { from: '2005', until: null } })]);
    expect(graphOf(view, known, new Set()).edges).toMatchObject([{ statements: [{}, {}] }]);
  });

  test('has no direction for symmetric relations', () => {
    const known = knownOf('b', [link('a')]);
    const { edges } = graphOf(expand(viewOf(['b']), 'b', 'KNOWS', 'OUT', 25), known, new Set(['KNOWS']));
    expect(edges).toMatchObject([{ from: 'a', to: 'b' }]);
  });

  test('counts what is not loaded', () => {
    expect(graphOf(view, knownOf('a', [link('b')], { total: 400, cursor: 'c' }), new Set()).total).toBe(401);
  });

  test('loses what hangs on an entity that is closed', () => {
    const known = knownOf('a', [link('b')]);
    known.opened.set('KNOWS OUT b', { entity: entity('b'), links: { totalCount: 1, pageInfo: { hasNextPage: false, endCursor: null }, nodes: [link('c')] } });
    // The order in which relations were opened does not count.
    const both = { ...view, opened: [{ ...opened, id: 'b' }, opened] };
    expect(graphOf(both, known, new Set()).nodes).toHaveLength(3);
    expect(graphOf(collapse(both, 'a'), known, new Set()).nodes.map((it) => it.entityId)).toEqual(['a']);
  });

  test('has at most the entities that a picture can have', () => {
    const many = Array.from({ length: MOST_NODES + 10 }, (_, no) => link(`n${no}`));
    const graph = graphOf(expand(view, 'a', 'KNOWS', 'OUT', 9_999), knownOf('a', many), new Set());
    expect(graph.nodes).toHaveLength(MOST_NODES);
    expect(graph.isFull).toBe(true);
    expect(graph.total).toBe(MOST_NODES + 11);
    expect(graph.edges).toHaveLength(MOST_NODES - 1);
  });

  test('distinguishes ids without an entity from those that are not loaded', () => {
    const known = nothing();
    known.entities.set('a', null);
    expect(graphOf(viewOf(['a', 'b']), known, new Set()).unknown).toEqual(['a']);
  });

  test('shows the steps of paths', () => {
    const paths = { from: 'a', to: 'c', shown: 1, avoid: [] };
    const known = nothing();
    known.paths.set(pathsKey(paths), {
      pageInfo: { hasNextPage: false, endCursor: null },
      nodes: [{ length: 2, steps: [{ ...link('b'), from: entity('a') }, { ...link('c', false), from: entity('b') }] }],
    });
    const { nodes, edges } = graphOf({ ...EMPTY, paths }, known, new Set());
    expect(nodes.every((it) => it.isOnPath)).toBe(true);
    expect(edges.map(({ from, to }) => `${from}→${to}`)).toEqual(['a→b', 'c→b']);
  });

  test('is shown without what filters leave out, and without what then hangs on nothing', () => {
    const known = knownOf('a', [link('b'), { ...link('c'), relation: 'LIKES' }, { ...link('d'), to: entity('d', 'Other') }]);
    const graph = graphOf(view, known, new Set());
    const ids = (more: Partial<View>) => shownOf(graph, { ...view, ...more }).nodes.map((it) => it.entityId);
    expect(ids({})).toEqual(['a', 'b', 'c', 'd']);
    expect(ids({ withoutTypes: ['Other'] })).toEqual(['a', 'b', 'c']);
    expect(ids({ withoutRelations: ['KNOWS'] })).toEqual(['a', 'c']);
    expect(ids({ hidden: ['b'] })).toEqual(['a', 'c', 'd']);
    expect(ids({ hidden: ['a'] })).toEqual([]);
  });
});

describe('what is asked', () => {
  test('is only what is not known, and the next page of a relation', () => {
    const known = knownOf('a', [link('b')], { total: 60, cursor: 'C' });
    const view = expand(viewOf(['a']), 'a', 'KNOWS', 'OUT', 26);
    const rest = missingOf(view, known);
    expect(rest).toEqual({ of: [], types: [], opened: [{ id: 'a', relation: 'KNOWS', direction: 'OUT', first: 25, after: 'C' }] });
    learn(known, rest, {
      open0: { ...entity('a'), links: { totalCount: 60, pageInfo: { hasNextPage: true, endCursor: 'D' }, nodes: Array.from({ length: 25 }, (_, no) => link(`n${no}`)) } },
    });
    expect(missing(missingOf(view, known))).toBeNull();
    expect(known.opened.get(openedKey(opened))?.links.nodes).toHaveLength(26);
  });

  test('is one question with the ids and the date as variables', () => {
    const view = { ...expand(viewOf(['a"']), 'a"', 'KNOWS', 'OUT', 25), asOf: '2011' };
    const question = whole(view);
    expect(question?.variables).toEqual({ asOf: '2011', of: ['a"?asOf=2011'], open0: 'a"' });
    expect(question?.query).not.toContain('a"');
    expect(question?.query).toContain('links(via: [KNOWS], direction: OUT, first: 25)');
    expect(whole(EMPTY)).toBeNull();
  });
});

describe('steps', () => {
  test('go back, forward, and on from where they are', () => {
    const empty = { list: [], at: -1 };
    const three = ['a', 'b', 'c'].reduce(after, empty);
    expect(three).toEqual({ list: ['a', 'b', 'c'], at: 2 });
    const back = after(three, 'b');
    expect(back).toEqual({ list: ['a', 'b', 'c'], at: 1 });
    expect(after(back, 'c').at).toBe(2);
    expect(after(back, 'd')).toEqual({ list: ['a', 'b', 'd'], at: 2 });
    expect(after(back, 'b')).toEqual(back);
  });

  test('are bounded', () => {
    const many = Array.from({ length: 500 }, (_, no) => String(no)).reduce(after, { list: [] as string[], at: -1 });
    expect(many.list).toHaveLength(200);
    expect(many.list[many.at]).toBe('499');
  });
});

describe('the look', () => {
  test('distinguishes up to 64 types', () => {
    const types = Array.from({ length: 64 }, (_, no) => `T${no}`);
    expect(new Set(types.map((type) => JSON.stringify(lookOf(type, types)))).size).toBe(64);
  });

  test('grows with the degree, up to a limit', () => {
    expect(sizeOf(0)).toBeLessThan(sizeOf(10));
    expect(sizeOf(1e9)).toBe(72);
  });

  test('shortens labels between letters', () => {
    expect(short('short')).toBe('short');
    expect(short('👩‍👩‍👧'.repeat(40))).toBe(`${'👩‍👩‍👧'.repeat(31)}…`);
  });
});

test('the SVG escapes labels, and has a shape for each entity that has a place', () => {
  const node = { size: 20, colour: '#0072b2', isPinned: false, isOnPath: false, isSelected: false };
  const drawn: Drawn = {
    nodes: [
      { ...node, id: 'a', label: '<A> & "B"\u0000', shape: 'ellipse' },
      { ...node, id: 'b', label: 'B', shape: 'star' },
      { ...node, id: 'c', label: 'C', shape: 'diamond' },
    ],
    edges: [
      { id: 'e', from: 'a', to: 'b', label: 'Knows', isDirected: true, isOnPath: false, isSelected: false },
      { id: 'f', from: 'a', to: 'c', label: 'Knows', isDirected: true, isOnPath: false, isSelected: false },
    ],
  };
  const text = svg(drawn, new Map([['a', { x: 0, y: 0 }], ['b', { x: 100, y: 0 }]]), { paper: '#fff', ink: '#000', line: '#777', accent: '#00f' });
  expect(text).toContain('&#60;A&#62; &#38; &#34;B&#34;</text>');
  expect(text.match(/<circle/g)).toHaveLength(1);
  expect(text.match(/<polygon/g)).toHaveLength(1);
  // The arrow ends at the border of its target.
  expect(text.match(/<line [^>]*x2="88"/g)).toHaveLength(1);
  expect(svg({ nodes: [], edges: [] }, new Map(), { paper: '#fff', ink: '#000', line: '#777', accent: '#00f' })).toContain('</svg>');
});
