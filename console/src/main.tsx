import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import './style.css';

import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL, HISTORY_PLUGIN } from 'graphiql';
import { createRoot } from 'react-dom/client';

import { examplesPlugin, type Example } from './examples';

interface GraphInfo {
  title: string | null;
  description: string | null;
  examples: Example[];
}

const fetcher = createGraphiQLFetcher({ url: '/graphql' });

async function graphInfo(): Promise<GraphInfo> {
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ query: '{ graph { title description examples { title query } } }' }),
  });
  const answer = (await response.json()) as { data?: { graph: GraphInfo } };
  return answer.data?.graph ?? { title: null, description: null, examples: [] };
}

const FIRST = `# What does this graph hold?
{
  graph {
    title
    entityCount
    types { name count }
  }
}
`;

async function start() {
  const graph = await graphInfo().catch(() => ({ title: null, description: null, examples: [] }));
  const examples = examplesPlugin(graph.examples);
  if (graph.title) {
    document.title = `${graph.title} · Clew`;
  }
  const root = document.getElementById('root');
  if (!root) {
    throw new Error('the page has no root');
  }
  createRoot(root).render(
    <GraphiQL
      fetcher={fetcher}
      plugins={[HISTORY_PLUGIN, examples]}
      visiblePlugin={examples}
      defaultQuery={graph.examples[0]?.query ?? FIRST}
    >
      <GraphiQL.Logo>
        <span title={graph.description ?? undefined}>{graph.title ?? 'Clew'}</span>
      </GraphiQL.Logo>
    </GraphiQL>,
  );
}

void start();
