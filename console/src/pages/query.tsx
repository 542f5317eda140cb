import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import '../styles/query.css';

import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL, HISTORY_PLUGIN } from 'graphiql';
import { useEffect, useMemo, useState } from 'react';

import type { View } from '../address';
import { useAnswer } from '../answer';
import type { Answer } from '../client';
import { addressOf, Beside, RunOnce, type Response as Shown } from '../parts/response';
import { Loading, Title } from '../parts/states';
import { examplesPlugin, type Example } from './examples';

interface GraphInfo {
  graph: { title: string | null; description: string | null; examples: Example[] };
}

const INFO = { query: '{ graph { title description examples { title query } } }', variables: {} };

const FIRST = `# What does this graph hold?
{
  graph {
    title
    entityCount
    types { name count }
  }
}
`;

interface Sent {
  query: string;
  variables?: Record<string, unknown>;
  operationName?: string;
}

function parsed(text: string): Answer<unknown> | undefined {
  try {
    const { data = null, errors = [], extensions } = JSON.parse(text) as Partial<Answer<unknown>>;
    return { data, errors, extensions };
  } catch {
    return undefined;
  }
}

/** Sends requests, and notes each response. */
function fetcher(note: (response: Shown) => void) {
  const measured: typeof fetch = async (input, init) => {
    const start = performance.now();
    const response = await fetch(input, init);
    const text = await response.clone().text();
    const milliseconds = performance.now() - start;
    const { query, variables, operationName } = JSON.parse(init?.body as string) as Sent;
    if (operationName !== 'IntrospectionQuery') {
      const given = variables && Object.keys(variables).length > 0 ? JSON.stringify(variables, null, 2) : undefined;
      note({ query, variables: given, answer: parsed(text), milliseconds, bytes: new TextEncoder().encode(text).length });
    }
    return response;
  };
  return createGraphiQLFetcher({ url: '/graphql', fetch: measured });
}

export default function QueryPage({ query, variables, view: first }: { query?: string; variables?: string; view?: View }) {
  const asked = useAnswer<GraphInfo>(INFO);
  const [response, note] = useState<Shown>();
  const [view, show] = useState(first);
  const send = useMemo(() => fetcher(note), []);
  // The address is that of the query that was run last. The place stays, since another one starts a new editor.
  useEffect(() => {
    if (response) {
      history.replaceState(history.state, '', addressOf(response, view));
    }
  }, [response, view]);
  const graph = asked.state === 'answered' ? asked.answer.data?.graph : undefined;
  const examples = useMemo(() => examplesPlugin(graph?.examples ?? []), [graph]);
  if (asked.state === 'loading') {
    return <Loading lines={8} />;
  }
  const hasQuery = query !== undefined;
  return (
    <article className="query">
      <Title>{`${graph?.title ?? 'Clew'} · GraphiQL`}</Title>
      <h1 className="for-readers">GraphiQL</h1>
      <GraphiQL
        fetcher={send}
        plugins={[HISTORY_PLUGIN, examples]}
        visiblePlugin={hasQuery ? undefined : examples}
        defaultQuery={graph?.examples[0]?.query ?? FIRST}
        initialQuery={query}
        initialVariables={hasQuery ? (variables ?? '') : undefined}
      >
        <GraphiQL.Logo>
          <span title={graph?.description ?? undefined}>{graph?.title ?? 'Clew'}</span>
        </GraphiQL.Logo>
        <GraphiQL.Footer>
          {hasQuery && <RunOnce />}
          <Beside response={response} view={view} show={show} />
        </GraphiQL.Footer>
      </GraphiQL>
    </article>
  );
}
