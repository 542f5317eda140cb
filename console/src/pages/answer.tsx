import { useAnswer } from '../answer';
import { cited } from '../cite';
import type { CitedPlace } from '../client';
import { fieldLabel, words } from '../format';
import { Link } from '../navigation';
import { Errors, ShowAsQuery, Shown, Title } from '../parts/states';
import { Citations } from '../parts/statements';
import { Value } from '../parts/value';

type Path = (string | number)[];
type Sources = Map<string, CitedPlace['citations']>;

function keyOf(path: Path): string {
  return JSON.stringify(path);
}

function SourcesOf({ path, paths = path ? [path] : [], sources }: { path?: Path; paths?: Path[]; sources: Sources }) {
  const found = paths.flatMap((it) => sources.get(keyOf(it)) ?? []);
  const citations = found.map(({ source, locator, note }) => ({ locator, note, source: { entityId: source.id, label: source.title } }));
  // An entity and the edge that leads to it often rest on the same place.
  const once = new Map(citations.map((it) => [JSON.stringify(it), it]));
  return once.size > 0 ? <Citations citations={[...once.values()]} /> : null;
}

interface Entry {
  name: string;
  value: unknown;
  path: Path;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** The fields of an object. Those of the `node` of an edge are listed with the edge's own. */
function entriesOf(fields: Record<string, unknown>, path: Path): Entry[] {
  return Object.entries(fields).flatMap(([name, value]) =>
    name === 'node' && isObject(value) ? entriesOf(value, [...path, name]) : [{ name, value, path: [...path, name] }],
  );
}

/** Replaces a connection that was asked only for its items by the items. */
function unwrapped(value: unknown, path: Path): { value: unknown; path: Path } {
  const entries = isObject(value) ? Object.entries(value) : [];
  const [name, inner] = entries[0] ?? [];
  return entries.length === 1 && (name === 'nodes' || name === 'edges') ? { value: inner, path: [...path, name] } : { value, path };
}

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || (Array.isArray(value) && value.length === 0);
}

/** The places that a query asks for itself, as the field `citations` of statements. */
function Places({ list }: { list: unknown[] }) {
  return list.filter(isObject).map(({ source, locator, note }, no) => (
    <span key={no} className="answer-place">
      {isObject(source) && [source.title, source.label].find((it) => typeof it === 'string')}{' '}
      {typeof locator === 'string' && <span className="locator">{locator}</span>}{' '}
      {typeof note === 'string' && <span className="note">{note}</span>}
    </span>
  ));
}

const NAMES = ['label', 'name', 'title'];
const IDS = ['entityId', 'id'];

function isConstant(value: unknown): boolean {
  return typeof value === 'string' && /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/.test(value);
}

function Item({ value: given, path: at, sources }: { value: unknown; path: Path; sources: Sources }) {
  const { value, path } = unwrapped(given, at);
  if (isEmpty(value)) {
    return <span className="muted">None</span>;
  }
  if (Array.isArray(value)) {
    if (path.at(-1) === 'citations') {
      return <Places list={value} />;
    }
    return (
      <ul className="answer-list">
        {value.map((item: unknown, no) => (
          <li key={no}>
            <Item value={item} path={[...path, no]} sources={sources} />
          </li>
        ))}
      </ul>
    );
  }
  if (path.at(-1) === 'field' && typeof value === 'string') {
    return <span>{fieldLabel(value)}</span>;
  }
  if (!isObject(value) || 'coordinates' in value) {
    return (
      <span className="answer-value">
        <span>
          <Value value={value} type={isObject(value) ? 'Point' : undefined} isEnum={isConstant(value)} />
        </span>
        <SourcesOf path={path} sources={sources} />
      </span>
    );
  }
  return <Fields fields={value} path={path} sources={sources} />;
}

function Fields({ fields, path, sources }: { fields: Record<string, unknown>; path: Path; sources: Sources }) {
  const entries = entriesOf(fields, path);
  const find = (names: string[]) => names.flatMap((name) => entries.find((it) => it.name === name && typeof it.value === 'string') ?? [])[0];
  const name = find(NAMES);
  const id = find(IDS);
  const type = find(['__typename']);
  const title = name ?? id;
  const shown = entries.filter((it) => it !== name && it !== id && it !== type && !isEmpty(unwrapped(it.value, it.path).value));
  // The edge that led here has its own sources.
  const places = [path, [...path, 'node'], ...(name ? [name.path] : [])];
  return (
    <div className="answer-fields">
      {title && (
        <div className="answer-value">
          <span className="answer-name">
            {id ? (
              <Link dir="auto" to={{ page: 'entity', id: String(id.value) }}>
                {String(title.value)}
              </Link>
            ) : (
              <span dir="auto">{String(title.value)}</span>
            )}
            {type && <span className="type-name"> {words(String(type.value))}</span>}
          </span>
          <SourcesOf paths={places} sources={sources} />
        </div>
      )}
      {shown.length > 0 && (
        <dl>
          {shown.map(({ name, value, path }) => (
            <div key={path.join(' ')}>
              <dt>{words(name)}</dt>
              <dd>
                <Item value={value} path={path} sources={sources} />
              </dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}

/** An answer to one question is that field's answer. */
function Whole({ data, sources }: { data: Record<string, unknown>; sources: Sources }) {
  const [only, ...others] = Object.entries(data);
  return only && others.length === 0 ? <Item value={only[1]} path={[only[0]]} sources={sources} /> : <Item value={data} path={[]} sources={sources} />;
}

export function AnswerPage({ query, title }: { query: string; title?: string }) {
  const question = { query: cited(query), variables: {} };
  const asked = useAnswer<Record<string, unknown>>(query ? question : null);
  return (
    <article className="answer">
      <Title>{title ?? 'Answer'}</Title>
      <h1 className="page-title" dir="auto">
        {title ?? 'Answer'}
      </h1>
      {query === '' ? (
        <p>This address has no query.</p>
      ) : (
        <Shown asked={asked} lines={8}>
          {({ data, errors, extensions }) => (
            <>
              {errors.length > 0 && <Errors errors={errors} />}
              <Whole
                data={data}
                sources={new Map((extensions?.citations ?? []).map((it) => [keyOf(it.path), it.citations]))}
              />
            </>
          )}
        </Shown>
      )}
      {query && (
        <p className="links">
          <ShowAsQuery question={question} />
          <Link className="as-query" to={{ page: 'graphiql', query, view: 'graph' }}>
            Show as a graph
          </Link>
        </p>
      )}
    </article>
  );
}
