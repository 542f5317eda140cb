import { lazy, Suspense, useId, useState } from 'react';

import { useAnswer } from '../answer';
import { amount, count, fieldLabel, words } from '../format';
import { Link, useNavigation } from '../navigation';
import { viewOf } from '../neighborhood/state';
import { RelationDiagram } from '../parts/diagram';
import { DataTable } from '../parts/lists';
import { Prose } from '../parts/prose';
import { Boundary, Loading, ShowAsQuery, Shown, Title } from '../parts/states';
import { edgeTypes, schema, type as typeQuestion, type EdgeTypesAnswer, type SchemaAnswer, type TypeAnswer } from '../queries';
import {
  cardinality,
  cardinalityOf,
  declaredFields,
  edgeProperties,
  endName,
  ends,
  endsOf,
  interfaces,
  vocabulary,
  type EdgeProperty,
  type End,
  type Ends,
  type Interface,
} from '../vocabulary';

// The layout of the diagram is as large as all other parts of this page.
const SchemaDiagram = lazy(() => import('../parts/schema-diagram'));

type Types = SchemaAnswer['graph']['types'];
type Relations = SchemaAnswer['graph']['relations'];

function matches(text: string, parts: (string | null)[]): boolean {
  const wanted = text.trim().toLowerCase();
  return wanted === '' || parts.some((part) => part !== null && (part.toLowerCase().includes(wanted) || words(part).toLowerCase().includes(wanted)));
}

function TypeLinks({ names }: { names: string[] }) {
  return names.map((name, no) => (
    <span key={name}>
      {no > 0 && ', '}
      <Link to={{ page: 'schema', type: name }}>{words(name)}</Link>
    </span>
  ));
}

function TypeTable({ types }: { types: Types }) {
  return (
    <section>
      <h2>Types</h2>
      <DataTable
        label="Types"
        columns={[{ title: 'Type' }, { title: 'Description' }, { title: 'Entities', isNumber: true }]}
        rows={types.map(({ name, description, count }) => ({
          key: name,
          cells: [
            <Link to={{ page: 'schema', type: name }}>{words(name)}</Link>,
            description && <Prose text={description} />,
            <Link to={{ page: 'search', query: '', types: [name] }}>{amount(count)}</Link>,
          ],
        }))}
      />
    </section>
  );
}

function EdgeProperties({ list }: { list: EdgeProperty[] }) {
  return list.map(({ name, type, description }, no) => (
    <span key={name} title={description}>
      {no > 0 && ', '}
      {words(name)}
      {type && <span className="muted"> {words(type)}</span>}
    </span>
  ));
}

/** The most types of edges that one question asks for. */
const MOST_EDGE_TYPES = 100;

function EndNames({ ends }: { ends: End[] }) {
  return ends.map(({ name, kind, types }, no) => (
    <span key={name}>
      {no > 0 && ', '}
      {kind === 'type' ? <Link to={{ page: 'schema', type: name }}>{words(name)}</Link> : <span title={types.map(words).join(', ')}>{endName({ name, kind })}</span>}
    </span>
  ));
}

function RelationTable({ relations, of, types, known }: { relations: Relations; of: Map<string, Ends>; types: string[]; known: Interface[] }) {
  const edges = [...new Set(relations.flatMap((it) => of.get(it.name)?.edge ?? []))].slice(0, MOST_EDGE_TYPES);
  const asked = useAnswer<EdgeTypesAnswer>(edges.length > 0 ? edgeTypes(edges) : null);
  const properties = edgeProperties(asked.state === 'answered' ? (asked.answer.data ?? {}) : {});
  return (
    <section>
      <h2>Relations</h2>
      {relations.length === 0 ? (
        <p>There are none.</p>
      ) : (
        <DataTable
          label="Relations"
          columns={[{ title: 'From' }, { title: 'Relation and inverse' }, { title: 'To' }, { title: 'Cardinality' }, { title: 'Of each edge' }, { title: 'Edges', isNumber: true }]}
          rows={relations.map(({ name, field, inverse, symmetric, transitive, from, to, count }) => {
            const counts = of.get(name);
            const edge = counts?.edge;
            const kinds = [symmetric && 'symmetric', transitive && 'transitive'].filter(Boolean).join(', ');
            return {
              key: name,
              cells: [
                <EndNames ends={endsOf(from, types, known)} />,
                <>
                  <span className="field-name">{fieldLabel(field)}</span>
                  {inverse && !symmetric && <span className="muted"> / {fieldLabel(inverse)}</span>}
                  {kinds && <span className="muted"> ({kinds})</span>}
                </>,
                <EndNames ends={endsOf(to, types, known)} />,
                <span className="how-many">{counts && cardinalityOf(counts)}</span>,
                <EdgeProperties list={edge ? (properties.get(edge) ?? []) : []} />,
                amount(count),
              ],
            };
          })}
        />
      )}
    </section>
  );
}

