import { useId, useState } from 'react';

import { useAnswer } from '../answer';
import { count, fieldLabel, number, words } from '../format';
import { Link, useNavigation } from '../navigation';
import { RelationDiagram } from '../parts/diagram';
import { Prose } from '../parts/prose';
import { ShowAsQuery, Shown, Title } from '../parts/states';
import { schema, type as typeQuestion, type SchemaAnswer, type TypeAnswer } from '../queries';
import { cardinality, declaredFields, interfaces, vocabulary, type Interface } from '../vocabulary';

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
                    <td>{type.description && <Prose text={type.description} />}</td>
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

/** The fields of a type: properties, then relations from either end. */
function Fields({ type }: { type: string }) {
  const question = typeQuestion(type);
  const asked = useAnswer<TypeAnswer>(question);
  return (
    <Shown asked={asked} lines={6}>
      {({ data }) => {
        const of = vocabulary(type, data);
        const fields = declaredFields(data);
        return (
          <section>
            <h2>Fields</h2>
            <div className="scrolled" tabIndex={0} role="region" aria-label="Fields">
              <table>
                <thead>
                  <tr>
                    <th scope="col">Field</th>
                    <th scope="col">Values</th>
                    <th scope="col">How many</th>
                    <th scope="col">Description</th>
                  </tr>
                </thead>
                <tbody>
                  {fields.map((name) => {
                    const info = of(name);
                    const ends = info.relation && (info.side === 'outgoing' ? info.relation.to : info.relation.from);
                    return (
                      <tr key={name}>
                        <td className="field-name">{fieldLabel(name)}</td>
                        <td>{ends ? <TypeLinks names={ends} /> : info.type && words(info.type)}</td>
                        <td>{cardinality(info)}</td>
                        <td>{info.description && <Prose text={info.description} />}</td>
                      </tr>
                    );
                  })}
                </tbody>
              </table>
            </div>
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
      <div className="scrolled" tabIndex={0} role="region" aria-label="Interfaces">
        <table>
          <thead>
            <tr>
              <th scope="col">Interface</th>
              <th scope="col">Description</th>
              <th scope="col">Types</th>
            </tr>
          </thead>
          <tbody>
            {list.map((it) => (
              <tr key={it.name}>
                <td className="field-name">{words(it.name)}</td>
                <td>{it.description && <Prose text={it.description} />}</td>
                <td>
                  <TypeLinks names={it.types} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
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
          const shownRelations = relations
            .filter((it) => chosen === undefined || it.from.includes(chosen) || it.to.includes(chosen))
            .filter((it) => matches(text, [it.name, it.field, it.inverse, ...it.from, ...it.to]));
          return (
            <>
              {chosen ? (
                <Header name={chosen} type={type} of={all.filter((it) => it.types.includes(chosen))} />
              ) : (
                <h1 className="page-title">Schema</h1>
              )}
              {type && <RelationDiagram type={type.name} relations={relations} />}
              {type && <Fields type={type.name} />}
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
              <Lists
                types={types.filter((it) => matches(text, [it.name, it.description]))}
                relations={shownRelations}
                chosen={chosen}
              />
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
