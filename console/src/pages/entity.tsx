import { useState, type SubmitEvent } from 'react';

import { useAnswer } from '../answer';
import { askAs, suggestedIds, type Answer, type GraphError, type Question } from '../client';
import { amount, count, date, words } from '../format';
import { Link, useNavigation } from '../navigation';
import { viewOf } from '../neighborhood/state';
import { NameList, Pages } from '../parts/lists';
import { TypeName } from '../parts/names';
import { Errors, ShowAsQuery, Shown, Title } from '../parts/states';
import { Groups } from '../parts/statements';
import { Timeline } from '../parts/timeline';
import { RelationTrees } from '../parts/trees';
import {
  conflicts,
  entity as entityQuestion,
  entityByField,
  entityField,
  FIRST_OF_FIELD,
  names,
  near,
  statementsOf,
  type,
  type Conflicts,
  type Entity,
  type EntityAnswer,
  type EntityByFieldAnswer,
  type Names,
  type Near,
  type Statements,
  type TypeAnswer,
  wholeEntity,
} from '../queries';
import { grouped, statedFields, vocabulary as vocabularyOf, type Group, type Vocabulary } from '../vocabulary';

interface Place {
  id: string;
  asOf?: string;
  field?: string;
  after?: string;
}

function Unknown({ id, errors }: { id: string; errors: GraphError[] }) {
  const ids = suggestedIds(errors);
  const named = useAnswer<Names>(ids.length > 0 ? names(ids) : null);
  const words = id.replace(/[^\p{L}\p{N}]+/gu, ' ').trim();
  const found = useAnswer<Near>(ids.length === 0 && words !== '' ? near(words) : null);
  const close = [
    ...(named.state === 'answered' ? (named.answer.data?.nodes ?? []) : []),
    ...(found.state === 'answered' ? (found.answer.data?.search?.nodes ?? []) : []),
  ].filter((it) => it !== null);
  return (
    <article>
      <Title>Unknown entity</Title>
      <h1 className="page-title">Nothing has this id</h1>
      <p>
        No entity has the id <code>{id}</code>.
      </p>
      {close.length > 0 && (
        <>
          <p>These are close:</p>
          <NameList entities={close} withIds />
        </>
      )}
      <p>
        <Link to={{ page: 'search', query: words, types: [] }}>Search for “{words}”</Link>
      </p>
    </article>
  );
}

function AsOf({ id, asOf, field }: Place) {
  const { go } = useNavigation();
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const entry = new FormData(event.currentTarget).get('asOf');
    const wanted = typeof entry === 'string' ? entry.trim() : '';
    go({ page: 'entity', id, ...(wanted ? { asOf: wanted } : {}), ...(field ? { field } : {}) });
  };
  return (
    <form className="as-of" onSubmit={submit}>
      <label>
        As of
        <input name="asOf" defaultValue={asOf} placeholder="any date" size={11} autoComplete="off" key={asOf} />
      </label>
      <button type="submit" className="button">
        Show
      </button>
      {asOf && <Link to={{ page: 'entity', id, ...(field ? { field } : {}) }}>All dates</Link>}
    </form>
  );
}

/** Copies a text, and says so. */
function Copy({ label, text }: { label: string; text: () => Promise<string> | string }) {
  const [said, say] = useState('');
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(await text());
      say('Copied');
    } catch (error) {
      say(error instanceof Error ? error.message : 'It cannot be copied');
    }
    setTimeout(() => say(''), 2_000);
  };
  return (
    <button type="button" className="button" onClick={() => void copy()}>
      <span aria-live="polite">{said || label}</span>
    </button>
  );
}

/** Longer labels are sentences, which are set smaller. */
const LONG_LABEL = 100;

