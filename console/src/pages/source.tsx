import { useAnswer } from '../answer';
import { suggestedIds } from '../client';
import { count, date, fieldLabel, validity } from '../format';
import { Link } from '../navigation';
import { NameList, Pages } from '../parts/lists';
import { LongList } from '../parts/long-list';
import { EntityLink } from '../parts/names';
import { Errors, ShowAsQuery, Shown, Title } from '../parts/states';
import { Value } from '../parts/value';
import { names, source as sourceQuestion, type Names, type SourceAnswer } from '../queries';

interface Section {
  section: string;
  title?: string;
  paragraphs?: number[];
}

function isSection(value: unknown): value is Section {
  return typeof (value as { section?: unknown } | null)?.section === 'string';
}

function UnknownSource({ id, ids }: { id: string; ids: string[] }) {
  const asked = useAnswer<Names>(ids.length > 0 ? names(ids) : null);
  const close = asked.state === 'answered' ? (asked.answer.data?.nodes ?? []).filter((it) => it !== null) : [];
  return (
    <article>
      <Title>Unknown source</Title>
      <h1 className="page-title">No source has this id</h1>
      <p>
        No source has the id <code>{id}</code>. It may be another <Link to={{ page: 'entity', id }}>entity</Link>.
      </p>
      {close.length > 0 && (
        <NameList entities={close} />
      )}
      <p>
        <Link to={{ page: 'search', query: '', types: ['Source'] }}>All sources</Link>
      </p>
    </article>
  );
}

type Source = NonNullable<SourceAnswer['source']>;
type Cited = Source['cited'];

/** The section of a place such as `may/2/1`. */
function sectionOf(locator: string | undefined): string | undefined {
  return locator?.split('/')[0];
}

/** Statements that follow each other with one place. */
function places(edges: Cited['edges']): { locator: string | null; edges: Cited['edges'] }[] {
  const all: { locator: string | null; edges: Cited['edges'] }[] = [];
  for (const edge of edges) {
    const last = all.at(-1);
    if (last?.locator === edge.locator) {
      last.edges.push(edge);
    } else {
      all.push({ locator: edge.locator, edges: [edge] });
    }
  }
  return all;
}

function SaidThere({ edge: { note, node } }: { edge: Cited['edges'][number] }) {
  const { entity, statement } = node;
  const when = statement.valid ? validity(statement.valid) : '';
  return (
    <div className="statement-said">
      <EntityLink entity={entity} /> <span className="timeline-field">{fieldLabel(statement.field)}</span>
      {statement.target ? <EntityLink entity={statement.target} /> : <Value value={statement.value} />}{' '}
      {when && <span className="valid">{when}</span>}
      {note && (
        <span className="note" dir="auto">
          {note}
        </span>
      )}
    </div>
  );
}

/** The statements that cite the source, by place. */
function Said({ id, cited, locator, after, titles }: { id: string; cited: Cited; locator?: string; after?: string; titles: Map<string, string> }) {
  const here = locator ? { locator } : {};
  return (
    <section aria-label="Statements from this source">
      <h2>Statements from this {locator ? 'place' : 'source'}</h2>
      <p className="facts-line" role="status">
        <span>{count(cited.totalCount, 'statement')}</span>
      </p>
      <LongList items={places(cited.edges)} keyOf={({ locator: place }, no) => `${place} ${no}`} height={72} itemClass={() => 'field'}>
        {({ locator: place, edges }) => {
          const title = titles.get(sectionOf(place ?? undefined) ?? '');
          return (
            <>
              <h3>
                {place ? <Link to={{ page: 'source', id, locator: place }}>{place}</Link> : 'As a whole'}
                {title && <span className="field-description">{title}</span>}
              </h3>
              <ul>
                {edges.map((edge, no) => (
                  <li key={no} className="statement">
                    <SaidThere edge={edge} />
                  </li>
                ))}
              </ul>
            </>
          );
        }}
      </LongList>
      <Pages place={(after) => ({ page: 'source', id, ...here, ...(after === undefined ? {} : { after }) })} after={after} pageInfo={cited.pageInfo} />
    </section>
  );
}

export function SourcePage({ id, locator, after }: { id: string; locator?: string; after?: string }) {
  const question = sourceQuestion(id, locator, after);
  const asked = useAnswer<SourceAnswer>(question);
  return (
    <Shown asked={asked} lines={8}>
      {({ data, errors }) => {
        const { source } = data;
        if (!source) {
          const isUnknown = errors.every((it) => it.extensions?.code === 'BAD_USER_INPUT');
          return isUnknown ? <UnknownSource id={id} ids={suggestedIds(errors)} /> : <Errors errors={errors} />;
        }
        const facts = [
          ['Author', source.author],
          ['Publisher', source.publisher],
          ['Published', source.published && date(source.published)],
          ['Retrieved', source.retrieved && date(source.retrieved)],
          ['Licence', source.licence],
        ].filter((pair): pair is [string, string] => Boolean(pair[1]));
        const sections = Array.isArray(source.structure) ? source.structure.filter(isSection) : [];
        return (
          <article className="source">
            <Title>{source.title}</Title>
            <header className="page-header">
              <p className="kind">Source</p>
              <h1 dir="auto">{source.title}</h1>
              {source.description && (
                <p className="lead" dir="auto">
                  {source.description}
                </p>
              )}
            </header>
            {locator && (
              <p className="cited-place">
                Cited place: <strong>{locator}</strong> <Link to={{ page: 'source', id }}>All places</Link>
              </p>
            )}
            <dl className="source-facts">
              {source.url && (
                <div>
                  <dt>Address</dt>
                  <dd>
                    <Value value={source.url} type="URL" />
                  </dd>
                </div>
              )}
              {facts.map(([name, value]) => (
                <div key={name}>
                  <dt>{name}</dt>
                  <dd dir="auto">{value}</dd>
                </div>
              ))}
            </dl>
            {sections.length > 0 && (
              <section>
                <h2>Sections</h2>
                <ol className="plain-list">
                  {sections.map(({ section, title, paragraphs }) => (
                    <li key={section} aria-current={section === sectionOf(locator) ? 'location' : undefined}>
                      <Link dir="auto" to={{ page: 'source', id, locator: section }}>
                        {title ?? section}
                      </Link>{' '}
                      <span className="locator">{section}</span>
                      {paragraphs && paragraphs.length > 0 && <span className="muted"> · {count(paragraphs.length, 'paragraph')}</span>}
                    </li>
                  ))}
                </ol>
              </section>
            )}
            <Said
              id={id}
              cited={source.cited}
              locator={locator}
              after={after}
              titles={new Map(sections.map(({ section, title }) => [section, title ?? '']))}
            />
            <p>
              <Link to={{ page: 'entity', id }}>All that the graph says of this source</Link>
            </p>
            <ShowAsQuery question={question} />
          </article>
        );
      }}
    </Shown>
  );
}
