// Statements of an entity, grouped by field, each with what it rests on.

import type { ReactNode } from 'react';

import { amount, validity, words } from '../format';
import { Link } from '../navigation';
import type { Citation, Statement } from '../queries';
import type { FieldInfo, Group, Vocabulary } from '../vocabulary';
import { LongList } from './long-list';
import { EntityLink, FieldName } from './names';
import { Value } from './value';

function Place({ citation: { source, locator, note } }: { citation: Citation }) {
  return (
    <li>
      <Link dir="auto" to={{ page: 'source', id: source.entityId, ...(locator ? { locator } : {}) }}>
        {source.label}
      </Link>
      {locator && (
        <span className="locator">
          {/^https?:/.test(locator) ? <a href={locator}>{locator}</a> : locator}
        </span>
      )}
      {note && (
        <span className="note" dir="auto">
          {note}
        </span>
      )}
    </li>
  );
}

/** The sources of a statement. The places open on click, and are always printed. */
export function Citations({ citations }: { citations: Citation[] }) {
  if (citations.length === 0) {
    return <span className="no-source">No source given</span>;
  }
  const [first] = citations;
  const said = citations.length > 1 ? `${citations.length} sources` : first?.locator && !/^https?:/.test(first.locator) ? `Source: ${first.locator}` : 'Source';
  return (
    <details className="citations">
      <summary>{said}</summary>
      <ul>
        {citations.map((citation, no) => (
          <Place key={no} citation={citation} />
        ))}
      </ul>
    </details>
  );
}

function Edge({ edge }: { edge: Record<string, unknown> }) {
  const said = Object.entries(edge).filter(([, value]) => value !== null);
  if (said.length === 0) {
    return null;
  }
  return (
    <span className="edge">
      {said.map(([name, value]) => (
        <span key={name} className="edge-property">
          <span className="edge-name">{words(name)}:</span> <Value value={value} />
        </span>
      ))}
    </span>
  );
}

function One({ statement, info, asOf }: { statement: Statement; info: FieldInfo; asOf?: string }) {
  const when = statement.valid ? validity(statement.valid) : '';
  return (
    <>
      <div className="statement-said">
        <span className="statement-value">
          {statement.target ? (
            <EntityLink entity={statement.target} asOf={asOf} />
          ) : (
            <Value value={statement.value} type={info.type} isEnum={info.isEnum} />
          )}
        </span>
        {when && <span className="valid">{when}</span>}
        {statement.rank !== 'NORMAL' && <span className="rank">{words(statement.rank)}</span>}
        {statement.edge && <Edge edge={statement.edge} />}
      </div>
      <Citations citations={statement.citations} />
    </>
  );
}

/** A key of a statement that differs from those of the others of its field, as far as there are differences. */
function keyOf({ target, value, valid }: Statement, no: number): string {
  return `${target?.entityId ?? JSON.stringify(value)} ${valid?.from ?? ''} ${no}`;
}

export function FieldGroup({
  group,
  info,
  asOf,
  isDisputed,
  children,
}: {
  group: Group;
  info: FieldInfo;
  asOf?: string;
  isDisputed: boolean;
  children?: ReactNode;
}) {
  return (
    <section className="field" id={`field-${group.field}`}>
      <h3 title={info.description}>
        <FieldName field={group.field} description={info.side === 'property' ? undefined : info.description} />
        {info.side !== 'property' && <span className="count">{amount(group.total)}</span>}
        {isDisputed && <span className="disputed">Sources disagree</span>}
      </h3>
      <div className="field-statements">
        <LongList
          items={group.statements}
          keyOf={keyOf}
          height={32}
          itemClass={({ rank }) => `statement rank-${rank.toLowerCase()}`}
        >
          {(statement) => <One statement={statement} info={info} asOf={asOf} />}
        </LongList>
        {children}
      </div>
    </section>
  );
}

export function Groups({
  groups,
  vocabulary,
  id,
  asOf,
  disputed,
  most,
}: {
  groups: Group[];
  vocabulary: Vocabulary;
  id: string;
  asOf?: string;
  disputed: Set<string>;
  most: number;
}) {
  return groups.map((group) => (
    <FieldGroup
      key={group.field}
      group={{ ...group, statements: group.statements.slice(0, most) }}
      info={vocabulary(group.field)}
      asOf={asOf}
      isDisputed={disputed.has(group.field)}
    >
      {group.total > most && (
        <Link className="all" to={{ page: 'entity', id, field: group.field, ...(asOf ? { asOf } : {}) }}>
          All {amount(group.total)}
        </Link>
      )}
    </FieldGroup>
  ));
}
