// The view as a file.

import { useState } from 'react';

import { askAs } from '../client';
import type { Drawn, Picture, Point, Theme } from './drawn';
import type { Graph } from './model';
import { file } from './questions';
import type { View } from './state';
import { svg } from './svg';

function save(name: string, content: Blob) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1_000);
}

interface Properties {
  drawn: Drawn;
  shown: Graph;
  view: View;
  theme: Theme;
  picture: Picture | undefined;
}

/** The shown entities, and all edges of the shown relations between them. */
function asFile({ nodes, edges }: Graph, asOf: string | undefined, accept: string): Promise<string> {
  const ids = nodes.map(({ entityId }) => entityId);
  return askAs(file(ids, [...new Set(edges.map(({ relation }) => relation))], asOf), accept);
}

export function Downloads({ drawn, shown, view, theme, picture }: Properties) {
  const [failure, setFailure] = useState('');
  const isEmpty = shown.nodes.length === 0;
  const button = (label: string, name: string, type: string, content: () => Promise<string | Blob>) => (
    <button
      type="button"
      className="button"
      disabled={isEmpty || !picture}
      onClick={() => {
        content().then(
          (it) => {
            setFailure('');
            save(name, it instanceof Blob ? it : new Blob([it], { type }));
          },
          (error: unknown) => setFailure(error instanceof Error ? error.message : String(error)),
        );
      }}
    >
      {label}
    </button>
  );
  return (
    <>
      {button('PNG', 'neighborhood.png', 'image/png', () => picture?.png() ?? Promise.reject(new Error('There is no picture.')))}
      {button('SVG', 'neighborhood.svg', 'image/svg+xml', () => Promise.resolve(svg(drawn, picture?.positions() ?? new Map<string, Point>(), theme)))}
      {button('GraphML', 'neighborhood.graphml', 'application/graphml+xml', () => asFile(shown, view.asOf, 'application/graphml+xml'))}
      {button('Turtle', 'neighborhood.ttl', 'text/turtle', () => asFile(shown, view.asOf, 'text/turtle'))}
      {failure && <span role="alert">The file cannot be saved: {failure}</span>}
    </>
  );
}
