import type { Place } from '../address';
import { useAnswer } from '../answer';
import { amount, count, fieldLabel, marked, validity, words } from '../format';
import * as matches from '../matches';
import { Link } from '../navigation';
import { viewOf } from '../neighborhood/state';
import { EntityList, NameList, Pages, TypeCounts } from '../parts/lists';
import { Prose } from '../parts/prose';
import { SearchBox } from '../parts/search-box';
import { Errors, Loading, ShowAsQuery, Shown, Title } from '../parts/states';
import {
  browse,
  browseFacets,
  contents,
  facetCounts,
  COUNTED,
  facetFields,
  typesFound,
  near,
  search,
  type Browsed,
  type Contents,
  type Facet,
  type FacetCounts,
  type FacetFields,
  type TypesFound,
  type Found,
  type Name,
  type Near,
} from '../queries';
import { facetsOf } from '../vocabulary';

interface Search {
  query: string;
  types: string[];
  facets?: string[];
  after?: string;
}

/** Types with their counts, as links that add one to the filter or take it away. */
function TypeFilter({ query, types, counts, note }: Search & { counts: [string, number][]; note?: string }) {
  const shown = [...counts, ...types.filter((type) => !counts.some(([name]) => name === type)).map((type): [string, number] => [type, 0])];
  if (shown.length === 0) {
    return null;
  }
  return (
    <nav className="facets" aria-label="Types">
      <h2>Types</h2>
      <TypeCounts
        types={shown.map(([name, count]) => ({ name, count }))}
        isChosen={(name) => types.includes(name)}
        to={(name) => ({ page: 'search', query, types: types.includes(name) ? types.filter((it) => it !== name) : [...types, name] })}
      />
      {types.length > 0 && (
        <p>
          <Link to={{ page: 'search', query, types: [] }}>All types</Link>
        </p>
      )}
      {note && <p className="muted">{note}</p>}
    </nav>
  );
}

function Fragment({ html }: { html: string }) {
  return (
    <span dir="auto">
      {marked(html).map(({ text, mark }, no) => (mark ? <mark key={no}>{text}</mark> : <span key={no}>{text}</span>))}
    </span>
  );
}

type Hit = NonNullable<Found['search']>['edges'][number];

function Result({ hit: { node, highlights, matched } }: { hit: Hit }) {
  // The label is shown already.
  const said = highlights.filter(({ fragments }) => fragments.some((it) => marked(it).map(({ text }) => text).join('') !== node.label));
  return (
    <>
      {node.description && !said.some(({ field }) => field === 'description') && <p dir="auto">{node.description}</p>}
      {said.slice(0, 3).map(({ field, fragments }) => {
        const former = matched.find((it) => it.field === field && (it.rank === 'DEPRECATED' || it.valid?.until));
        return (
          <p key={field} className="highlight">
            <span className="highlight-field">
              {fieldLabel(field)}
              {former && ` (${[former.rank === 'DEPRECATED' ? 'deprecated' : '', former.valid ? validity(former.valid) : ''].filter(Boolean).join(', ')})`}
            </span>{' '}
            {fragments.slice(0, 2).map((fragment, no) => (
              <span key={no}>
                {no > 0 && ' … '}
                <Fragment html={fragment} />
              </span>
            ))}
          </p>
        );
      })}
    </>
  );
}

function NearMisses({ query }: { query: string }) {
  const asked = useAnswer<Near>(near(query));
  if (asked.state === 'loading') {
    return <Loading lines={2} />;
  }
  const data = asked.state === 'answered' ? asked.answer.data : null;
  const all: Name[] = [...(data?.search?.nodes ?? []), ...(data?.suggest ?? []).map(({ entity }) => entity)];
  const once = [...new Map(all.map((entity) => [entity.entityId, entity])).values()].slice(0, 10);
  return once.length === 0 ? (
    <p>Try fewer or other words, or look through the types below.</p>
  ) : (
    <>
      <p>Did you mean:</p>
      <NameList entities={once} />
    </>
  );
}