/** The fields of a type: properties, then relations from either end. */
function Fields({ type, types, known }: { type: string; types: string[]; known: Interface[] }) {
  const question = typeQuestion(type);
  const asked = useAnswer<TypeAnswer>(question);
  return (
    <Shown asked={asked} lines={6}>
      {({ data }) => {
        const of = vocabulary(type, data);
        return (
          <section>
            <h2>Fields</h2>
            <DataTable
              label="Fields"
              columns={[{ title: 'Field' }, { title: 'Values' }, { title: 'How many' }, { title: 'Description' }]}
              rows={declaredFields(data).map((name) => {
                const info = of(name);
                const ends = info.relation && (info.side === 'outgoing' ? info.relation.to : info.relation.from);
                return {
                  key: name,
                  cells: [
                    <span className="field-name">{fieldLabel(name)}</span>,
                    ends ? <EndNames ends={endsOf(ends, types, known)} /> : info.type && words(info.type),
                    <span className="how-many">{cardinality(info)}</span>,
                    info.description && <Prose text={info.description} />,
                  ],
                };
              })}
            />
            <ShowAsQuery question={question} />
          </section>
        );
      }}
    </Shown>
  );
}

function Interfaces({ list }: { list: Interface[] }) {
  return list.length === 0 ? null : (
    <section>
      <h2>Interfaces</h2>
      <DataTable
        label="Interfaces"
        columns={[{ title: 'Interface' }, { title: 'Description' }, { title: 'Types' }]}
        rows={list.map(({ name, description, types }) => ({
          key: name,
          cells: [<span className="field-name">{words(name)}</span>, description && <Prose text={description} />, <TypeLinks names={types} />],
        }))}
      />
    </section>
  );
}

function Header({ name, type, of }: { name: string; type?: Types[number]; of: Interface[] }) {
  return (
    <header className="page-header">
      <p className="kind">
        <Link to={{ page: 'schema' }}>Schema</Link>
      </p>
      <h1>{words(name)}</h1>
      {type?.description && <p className="lead"><Prose text={type.description} /></p>}
      {type ? (
        <p className="facts-line">
          <Link to={{ page: 'search', query: '', types: [type.name] }}>{count(type.count, 'entity', 'entities')}</Link>
          <Link to={{ page: 'neighborhood', ...viewOf([], { ofTypes: [type.name], between: true }) }}>Neighborhood</Link>
          {of.length > 0 && <span>Interfaces: {of.map((it) => words(it.name)).join(', ')}</span>}
          {type.class && <span>Class: {type.class}</span>}
        </p>
      ) : (
        <p>The schema has no type with this name.</p>
      )}
    </header>
  );
}

export function SchemaPage({ type: chosen, query = '' }: { type?: string; query?: string }) {
  const { go } = useNavigation();
  const id = useId();
  const question = schema();
  const asked = useAnswer<SchemaAnswer>(question);
  const [text, setText] = useState(query);
  return (
    <article className="schema">
      <Title>{chosen ? `${words(chosen)} · Schema` : 'Schema'}</Title>
      <Shown asked={asked} lines={10}>
        {({ data }) => {
          const { types, relations } = data.graph;
          const type = types.find((it) => it.name === chosen);
          const all = interfaces(data);
          const of = ends(data);
          const shown = relations
            .filter((it) => chosen === undefined || it.from.includes(chosen) || it.to.includes(chosen))
            .filter((it) => matches(text, [it.name, it.field, it.inverse, ...it.from, ...it.to]));
          const shownTypes = types.filter((it) => matches(text, [it.name, it.description]));
          return (
            <>
              {chosen ? (
                <Header name={chosen} type={type} of={all.filter((it) => it.types.includes(chosen))} />
              ) : (
                <h1 className="page-title">Schema</h1>
              )}
              {type && <RelationDiagram type={type.name} relations={relations} types={types.map((it) => it.name)} interfaces={all} of={of} />}
              {type && <Fields type={type.name} types={types.map((it) => it.name)} known={all} />}
              <p className="filter">
                <label htmlFor={id}>{chosen ? 'Find relations' : 'Find types and relations'}</label>
                <input
                  id={id}
                  type="search"
                  value={text}
                  onChange={(event) => {
                    const { value } = event.target;
                    setText(value);
                    go({ page: 'schema', ...(chosen ? { type: chosen } : {}), ...(value ? { query: value } : {}) }, { replace: true });
                  }}
                />
              </p>
              {!chosen && types.length > 0 && (
                <Boundary>
                  <Suspense fallback={<Loading lines={6} />}>
                    <SchemaDiagram
                      types={types.map((it) => it.name)}
                      matching={text.trim() === '' ? undefined : shownTypes.map((it) => it.name)}
                      relations={shown}
                      interfaces={all}
                      of={of}
                    />
                  </Suspense>
                </Boundary>
              )}
              {!chosen && <TypeTable types={shownTypes} />}
              <RelationTable relations={shown} of={of} types={types.map((it) => it.name)} known={all} />
              {!chosen && <Interfaces list={all.filter((it) => matches(text, [it.name, it.description, ...it.types]))} />}
              <p>
                <a href="/schema.graphql">The schema of the API, in full</a>
              </p>
              <ShowAsQuery question={question} />
            </>
          );
        }}
      </Shown>
    </article>
  );
}
