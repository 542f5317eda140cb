// The types and relations of the view, with their counts, as a key to the picture and as filters.

import { fieldLabel, number, words } from '../format';
import type { SchemaAnswer } from '../queries';
import { corners, lookOf, type Look } from './look';
import type { Graph } from './model';
import { toggled, type View } from './state';

export function Sign({ colour, shape }: Look) {
  const points = corners(shape).map(([x, y]) => `${(8 + 7 * x).toFixed(1)},${(8 + 7 * y).toFixed(1)}`);
  return (
    <svg className="sign" viewBox="0 0 16 16" aria-hidden="true">
      {shape === 'ellipse' ? (
        <circle cx="8" cy="8" r="7" fill={colour} />
      ) : shape === 'round-rectangle' ? (
        <rect x="1.5" y="1.5" width="13" height="13" rx="3" fill={colour} />
      ) : (
        <polygon points={points.join(' ')} fill={colour} />
      )}
    </svg>
  );
}

function tally(names: string[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const name of names) {
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a);
}

export function Filters({ graph, view, info, set }: { graph: Graph; view: View; info: SchemaAnswer['graph']; set: (view: View) => void }) {
  const types = info.types.map(({ name }) => name);
  const fields = new Map(info.relations.map((it) => [it.name, it.field]));
  const byType = tally(graph.nodes.map((it) => it.__typename));
  const byRelation = tally(graph.edges.map((it) => it.relation));
  return byType.length === 0 ? null : (
    <div className="filters">
      <fieldset>
        <legend>Types</legend>
        {byType.map(([name, total]) => (
          <label key={name}>
            <input
              type="checkbox"
              checked={!view.withoutTypes.includes(name)}
              onChange={() => set({ ...view, withoutTypes: toggled(view.withoutTypes, name) })}
            />
            <Sign {...lookOf(name, types)} />
            {words(name)} <span className="count">{number(total)}</span>
          </label>
        ))}
      </fieldset>
      {byRelation.length > 0 && (
        <fieldset>
          <legend>Relations</legend>
          {byRelation.map(([name, total]) => (
            <label key={name}>
              <input
                type="checkbox"
                checked={!view.withoutRelations.includes(name)}
                onChange={() => set({ ...view, withoutRelations: toggled(view.withoutRelations, name) })}
              />
              {fieldLabel(fields.get(name) ?? name)} <span className="count">{number(total)}</span>
            </label>
          ))}
        </fieldset>
      )}
    </div>
  );
}
