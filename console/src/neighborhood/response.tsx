// The part of the graph that an answer shows, as a picture.

import '../styles/neighborhood.css';

import { useEffect, useState } from 'react';

import { useAnswer } from '../answer';
import { askAs, type Variables } from '../client';
import { count, fieldLabel, number } from '../format';
import { Link, useNavigation } from '../navigation';
import { schema, type SchemaAnswer } from '../queries';
import { Canvas, useTheme } from './canvas';
import type { Drawn } from './drawn';
import { readGraphml, type Graphml } from './graphml';
import { lookOf, short, sizeOf } from './look';
import { MOST_NODES, viewOf } from './state';

function drawnOf({ nodes, edges }: Graphml, types: string[]): Drawn {
  const kept = nodes.slice(0, MOST_NODES);
  const ids = new Set(kept.map(({ id }) => id));
  const degrees = new Map<string, number>();
  for (const { from, to } of edges) {
    degrees.set(from, (degrees.get(from) ?? 0) + 1);
    degrees.set(to, (degrees.get(to) ?? 0) + 1);
  }
  return {
    nodes: kept.map(({ id, label, type }) => ({
      id,
      label: short(label),
      size: sizeOf(degrees.get(id) ?? 0),
      ...lookOf(type, types),
      isPinned: false,
      isOnPath: false,
      isSelected: false,
    })),
    edges: edges
      .filter(({ from, to }) => ids.has(from) && ids.has(to))
      .map(({ id, from, to, field }) => ({ id: `edge ${id}`, from, to, label: fieldLabel(field), isDirected: true, isOnPath: false, isSelected: false })),
  };
}

const nothing = () => undefined;

export default function ResponseGraph({ query, variables }: { query: string; variables?: string }) {
  const { go } = useNavigation();
  const theme = useTheme();
  const asked = useAnswer<SchemaAnswer>(schema());
  const [graph, setGraph] = useState<Graphml>();
  const [failure, setFailure] = useState('');
  useEffect(() => {
    let isGone = false;
    const given = variables ? (JSON.parse(variables) as Variables) : {};
    askAs({ query, variables: given }, 'application/graphml+xml').then(
      (text) => {
        if (!isGone) {
          setGraph(readGraphml(text));
        }
      },
      (error: unknown) => {
        if (!isGone) {
          setFailure(error instanceof Error ? error.message : String(error));
        }
      },
    );
    return () => {
      isGone = true;
    };
  }, [query, variables]);
  if (failure) {
    return <p role="alert">An answer with errors has no graph. {failure}</p>;
  }
  if (!graph || asked.state === 'loading') {
    return <p role="status">Loading</p>;
  }
  if (graph.nodes.length === 0) {
    return <p>This answer has no entities.</p>;
  }
  const types = asked.state === 'answered' ? (asked.answer.data?.graph.types ?? []).map(({ name }) => name) : [];
  const drawn = drawnOf(graph, types);
  return (
    <div className="response-graph">
      <p>
        {drawn.nodes.length < graph.nodes.length ? `${number(drawn.nodes.length)} of ${number(graph.nodes.length)} entities` : count(graph.nodes.length, 'entity', 'entities')},{' '}
        {count(drawn.edges.length, 'edge')}.{' '}
        <Link to={{ page: 'neighborhood', ...viewOf(graph.nodes.map(({ id }) => id), { between: true }) }}>Neighborhood of these</Link>
      </p>
      <Canvas
        drawn={drawn}
        theme={theme}
        isEmpty={false}
        label={`Picture of ${count(drawn.nodes.length, 'entity', 'entities')} and ${count(drawn.edges.length, 'edge')}. The table has the same.`}
        onPicture={nothing}
        onSelect={nothing}
        onOpen={(id) => go({ page: 'entity', id })}
        onMove={nothing}
      />
    </div>
  );
}
