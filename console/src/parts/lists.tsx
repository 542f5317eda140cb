// Lists and tables that several pages have.

import { useState, type ReactNode } from 'react';

import type { Place } from '../address';
import { amount, words } from '../format';
import { Link } from '../navigation';
import type { Name } from '../queries';
import { LongList } from './long-list';
import { EntityLink, TypeName } from './names';

export interface Column {
  title: string;
  isNumber?: boolean;
}

export interface Row {
  key: string;
  cells: ReactNode[];
}

/** How many rows a table shows at first. */
const FIRST_ROWS = 250;

/** A table that scrolls by itself if it is wider than the page. */
export function DataTable({ label, columns, rows }: { label: string; columns: Column[]; rows: Row[] }) {
  const [isWhole, showAll] = useState(false);
  const shown = isWhole ? rows : rows.slice(0, FIRST_ROWS);
  const kind = (no: number) => (columns[no]?.isNumber ? 'number' : undefined);
  return (
    <div className="scrolled" tabIndex={0} role="region" aria-label={label}>
      <table>
        <thead>
          <tr>
            {columns.map(({ title }, no) => (
              <th key={title} scope="col" className={kind(no)}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map(({ key, cells }) => (
            <tr key={key}>
              {cells.map((cell, no) => (
                <td key={no} className={kind(no)}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > shown.length && (
        <p className="pages">
          <button type="button" className="button" onClick={() => showAll(true)}>
            All {amount(rows.length)}
          </button>
        </p>
      )}
    </div>
  );
}

export interface Counted {
  name: string;
  count: number;
  title?: string | null;
}

/** Types with the number of their entities, as links. */
export function TypeCounts({
  types,
  to,
  isChosen = () => false,
  className,
}: {
  types: Counted[];
  to: (name: string) => Place;
  isChosen?: (name: string) => boolean;
  className?: string;
}) {
  return (
    <ul className={className}>
      {types.map(({ name, count, title }) => (
        <li key={name}>
          <Link to={to(name)} title={title ?? undefined} aria-current={isChosen(name) ? 'true' : undefined}>
            {words(name)}
          </Link>
          <span className="count">{amount(count)}</span>
        </li>
      ))}
    </ul>
  );
}

/** Entities with their types and descriptions, and what else there is to say. */
export function EntityList<T>({
  items,
  entity,
  hasTypes = true,
  children,
}: {
  items: T[];
  entity: (item: T) => Name;
  hasTypes?: boolean;
  children: (item: T) => ReactNode;
}) {
  return (
    <LongList className="result-list" itemClass={() => 'result'} height={90} items={items} keyOf={(item) => entity(item).entityId}>
      {(item) => (
        <>
          <h3>
            <EntityLink entity={entity(item)} /> {hasTypes && <TypeName name={entity(item).__typename} />}
          </h3>
          {children(item)}
        </>
      )}
    </LongList>
  );
}

/** Entities whose names are enough, such as near misses. */
export function NameList({ entities, withIds = false }: { entities: Name[]; withIds?: boolean }) {
  return (
    <ul className="plain-list">
      {entities.map((entity) => (
        <li key={entity.entityId}>
          <EntityLink entity={entity} /> <TypeName name={entity.__typename} /> {withIds && <code>{entity.entityId}</code>}
        </li>
      ))}
    </ul>
  );
}

/** Links to the first and the next page of a list. `place` is that of a page. */
export function Pages({ place, after, pageInfo }: { place: (after?: string) => Place; after?: string; pageInfo: { hasNextPage: boolean; endCursor: string | null } }) {
  const next = pageInfo.hasNextPage ? pageInfo.endCursor : null;
  if (after === undefined && next === null) {
    return null;
  }
  return (
    <nav className="pages" aria-label="Pages of this list">
      {after !== undefined && (
        <Link className="button" to={place()}>
          First page
        </Link>
      )}
      {next !== null && (
        <Link className="button" rel="next" to={place(next)}>
          Next page
        </Link>
      )}
    </nav>
  );
}