/** Questions and types of the graph that the text may mean, before what is found in its entities. */
function Meant({ query }: { query: string }) {
  const asked = useAnswer<Contents>(contents());
  const graph = asked.state === 'answered' ? asked.answer.data?.graph : undefined;
  const types = matches.types(query, graph?.types ?? []).filter((type) => type.count > 0);
  const questions = matches.questions(query, graph?.examples ?? []);
  return types.length + questions.length === 0 ? null : (
    <ul className="meant" aria-label="Questions and types">
      {types.map((type) => (
        <li key={type.name}>
          <Link to={{ page: 'search', query: '', types: [type.name] }}>
            {words(type.name)}: {count(type.count, 'entity', 'entities')}
          </Link>
        </li>
      ))}
      {questions.map(({ title, query }) => (
        <li key={title}>
          <Link dir="auto" to={{ page: 'answer', title, query }}>
            {title}
          </Link>
        </li>
      ))}
    </ul>
  );
}

function FoundTypes(props: Search) {
  const asked = useAnswer<TypesFound>(typesFound(props.query));
  if (asked.state !== 'answered' || !asked.answer.data?.search) {
    return null;
  }
  const { totalCount, nodes } = asked.answer.data.search;
  const counts = new Map<string, number>();
  for (const { __typename } of nodes) {
    counts.set(__typename, (counts.get(__typename) ?? 0) + 1);
  }
  const note = totalCount > COUNTED ? `Counted over the first ${amount(COUNTED)} results.` : undefined;
  return <TypeFilter {...props} counts={[...counts].sort(([, a], [, b]) => b - a)} note={note} />;
}

/** The place of a page of the results. */
function pageOf({ query, types, facets }: Search): (after?: string) => Place {
  return (after) => ({ page: 'search', query, types, ...(facets ? { facets } : {}), ...(after === undefined ? {} : { after }) });
}

/** The entities of this page and the edges between them, as a picture. */
function AsPicture({ entities }: { entities: Name[] }) {
  return entities.length === 0 ? null : (
    <Link to={{ page: 'neighborhood', ...viewOf(entities.map(({ entityId }) => entityId), { between: true }) }}>Neighborhood of these</Link>
  );
}

function Results(place: Search) {
  const question = search(place.query, place.types, place.after);
  const asked = useAnswer<Found>(question);
  return (
    <div className="with-facets">
      <FoundTypes {...place} />
      <section aria-label="Results" className="results">
        {place.after === undefined && <Meant query={place.query} />}
        <Shown asked={asked} lines={8}>
          {({ data, errors }) =>
            data.search ? (
              <>
                <p className="facts-line" role="status">
                  <span>{count(data.search.totalCount, 'result')}</span>
                  <AsPicture entities={data.search.edges.map(({ node }) => node)} />
                  {data.search.ignored > 0 && <span>The last {count(data.search.ignored, 'word')} of the text were not searched</span>}
                </p>
                {data.search.totalCount === 0 ? (
                  <>
                    <p>Nothing was found for “{place.query}”{place.types.length > 0 ? ' among these types' : ''}.</p>
                    <NearMisses query={place.query} />
                  </>
                ) : (
                  <EntityList items={data.search.edges} entity={(hit) => hit.node}>
                    {(hit) => <Result hit={hit} />}
                  </EntityList>
                )}
                <Pages place={pageOf(place)} after={place.after} pageInfo={data.search.pageInfo} />
              </>
            ) : (
              <Errors errors={errors} />
            )
          }
        </Shown>
        <ShowAsQuery question={question} />
      </section>
    </div>
  );
}

/** The values of a type's enums and booleans with their counts, as links that choose one or let it go. */
function ValueFilter({ type, list, facets, place }: { type: string; list: string; facets: Facet[]; place: Search }) {
  const asked = useAnswer<FacetCounts>(facetCounts(list, type, facets));
  const data = asked.state === 'answered' ? asked.answer.data : null;
  return facets.map(({ name, chosen }) => {
    const groups = data?.[name]?.aggregate.groupBy ?? [];
    if (groups.length === 0) {
      return null;
    }
    const others = (place.facets ?? []).filter((it) => !it.startsWith(`${name}:`));
    return (
      <section key={name} aria-label={fieldLabel(name)}>
        <h2>{fieldLabel(name)}</h2>
        <ul>
          {groups.map(({ key, count }) => {
            const value = String(key);
            const isChosen = value === chosen;
            const wanted = isChosen ? others : [...others, `${name}:${value}`];
            return (
              <li key={value}>
                <Link aria-current={isChosen ? 'true' : undefined} to={{ page: 'search', query: '', types: [type], ...(wanted.length > 0 ? { facets: wanted } : {}) }}>
                  {typeof key === 'boolean' ? (key ? 'Yes' : 'No') : words(value)}
                </Link>
                <span className="count">{amount(count)}</span>
              </li>
            );
          })}
        </ul>
      </section>
    );
  });
}

