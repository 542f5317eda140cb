import { useId, useState } from 'react';

import { useAnswer } from '../answer';
import { fieldLabel, number, words } from '../format';
import { Link, useNavigation } from '../navigation';
import { RelationDiagram } from '../parts/diagram';
import { ShowAsQuery, Shown, Title } from '../parts/states';
import { schema, type SchemaAnswer } from '../queries';

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

function RelationRow({ relation }: { relation: Relations[number] }) {
  const kinds = [relation.symmetric && 'symmetric', relation.transitive && 'transitive'].filter(Boolean).join(', ');
  return (
    <tr>
      <td>
        <TypeLinks names={relation.from} />
      </td>
      <td>
        <span className="field-name">{fieldLabel(relation.field)}</span>
        {relation.inverse && !relation.symmetric && <span className="muted"> / {fieldLabel(relation.inverse)}</span>}
        {kinds && <span className="muted"> ({kinds})</span>}
      </td>
      <td>
        <TypeLinks names={relation.to} />
      </td>
      <td className="number">{number(relation.count)}</td>
    </tr>
  );
}

function Lists({ types, relations, chosen }: { types: Types; relations: Relations; chosen?: string }) {
  return (
    <>
      {!chosen && (
        <section>
          <h2>Types</h2>
          <div className="scrolled" tabIndex={0} role="region" aria-label="Types">
            <table>
              <thead>
                <tr>
                  <th scope="col">Type</th>
                  <th scope="col">Description</th>
                  <th scope="col" className="number">
                    Entities
                  </th>
                </tr>
              </thead>
              <tbody>
                {types.map((type) => (
                  <tr key={type.name}>
                    <td>
                      <Link to={{ page: 'schema', type: type.name }}>{words(type.name)}</Link>
                    </td>
                    <td>{type.description}</td>
                    <td className="number">
                      <Link to={{ page: 'search', query: '', types: [type.name] }}>{number(type.count)}</Link>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </section>
      )}
      <section>
        <h2>Relations</h2>
        {relations.length === 0 ? (
          <p>There are none.</p>
        ) : (
          <div className="scrolled" tabIndex={0} role="region" aria-label="Relations">
            <table>
              <thead>
                <tr>
                  <th scope="col">From</th>
                  <th scope="col">Relation and inverse</th>
                  <th scope="col">To</th>
                  <th scope="col" className="number">
                    Edges
                  </th>
                </tr>
              </thead>
              <tbody>
                {relations.map((relation) => (
                  <RelationRow key={relation.name} relation={relation} />
                ))}
              </tbody>
            </table>
          </div>
        )}
      </section>
    </>
  );
}

export function SchemaPage({ type: chosen, query = '' }: { type?: string; query?: string }) {
  const { go } = useNavigation();
  const id = useId();
  const question = schema();
  const asked = useAnswer<SchemaAnswer>(question);
  const [text, setText] = useState(query);
  return (
    <main className="schema">
      <Title>{chosen ? `${words(chosen)} · Schema` : 'Schema'}</Title>
      <Shown asked={asked} lines={10}>
        {({ data }) => {
          const { types, relations } = data.graph;
          const type = types.find((it) => it.name === chosen);
          const shownTypes = types.filter((it) => matches(text, [it.name, it.description]));
          const shownRelations = relations
            .filter((it) => chosen === undefined || it.from.includes(chosen) || it.to.includes(chosen))
            .filter((it) => matches(text, [it.name, it.field, it.inverse, ...it.from, ...it.to]));
          return (
            <>
              {chosen ? (
                <header className="page-header">
                  <p className="kind">
                    <Link to={{ page: 'schema' }}>Schema</Link>
                  </p>
                  <h1>{words(chosen)}</h1>
                  {type?.description && <p className="lead">{type.description}</p>}
                  {type ? (
                    <p>
                      <Link to={{ page: 'search', query: '', types: [type.name] }}>
                        {number(type.count)} {type.count === 1 ? 'entity' : 'entities'}
                      </Link>
                    </p>
                  ) : (
                    <p>The schema has no type with this name.</p>
                  )}
                </header>
              ) : (
                <h1 className="page-title">Schema</h1>
              )}
              {type && <RelationDiagram type={type.name} relations={shownRelations} />}
              <p className="filter">
                <label htmlFor={id}>Find types and relations</label>
                <input
                  id={id}
                  type="search"
                  value={text}
                  onChange={(event) => {
                    setText(event.target.value);
                    go({ page: 'schema', ...(chosen ? { type: chosen } : {}), ...(event.target.value ? { query: event.target.value } : {}) }, { replace: true });
                  }}
                />
              </p>
              <Lists types={shownTypes} relations={shownRelations} chosen={chosen} />
              <p>
                <a href="/schema.graphql">The schema of the API, in full</a>
              </p>
              <ShowAsQuery question={question} />
            </>
          );
        }}
      </Shown>
    </main>
  );
}