function Header({ entity, info, place }: { entity: Entity; info?: TypeAnswer; place: Place }) {
  const whole = wholeEntity(place.id, place.asOf);
  const about = info?.__type?.description;
  return (
    <header className="page-header">
      <p className="kind">
        <Link to={{ page: 'search', query: '', types: [entity.__typename] }} title={about ?? undefined}>
          {words(entity.__typename)}
        </Link>
        {place.asOf && <span className="as-of-badge">As of {date(place.asOf)}</span>}
      </p>
      <h1 dir="auto" className={entity.label.length > LONG_LABEL ? 'long' : undefined}>
        {entity.label}
      </h1>
      {entity.description && (
        <p className="lead" dir="auto">
          {entity.description}
        </p>
      )}
      <div className="tools">
        <AsOf {...place} />
        <div className="copies">
          <Link className="button" to={{ page: 'neighborhood', ...viewOf([entity.entityId], { selected: entity.entityId, ...(place.asOf ? { asOf: place.asOf } : {}) }) }}>
            Neighborhood
          </Link>
          <Copy label="Copy id" text={() => entity.entityId} />
          <Copy label="Copy citation" text={() => `${entity.label}. ${location.href}, ${date(new Date().toISOString().slice(0, 10))}.`} />
          <Copy label="Copy Turtle" text={() => askAs(whole, 'text/turtle')} />
          <Copy label="Copy JSON-LD" text={() => askAs(whole, 'application/ld+json')} />
        </div>
      </div>
    </header>
  );
}

/** The fields with one value that have several statements, since only these can be in conflict. */
function disputable(groups: Group[], vocabulary: Vocabulary): string[] {
  return groups.filter((group) => group.total > 1 && !vocabulary(group.field).isList).map((group) => group.field);
}

/** The disputed fields of an entity. The server lists the disputes of the type, entity by entity. */
function useDisputed(entity: Entity, groups: Group[], vocabulary: Vocabulary, asOf?: string): Set<string> {
  const fields = disputable(groups, vocabulary);
  const [read, setRead] = useState<{ after?: string; found: string[] }>({ found: [] });
  const asked = useAnswer<Conflicts>(fields.length > 0 ? conflicts(entity.__typename, fields, asOf, read.after) : null);
  const page = asked.state === 'answered' ? asked.answer.data?.conflicts : null;
  const nodes = page?.nodes ?? [];
  const own = nodes.filter((it) => it.entity.entityId === entity.entityId).map((it) => it.field);
  const found = [...read.found, ...own];
  const isOver = found.length > 0 && nodes.at(-1)?.entity.entityId !== entity.entityId;
  const next = page?.pageInfo.hasNextPage && !isOver ? page.pageInfo.endCursor : null;
  // The next page is asked for once this one is here.
  if (next !== null && next !== read.after) {
    setRead({ after: next, found });
  }
  return new Set(found);
}

/** The parts of a page about an entity whose type is known. */
function Said({
  entity,
  groups,
  info,
  place,
  question,
  timeline,
}: {
  entity: Entity;
  groups: Group[];
  info: TypeAnswer;
  place: Place;
  question: Question;
  timeline: EntityAnswer['timeline'];
}) {
  const vocabulary = vocabularyOf(entity.__typename, info);
  const disputed = useDisputed(entity, groups, vocabulary, place.asOf);
  const { id, asOf } = place;
  const sides = { property: [] as Group[], outgoing: [] as Group[], incoming: [] as Group[] };
  for (const group of groups) {
    sides[vocabulary(group.field).side].push(group);
  }
  const shared = { vocabulary, id, disputed, most: FIRST_OF_FIELD, ...(asOf ? { asOf } : {}) };
  const hasSources = groups.some(({ statements }) => statements.some(({ citations }) => citations.length > 0));
  const transitive = [...sides.outgoing, ...sides.incoming].flatMap(({ field }) => vocabulary(field).relation ?? []);
  return (
    <article className={hasSources ? 'entity' : 'entity without-sources'}>
      <Title>{entity.label}</Title>
      <Header entity={entity} info={info} place={place} />
      {!hasSources && groups.length > 0 && <p className="muted">These statements name no sources.</p>}
      {groups.length === 0 && <p>The graph has no statements about this entity{asOf ? ` as of ${date(asOf)}` : ''}.</p>}
      {sides.property.length > 0 && (
        <section aria-label="Facts">
          <h2>Facts</h2>
          <Groups groups={sides.property} {...shared} />
        </section>
      )}
      {sides.outgoing.length > 0 && (
        <section aria-label="Relations">
          <h2>Relations</h2>
          <Groups groups={sides.outgoing} {...shared} />
        </section>
      )}
      {sides.incoming.length > 0 && (
        <section aria-label="Incoming relations">
          <h2>Incoming relations</h2>
          <Groups groups={sides.incoming} {...shared} />
        </section>
      )}
      <RelationTrees id={id} label={entity.label} relations={transitive.filter((it) => it.transitive)} asOf={asOf} />
      {timeline && timeline.nodes.length > 0 && (
        <section aria-label="Timeline">
          <h2>Timeline</h2>
          <Timeline entries={timeline.nodes} of={id} asOf={asOf} />
          {timeline.totalCount > timeline.nodes.length && (
            <p className="muted">
              The first {amount(timeline.nodes.length)} of {amount(timeline.totalCount)} dates.
            </p>
          )}
        </section>
      )}
      <ShowAsQuery question={question} />
    </article>
  );
}

