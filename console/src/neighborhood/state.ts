// The state of the neighborhood view, its form in an address, and what the reader can do with it.

export type Direction = 'OUT' | 'IN' | 'BOTH';

/** The first edges of one relation at one entity. */
export interface Opened {
  id: string;
  relation: string;
  direction: Direction;
  /** How many edges are asked for. */
  shown: number;
}

export interface Pin {
  id: string;
  x: number;
  y: number;
}

export interface PathsBetween {
  from: string;
  to: string;
  /** How many paths are asked for, the shortest first. */
  shown: number;
  avoid: string[];
}

export interface View {
  /** Entities that were chosen themselves. */
  of: string[];
  /** Types whose first entities are shown. */
  ofTypes: string[];
  opened: Opened[];
  hidden: string[];
  pinned: Pin[];
  withoutTypes: string[];
  withoutRelations: string[];
  /** Whether all edges between the shown entities are asked for. */
  between: boolean;
  asOf?: string;
  paths?: PathsBetween;
  /** The id of an entity, or the key of an edge. */
  selected?: string;
}

/** How many edges one click adds. */
export const STEP = 25;
/** How many entities of a type are shown. */
export const OF_TYPE = 25;
/** The most entities in the picture. */
export const MOST_NODES = 2_000;

export const EMPTY: View = {
  of: [],
  ofTypes: [],
  opened: [],
  hidden: [],
  pinned: [],
  withoutTypes: [],
  withoutRelations: [],
  between: false,
};

/** The view of some entities, for links of other pages. */
export function viewOf(ids: string[], more: Partial<View> = {}): View {
  return { ...EMPTY, of: [...new Set(ids)].slice(0, MOST_NODES), ...more };
}

const LETTERS: Record<Direction, string> = { OUT: 'out', IN: 'in', BOTH: 'both' };
const DIRECTIONS = new Map(Object.entries(LETTERS).map(([direction, letter]) => [letter, direction as Direction]));

function writtenOpened({ id, relation, direction, shown }: Opened): string {
  return `${relation}.${LETTERS[direction]}.${shown}.${id}`;
}

/** A name in GraphQL has no dot, so the id is what follows the third one. */
function readOpened(text: string): Opened[] {
  const [, relation, letter = '', shown, id] = /^(\w+)\.(out|in|both)\.(\d{1,5})\.(.+)$/s.exec(text) ?? [];
  const direction = DIRECTIONS.get(letter);
  return relation && direction && id ? [{ id, relation, direction, shown: Math.min(Math.max(Number(shown), 1), MOST_NODES) }] : [];
}

function writtenPin({ id, x, y }: Pin): string {
  return `${x}.${y}.${id}`;
}

function readPin(text: string): Pin[] {
  const [, x, y, id] = /^(-?\d{1,6})\.(-?\d{1,6})\.(.+)$/s.exec(text) ?? [];
  return id ? [{ id, x: Number(x), y: Number(y) }] : [];
}

/** At most this many paths are shown. */
export const MOST_PATHS = 20;

export function read(parameters: URLSearchParams): View {
  const from = parameters.get('from');
  const to = parameters.get('to');
  const shown = Math.min(Math.max(Number.parseInt(parameters.get('paths') ?? '1', 10) || 1, 1), MOST_PATHS);
  const asOf = parameters.get('asOf');
  const selected = parameters.get('at');
  return {
    of: [...new Set(parameters.getAll('of').filter(Boolean))].slice(0, MOST_NODES),
    ofTypes: parameters.getAll('ofType').filter((name) => /^\w+$/.test(name)),
    opened: parameters.getAll('open').flatMap(readOpened),
    hidden: parameters.getAll('hide').filter(Boolean),
    pinned: parameters.getAll('pin').flatMap(readPin),
    withoutTypes: parameters.getAll('withoutType').filter(Boolean),
    withoutRelations: parameters.getAll('without').filter(Boolean),
    between: parameters.get('between') === '1',
    ...(asOf ? { asOf } : {}),
    ...(from && to ? { paths: { from, to, shown, avoid: parameters.getAll('avoid').filter(Boolean) } } : {}),
    ...(selected ? { selected } : {}),
  };
}

export function pairs(view: View): [string, string | undefined][] {
  const each = (name: string, list: string[]) => list.map((value): [string, string] => [name, value]);
  return [
    ...each('of', view.of),
    ...each('ofType', view.ofTypes),
    ...each('open', view.opened.map(writtenOpened)),
    ...each('hide', view.hidden),
    ...each('pin', view.pinned.map(writtenPin)),
    ...each('withoutType', view.withoutTypes),
    ...each('without', view.withoutRelations),
    ['between', view.between ? '1' : undefined],
    ['asOf', view.asOf],
    ['from', view.paths?.from],
    ['to', view.paths?.to],
    ['paths', view.paths && view.paths.shown > 1 ? String(view.paths.shown) : undefined],
    ...each('avoid', view.paths?.avoid ?? []),
    ['at', view.selected],
  ];
}

// --- Actions of the reader. Each gives a new view.

function without(list: string[], value: string): string[] {
  return list.filter((it) => it !== value);
}

export function toggled(list: string[], value: string): string[] {
  return list.includes(value) ? without(list, value) : [...list, value];
}

export function isOf(opened: Opened, id: string, relation: string, direction: Direction): boolean {
  return opened.id === id && opened.relation === relation && opened.direction === direction;
}

export function add(view: View, id: string): View {
  return {
    ...view,
    of: view.of.includes(id) ? view.of : [...view.of, id],
    hidden: without(view.hidden, id),
    selected: id,
  };
}

/** Asks for the next edges of a relation. */
export function expand(view: View, id: string, relation: string, direction: Direction, shown: number): View {
  const known = view.opened.find((it) => isOf(it, id, relation, direction));
  return {
    ...view,
    opened: known
      ? view.opened.map((it) => (it === known ? { ...it, shown } : it))
      : [...view.opened, { id, relation, direction, shown }],
  };
}

/** Closes one relation of an entity, or all. */
export function collapse(view: View, id: string, relation?: string, direction?: Direction): View {
  const isClosed = (it: Opened) => it.id === id && (relation === undefined || (it.relation === relation && it.direction === direction));
  return { ...view, opened: view.opened.filter((it) => !isClosed(it)) };
}

export function hide(view: View, id: string): View {
  return { ...view, hidden: [...without(view.hidden, id), id], selected: undefined };
}

/** Null lets the entity go. */
export function pin(view: View, id: string, at: { x: number; y: number } | null): View {
  const others = view.pinned.filter((it) => it.id !== id);
  return { ...view, pinned: at ? [...others, { id, x: Math.round(at.x), y: Math.round(at.y) }] : others };
}

/** The view without what is not given, so that equal views are equal objects. */
export function compact(view: View): View {
  return Object.fromEntries(Object.entries(view).filter(([, value]) => value !== undefined)) as unknown as View;
}