/** Values of fields can only be chosen within one type. */
function useFacets({ types, facets }: Search): { isLoading: boolean; list?: string; facets: Facet[] } {
  const [type, ...others] = types;
  const question = type !== undefined && others.length === 0 ? facetFields(type) : null;
  const asked = useAnswer<FacetFields>(question);
  if (!question || type === undefined || asked.state === 'gone') {
    return { isLoading: false, facets: [] };
  }
  if (asked.state === 'loading') {
    return { isLoading: true, facets: [] };
  }
  return { isLoading: false, ...(asked.answer.data ? facetsOf(type, asked.answer.data, facets ?? []) : { facets: [] }) };
}

function Browse(place: Search) {
  const [type = ''] = place.types;
  const { isLoading, list, facets } = useFacets(place);
  const hasChosen = facets.some((it) => it.chosen !== undefined);
  // Which question it is depends on the fields of the type.
  const isUnclear = isLoading && place.facets !== undefined;
  const question =
    place.types.length === 0 || isUnclear ? null : list && hasChosen ? browseFacets(list, type, facets, place.after) : browse(place.types, place.after);
  const counted = contents();
  const types = useAnswer<Contents>(counted);
  const asked = useAnswer<Browsed>(question);
  const all = types.state === 'answered' ? (types.answer.data?.graph.types ?? []) : [];
  const counts = all.filter((it) => it.count > 0).map((it): [string, number] => [it.name, it.count]);
  const description = all.find((it) => it.name === type)?.description;
  if (place.types.length === 0) {
    return (
      <div className="with-facets">
        <TypeFilter {...place} counts={counts} />
        <section>
          <p>Type a name or some words, or choose a type.</p>
          <ShowAsQuery question={counted} />
        </section>
      </div>
    );
  }
  return (
    <div className="with-facets">
      <div className="facets filters">
        {list && facets.length > 0 && <ValueFilter type={type} list={list} facets={facets} place={place} />}
        <TypeFilter {...place} counts={counts} />
      </div>
      <section aria-label="Entities" className="results">
        {place.types.length === 1 && description && <p className="muted"><Prose text={description} /></p>}
        <Shown asked={asked} lines={8}>
          {({ data, errors }) =>
            data.entities ? (
              <>
                <p className="facts-line" role="status">
                  <span>{count(data.entities.totalCount, 'entity', 'entities')}</span>
                  <AsPicture entities={data.entities.nodes} />
                </p>
                <EntityList items={data.entities.nodes} entity={(node) => node} hasTypes={place.types.length > 1}>
                  {({ description }) => description && <p dir="auto">{description}</p>}
                </EntityList>
                <Pages place={pageOf(place)} after={place.after} pageInfo={data.entities.pageInfo} />
              </>
            ) : (
              <Errors errors={errors} />
            )
          }
        </Shown>
        {question && <ShowAsQuery question={question} />}
      </section>
    </div>
  );
}

export function SearchPage(given: Search) {
  const place = { ...given, query: given.query.trim() };
  const title = place.query || place.types.map(words).join(', ') || 'Search';
  return (
    <article>
      <Title>{place.query ? `${place.query} · Search` : title}</Title>
      <h1 className="page-title">{place.query ? 'Search' : title}</h1>
      <SearchBox key={place.query} label="Search names and texts" text={place.query} autoFocus={place.query === '' && place.types.length === 0} />
      {place.query ? <Results {...place} /> : <Browse {...place} />}
    </article>
  );
}
