// The paths between two entities, with the sources of each step.

import { count, fieldLabel, number, validity } from '../format';
import { EntityLink } from '../parts/names';
import { Citations } from '../parts/statements';
import type { SchemaAnswer } from '../queries';
import { pathsKey, type Known } from './model';
import type { Entity, Link } from './questions';
import { MOST_PATHS, type View } from './state';

interface Properties {
  view: View;
  known: Known;
  info: SchemaAnswer['graph'];
  isLoading: boolean;
  set: (view: View) => void;
}

function Step({ step, isLast, view, info, avoid }: { step: Link; isLast: boolean; view: View; info: SchemaAnswer['graph']; avoid: (id: string) => void }) {
  const field = info.relations.find(({ name }) => name === step.relation);
  const label = step.statement?.field ?? (step.forward ? field?.field : field?.inverse) ?? step.relation;
  const { valid, citations } = step.statement ?? { valid: null, citations: [] };
  return (
    <li className="path-step">
      <span>
        <span className="muted">{fieldLabel(label)}</span> <EntityLink entity={step.to} asOf={view.asOf} />{' '}
        {valid && <span className="valid">{validity(valid)}</span>}
      </span>
      <span className="buttons">
        <Citations citations={citations} />
        {!isLast && (
          <button type="button" className="button" aria-label={`Avoid this: ${step.to.label}`} onClick={() => avoid(step.to.entityId)}>
            Avoid this
          </button>
        )}
      </span>
    </li>
  );
}

export function Paths({ view, known, info, isLoading, set }: Properties) {
  const { paths } = view;
  if (!paths) {
    return null;
  }
  const found = known.paths.get(pathsKey(paths));
  const named = new Map<string, Entity>();
  for (const list of known.paths.values()) {
    for (const step of list.nodes.flatMap(({ steps }) => steps)) {
      named.set(step.from.entityId, step.from).set(step.to.entityId, step.to);
    }
  }
  const label = (id: string) => named.get(id)?.label ?? known.entities.get(id)?.label ?? id;
  const change = (more: Partial<typeof paths>) => set({ ...view, paths: { ...paths, ...more } });
  return (
    <section aria-label="Paths" className="paths">
      <h2>
        Paths from {label(paths.from)} to {label(paths.to)}
      </h2>
      {found?.nodes.length === 0 && <p role="status">No path of at most 6 edges connects them{paths.avoid.length > 0 ? ' without the avoided entities' : ''}.</p>}
      {!found && isLoading && <p role="status">Loading</p>}
      {found && found.nodes.length > 0 && (
        <ol>
          {found.nodes.map(({ length, steps }, no) => (
            <li key={no} className="path">
              <p className="muted">{count(length, 'edge')}</p>
              {steps[0] && <EntityLink entity={steps[0].from} asOf={view.asOf} />}
              <ol>
                {steps.map((step, place) => (
                  <Step
                    key={place}
                    step={step}
                    isLast={place === steps.length - 1}
                    view={view}
                    info={info}
                    avoid={(id) => change({ avoid: [...paths.avoid, id], shown: 1 })}
                  />
                ))}
              </ol>
            </li>
          ))}
        </ol>
      )}
      {paths.avoid.length > 0 && (
        <ul className="buttons" aria-label="Avoided">
          {paths.avoid.map((id) => (
            <li key={id}>
              <button type="button" className="button" onClick={() => change({ avoid: paths.avoid.filter((it) => it !== id) })}>
                Allow {label(id)} again
              </button>
            </li>
          ))}
        </ul>
      )}
      <div className="buttons">
        {found?.pageInfo.hasNextPage && paths.shown < MOST_PATHS && (
          <button type="button" className="button" onClick={() => change({ shown: paths.shown + 1 })}>
            Further path
          </button>
        )}
        {paths.shown >= MOST_PATHS && <span className="muted">At most {number(MOST_PATHS)} paths are shown.</span>}
        <button type="button" className="button" onClick={() => set({ ...view, paths: undefined })}>
          Close paths
        </button>
      </div>
    </section>
  );
}