/** An entity with many statements: each field is asked for. */
function Large({ info, place, type, seen }: { info: TypeAnswer; place: Place; type: string; seen: string[] }) {
  const fields = statedFields(type, info, seen);
  const question = entityByField(place.id, fields, place.asOf);
  const asked = useAnswer<EntityByFieldAnswer>(question);
  return (
    <Shown asked={asked} lines={10}>
      {({ data, errors }) => {
        const { entity } = data;
        if (!entity) {
          return <Errors errors={errors} />;
        }
        const groups = fields.flatMap((field) => {
          const list = statementsOf(entity, field);
          return list && list.totalCount > 0 ? [{ field, total: list.totalCount, statements: list.nodes }] : [];
        });
        return <Said entity={entity} groups={groups} info={info} place={place} question={question} timeline={data.timeline} />;
      }}
    </Shown>
  );
}

/** All statements of one field, page by page. */
function OneField({ answer, place, question, info }: { answer: Entity & { statements: Statements }; place: Place; question: Question; info: TypeAnswer }) {
  const vocabulary = vocabularyOf(answer.__typename, info);
  const { id, asOf, field = '', after } = place;
  const { statements, totalCount, pageInfo } = { ...answer.statements, statements: answer.statements.nodes };
  const dated = asOf ? { asOf } : {};
  return (
    <article className="entity">
      <Title>{`${words(field.replace('^', ''))} · ${answer.label}`}</Title>
      <header className="page-header">
        <p className="kind">
          <TypeName name={answer.__typename} />
          {asOf && <span className="as-of-badge">As of {date(asOf)}</span>}
        </p>
        <h1 dir="auto">
          <Link to={{ page: 'entity', id, ...dated }}>{answer.label}</Link>
        </h1>
        <p className="facts-line">
          <span>{count(totalCount, 'statement')}</span>
        </p>
      </header>
      <Groups
        groups={[{ field, total: totalCount, statements }]}
        vocabulary={vocabulary}
        id={id}
        asOf={asOf}
        disputed={new Set()}
        most={Infinity}
      />
      <Pages place={(after) => ({ page: 'entity', id, ...dated, field, ...(after === undefined ? {} : { after }) })} after={after} pageInfo={pageInfo} />
      <ShowAsQuery question={question} />
    </article>
  );
}

function isUnknown({ data, errors }: Answer<EntityAnswer>): boolean {
  return !data?.entity && errors.every((error) => error.extensions?.code === 'BAD_USER_INPUT' && error.path?.[0] === 'timeline');
}

export function EntityPage(place: Place) {
  const question = place.field
    ? entityField(place.id, place.field, place.asOf, place.after)
    : entityQuestion(place.id, place.asOf);
  const asked = useAnswer<EntityAnswer>(question);
  const entity = asked.state === 'answered' ? asked.answer.data?.entity : undefined;
  const typed = useAnswer<TypeAnswer>(entity ? type(entity.__typename) : null);
  return (
    <Shown asked={asked} lines={10}>
      {(answer) => {
        if (!answer.data.entity) {
          return isUnknown(answer) ? (
            <Unknown id={place.id} errors={answer.errors} />
          ) : (
            <article>
              <Errors errors={answer.errors} />
              <AsOf {...place} />
            </article>
          );
        }
        const { entity, timeline } = answer.data;
        return (
          <Shown asked={typed} lines={10}>
            {({ data: info }) => {
              if (place.field) {
                return <OneField answer={entity} place={place} question={question} info={info} />;
              }
              const groups = grouped(entity.statements.nodes);
              if (entity.statements.pageInfo.hasNextPage) {
                return <Large info={info} place={place} type={entity.__typename} seen={groups.map((it) => it.field)} />;
              }
              return <Said entity={entity} groups={groups} info={info} place={place} question={question} timeline={timeline} />;
            }}
          </Shown>
        );
      }}
    </Shown>
  );
}

