// Beside the JSON response in GraphiQL: the same as a table, its sources, and what it took.

import { useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { lazy, Suspense, useEffect, useRef, useState } from 'react';

import { write, type View } from '../address';
import { cited } from '../cite';
import type { Answer } from '../client';
import { size } from '../format';
import { Link } from '../navigation';
import { cell, csv, sorted, table, type Table } from '../table';

// The picture has a library of its own.
const ResponseGraph = lazy(() => import('../neighborhood/response'));

export interface Response {
  query: string;
  variables?: string;
  answer: Answer<unknown> | undefined;
  milliseconds: number;
  bytes: number;
}

/** The address of a query that was run, with what is shown beside its answer. */
export function addressOf({ query, variables }: Pick<Response, 'query' | 'variables'>, view?: View): string {
  return write({ page: 'graphiql', query, ...(variables ? { variables } : {}), ...(view ? { view } : {}) });
}

/** Runs the query of the address once the editor has found its operation. */
export function RunOnce() {
  const { run } = useGraphiQLActions();
  const isReady = useGraphiQL((state) => state.queryEditor !== undefined && state.variableEditor !== undefined && state.responseEditor !== undefined);
  const isDone = useRef(false);
  useEffect(() => {
    if (!isReady || isDone.current) {
      return;
    }
    isDone.current = true;
    // The editor looks for operations a moment after its text was set.
    const timer = setTimeout(run, 150);
    return () => clearTimeout(timer);
  }, [isReady, run]);
  return null;
}

/** How many rows are shown; the CSV has all. */
const MOST_ROWS = 1000;

function Rows({ table }: { table: Table }) {
  const [order, setOrder] = useState<{ column: string; isDescending: boolean }>();
  const rows = order ? sorted(table.rows, order.column, order.isDescending) : table.rows;
  const download = () => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([csv({ ...table, rows })], { type: 'text/csv' }));
    link.download = 'answer.csv';
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1_000);
  };
  return (
    <>
      <p>
        <button type="button" className="button" onClick={download}>
          Download CSV
        </button>{' '}
        {rows.length > MOST_ROWS && `The first ${MOST_ROWS} of ${rows.length} rows; the CSV has all.`}
      </p>
      <table>
        <thead>
          <tr>
            {table.columns.map((column) => {
              const isOrder = order?.column === column;
              return (
                <th key={column} scope="col" aria-sort={isOrder ? (order.isDescending ? 'descending' : 'ascending') : undefined}>
                  <button type="button" onClick={() => setOrder({ column, isDescending: isOrder && !order.isDescending })}>
                    {column}
                    {isOrder && (order.isDescending ? ' ↓' : ' ↑')}
                  </button>
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, MOST_ROWS).map((row, no) => (
            <tr key={no}>
              {table.columns.map((column) => (
                <td key={column} dir="auto">
                  {cell(row[column])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function Sources({ response: { answer, query, variables } }: { response: Response }) {
  const places = answer?.extensions?.citations;
  if (places === undefined) {
    return (
      <p>
        The query does not ask for sources. <Link to={{ page: 'graphiql', query: cited(query), ...(variables ? { variables } : {}) }}>Ask with sources</Link>
      </p>
    );
  }
  return places.length === 0 ? (
    <p>Nothing in this answer has a source.</p>
  ) : (
    <table>
      <thead>
        <tr>
          <th scope="col">Place in the answer</th>
          <th scope="col">Source</th>
          <th scope="col">Place in the source</th>
          <th scope="col">Note</th>
        </tr>
      </thead>
      <tbody>
        {places.slice(0, MOST_ROWS).flatMap(({ path, citations }) =>
          citations.map(({ source, locator, note }, no) => (
            <tr key={`${path.join('.')} ${no}`}>
              <td>
                <code>{path.join('.')}</code>
              </td>
              <td dir="auto">
                <Link to={{ page: 'source', id: source.id, ...(locator ? { locator } : {}) }}>{source.title}</Link>
              </td>
              <td>{locator}</td>
              <td dir="auto">{note}</td>
            </tr>
          )),
        )}
      </tbody>
    </table>
  );
}

const LABELS: Record<View, string> = { table: 'Table', sources: 'Sources', graph: 'Graph' };

export function Beside({ response, view, show }: { response?: Response; view?: View; show: (view?: View) => void }) {
  const [said, say] = useState('');
  if (!response) {
    return null;
  }
  const { query, variables, answer, milliseconds, bytes } = response;
  const rows = table(answer?.data);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(new URL(addressOf(response, view), location.href).href);
      say('Copied');
    } catch {
      say('It cannot be copied');
    }
    setTimeout(() => say(''), 2_000);
  };
  const tab = (name: View, label: string) => (
    <button type="button" className="button" aria-pressed={view === name} onClick={() => show(view === name ? undefined : name)}>
      {label}
    </button>
  );
  return (
    <section className="beside" aria-label="Response">
      <div className="beside-bar">
        {tab('table', 'Table')}
        {tab('sources', 'Sources')}
        {tab('graph', 'Graph')}
        <button type="button" className="button" onClick={() => void copy()}>
          <span aria-live="polite">{said || 'Copy link'}</span>
        </button>
        <span className="muted">
          {Math.round(milliseconds)} ms, {size(bytes)}
        </span>
      </div>
      {view && (
        <div className="beside-view" tabIndex={0} role="region" aria-label={LABELS[view]}>
          {view === 'sources' ? (
            <Sources response={response} />
          ) : view === 'graph' ? (
            <Suspense fallback={<p>Loading</p>}>
              <ResponseGraph key={`${query} ${variables}`} query={query} variables={variables} />
            </Suspense>
          ) : rows ? (
            <Rows key={query} table={rows} />
          ) : (
            <p>This answer has no list of objects.</p>
          )}
        </div>
      )}
    </section>
  );
}
