// The addresses of the console's pages. A place is the whole state of a page, and `read` and `write` are inverse.

import * as neighborhood from './neighborhood/state';

/** Views of GraphiQL beside the JSON. */
export type View = 'table' | 'sources' | 'graph';

const VIEWS = new Set<string | undefined>(['table', 'sources', 'graph']);

export type Place =
  | { page: 'home' }
  /** A facet is a field with one of its values, such as `kind:STEAMER`. */
  | { page: 'search'; query: string; types: string[]; facets?: string[]; after?: string }
  | { page: 'entity'; id: string; asOf?: string; field?: string; after?: string }
  | { page: 'source'; id: string; locator?: string; after?: string }
  | { page: 'answer'; query: string; title?: string }
  | { page: 'schema'; type?: string; query?: string }
  | ({ page: 'neighborhood' } & neighborhood.View)
  | { page: 'graphiql'; query?: string; variables?: string; view?: View }
  | { page: 'unknown'; path: string };

/** Encodes all characters that RFC 3986 does not list as unreserved. */
export function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Decodes once. A text that is not well-formed stands for itself. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function text(parameters: URLSearchParams, name: string): string | undefined {
  const value = parameters.get(name);
  return value === null || value === '' ? undefined : value;
}

/** Leaves out what is not given, so that equal places are equal objects. */
function present<T extends object>(place: T): T {
  return Object.fromEntries(Object.entries(place).filter(([, value]) => value !== undefined)) as T;
}

export function read(path: string, search: string): Place {
  const parameters = new URLSearchParams(search);
  const after = text(parameters, 'after');
  if (path === '/') {
    return { page: 'home' };
  }
  if (path === '/search') {
    const facets = parameters.getAll('facet');
    return present({
      page: 'search',
      query: parameters.get('q') ?? '',
      types: parameters.getAll('type'),
      facets: facets.length > 0 ? facets : undefined,
      after,
    });
  }
  if (path === '/answer') {
    return present({ page: 'answer', query: parameters.get('query') ?? '', title: text(parameters, 'title') });
  }
  if (path === '/schema') {
    return present({ page: 'schema', type: text(parameters, 'type'), query: text(parameters, 'q') });
  }
  if (path === '/neighborhood') {
    return { page: 'neighborhood', ...neighborhood.read(parameters) };
  }
  if (path === '/graphiql') {
    const view = text(parameters, 'view');
    return present({
      page: 'graphiql',
      query: text(parameters, 'query'),
      variables: text(parameters, 'variables'),
      view: VIEWS.has(view) ? (view as View) : undefined,
    });
  }
  const [, kind, rest] = /^\/(entity|source)\/(.+)$/.exec(path) ?? [];
  if (kind === 'entity' && rest) {
    return present({
      page: 'entity',
      id: decode(rest),
      asOf: text(parameters, 'asOf'),
      field: text(parameters, 'field'),
      after,
    });
  }
  if (kind === 'source' && rest) {
    return present({ page: 'source', id: decode(rest), locator: text(parameters, 'locator'), after });
  }
  return { page: 'unknown', path };
}

function withParameters(path: string, pairs: [string, string | undefined][]): string {
  const given = pairs.filter((pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== '');
  const parameters = given.map(([name, value]) => `${name}=${encode(value)}`);
  return parameters.length > 0 ? `${path}?${parameters.join('&')}` : path;
}

export function write(place: Place): string {
  switch (place.page) {
    case 'home':
      return '/';
    case 'search':
      return withParameters('/search', [
        ['q', place.query],
        ...place.types.map((type): [string, string] => ['type', type]),
        ...(place.facets ?? []).map((facet): [string, string] => ['facet', facet]),
        ['after', place.after],
      ]);
    case 'entity':
      return withParameters(`/entity/${encode(place.id)}`, [
        ['asOf', place.asOf],
        ['field', place.field],
        ['after', place.after],
      ]);
    case 'source':
      return withParameters(`/source/${encode(place.id)}`, [
        ['locator', place.locator],
        ['after', place.after],
      ]);
    case 'answer':
      return withParameters('/answer', [
        ['title', place.title],
        ['query', place.query],
      ]);
    case 'schema':
      return withParameters('/schema', [
        ['type', place.type],
        ['q', place.query],
      ]);
    case 'neighborhood':
      return withParameters('/neighborhood', neighborhood.pairs(place));
    case 'graphiql':
      return withParameters('/graphiql', [
        ['query', place.query],
        ['variables', place.variables],
        ['view', place.view],
      ]);
    case 'unknown':
      return place.path;
  }
}
