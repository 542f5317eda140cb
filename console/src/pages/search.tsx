import type { Place } from '../address';
import { useAnswer } from '../answer';
import { amount, count, fieldLabel, marked, validity, words } from '../format';
import * as matches from '../matches';
import { Link } from '../navigation';
import { EntityList, NameList, Pages, TypeCounts } from '../parts/lists';
import { Prose } from '../parts/prose';
import { SearchBox } from '../parts/search-box';
import { Errors, Loading, ShowAsQuery, Shown, Title } from '../parts/states';
import {
  browse,
  contents,
  facets,
  FACETED,
  near,
  search,
  type Browsed,
  type Contents,
  type Facets,
  type Found,
  type Name,
  type Near,
} from '../queries';

interface Search {
  query: string;
  types: string[];
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

function Facet(props: Search) {
  const asked = useAnswer<Facets>(facets(props.query));
  if (asked.state !== 'answered' || !asked.answer.data?.search) {
    return null;
  }
  const { totalCount, nodes } = asked.answer.data.search;
  const counts = new Map<string, number>();
  for (const { __typename } of nodes) {
    counts.set(__typename, (counts.get(__typename) ?? 0) + 1);
  }
  const note = totalCount > FACETED ? `Counted over the first ${amount(FACETED)} results.` : undefined;
  return <TypeFilter {...props} counts={[...counts].sort(([, a], [, b]) => b - a)} note={note} />;
}

/** The place of a page of the results. */
function pageOf({ query, types }: Search): (after?: string) => Place {
  return (after) => ({ page: 'search', query, types, ...(after === undefined ? {} : { after }) });
}

function Results(place: Search) {
  const question = search(place.query, place.types, place.after);
  const asked = useAnswer<Found>(question);
  return (
    <div className="with-facets">
      <Facet {...place} />
      <section aria-label="Results" className="results">
        {place.after === undefined && <Meant query={place.query} />}
        <Shown asked={asked} lines={8}>
          {({ data, errors }) =>
            data.search ? (
              <>
                <p className="facts-line" role="status">
                  <span>{count(data.search.totalCount, 'result')}</span>
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

function Browse(place: Search) {
  const question = place.types.length > 0 ? browse(place.types, place.after) : null;
  const counted = contents();
  const types = useAnswer<Contents>(counted);
  const asked = useAnswer<Browsed>(question);
  const all = types.state === 'answered' ? (types.answer.data?.graph.types ?? []) : [];
  const counts = all.filter((type) => type.count > 0).map((type): [string, number] => [type.name, type.count]);
  const description = all.find((type) => type.name === place.types[0])?.description;
  if (!question) {
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
      <TypeFilter {...place} counts={counts} />
      <section aria-label="Entities" className="results">
        {place.types.length === 1 && description && <p className="muted"><Prose text={description} /></p>}
        <Shown asked={asked} lines={8}>
          {({ data, errors }) =>
            data.entities ? (
              <>
                <p className="facts-line" role="status">
                  <span>{count(data.entities.totalCount, 'entity', 'entities')}</span>
                </p>
                <EntityList items={data.entities.nodes} entity={(node) => node}>
                  {({ description }) => description && <p dir="auto">{description}</p>}
                </EntityList>
                <Pages place={pageOf(place)} after={place.after} pageInfo={data.entities.pageInfo} />
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
