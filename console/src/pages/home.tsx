import { useAnswer } from '../answer';
import { amount, count, date } from '../format';
import { Link } from '../navigation';
import { TypeCounts } from '../parts/lists';
import { SearchBox } from '../parts/search-box';
import { ShowAsQuery, Shown, Title } from '../parts/states';
import { Timeline } from '../parts/timeline';
import { home, newest, type Home, type Newest } from '../queries';

const HOME = home();
const NEWEST = newest(new Date().toISOString().slice(0, 10));

function Types({ types }: { types: Home['graph']['types'] }) {
  const full = types.filter((type) => type.count > 0);
  if (full.length === 0) {
    return <p>This graph is empty. Its data files have no entities yet.</p>;
  }
  return (
    <TypeCounts
      className="types"
      types={full.map(({ description, ...type }) => ({ ...type, title: description }))}
      to={(name) => ({ page: 'search', query: '', types: [name] })}
    />
  );
}

/** How many questions are shown at once. */
const MOST_QUESTIONS = 10;

function Question({ title, query }: { title: string; query: string }) {
  return (
    <li>
      <Link dir="auto" to={{ page: 'answer', title, query }}>
        {title}
      </Link>
    </li>
  );
}

function Questions({ examples }: { examples: Home['graph']['examples'] }) {
  const rest = examples.slice(MOST_QUESTIONS);
  return (
    <section>
      <h2>Questions</h2>
      <ul className="questions">
        {examples.slice(0, MOST_QUESTIONS).map((example) => (
          <Question key={example.title} {...example} />
        ))}
      </ul>
      {rest.length > 0 && (
        <details className="more">
          <summary>{count(rest.length, 'more question')}</summary>
          <ul className="questions">
            {rest.map((example) => (
              <Question key={example.title} {...example} />
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

function Latest() {
  const asked = useAnswer<Newest>(NEWEST);
  // A graph without dates has no such section.
  const nodes = asked.state === 'answered' ? (asked.answer.data?.timeline?.nodes ?? []) : [];
  return nodes.length === 0 ? null : (
    <section>
      <h2>Latest dates</h2>
      <Timeline entries={nodes.toReversed()} />
      <ShowAsQuery question={NEWEST} />
    </section>
  );
}

export function HomePage() {
  const asked = useAnswer<Home>(HOME);
  return (
    <article className="home">
      <Shown asked={asked} lines={6}>
        {({ data }) => {
          const { graph } = data;
          return (
            <>
              <Title>{graph.title ?? 'Clew'}</Title>
              <header className="page-header">
                <h1 dir="auto">{graph.title ?? 'A knowledge graph'}</h1>
                {graph.description && (
                  <p className="lead" dir="auto">
                    {graph.description}
                  </p>
                )}
                <SearchBox label="Search names and texts" />
                <p className="facts-line">
                  <span>{count(graph.entityCount, 'entity', 'entities')}</span>
                  <span>{count(graph.statementCount, 'statement')}</span>
                  <span>{count(graph.sourceCount, 'source')}</span>
                  {graph.licence && <span>Licence: {graph.licence}</span>}
                  {graph.url && (
                    <span>
                      <a href={graph.url} rel="noreferrer">
                        About this graph
                      </a>
                    </span>
                  )}
                </p>
              </header>
              <div className="columns">
                {graph.examples.length > 0 && <Questions examples={graph.examples} />}
                <div>
                  <section>
                    <h2>Types</h2>
                    <Types types={graph.types} />
                    <p>
                      <Link to={{ page: 'schema' }}>Types and their relations</Link>
                    </p>
                  </section>
                  <Latest />
                  {graph.sources.totalCount > 0 && (
                    <section>
                      <h2>Sources</h2>
                      <ul className="plain-list">
                        {graph.sources.nodes.map((source) => (
                          <li key={source.entityId}>
                            <Link dir="auto" to={{ page: 'source', id: source.entityId }}>
                              {source.label}
                            </Link>
                            {(source.publisher ?? source.published) && (
                              <span className="muted">
                                {' '}
                                {[source.publisher, source.published && date(source.published)].filter(Boolean).join(', ')}
                              </span>
                            )}
                          </li>
                        ))}
                      </ul>
                      {graph.sources.totalCount > graph.sources.nodes.length && (
                        <p>
                          <Link to={{ page: 'search', query: '', types: ['Source'] }}>
                            All {amount(graph.sources.totalCount)} sources
                          </Link>
                        </p>
                      )}
                    </section>
                  )}
                </div>
              </div>
              <ShowAsQuery question={HOME} />
            </>
          );
        }}
      </Shown>
    </article>
  );
}
