// The neighborhood of entities, as a picture and as a list.

import '../styles/neighborhood.css';

import { useEffect, useMemo, useState } from 'react';

import { read, write } from '../address';
import { useAnswer } from '../answer';
import { count, date, fieldLabel, number } from '../format';
import { useNavigation } from '../navigation';
import { Canvas, useTheme } from '../neighborhood/canvas';
import type { Drawn, Picture } from '../neighborhood/drawn';
import { Downloads } from '../neighborhood/downloads';
import { Filters } from '../neighborhood/filters';
import { List } from '../neighborhood/list';
import { lookOf, short, sizeOf } from '../neighborhood/look';
import { graphOf, shownOf, type Graph } from '../neighborhood/model';
import { Paths } from '../neighborhood/paths';
import { between, check, whole, type BetweenAnswer, type Checked } from '../neighborhood/questions';
import { add, compact, EMPTY, MOST_NODES, pin, type View } from '../neighborhood/state';
import { useSteps } from '../neighborhood/steps';
import { useKnown } from '../neighborhood/store';
import { Year } from '../neighborhood/year';
import { SearchBox } from '../parts/search-box';
import { Errors, Loading, Notice, ShowAsQuery, Shown, Title } from '../parts/states';
import { schema, type SchemaAnswer } from '../queries';

type Info = SchemaAnswer['graph'];

function drawnOf(graph: Graph, view: View, info: Info): Drawn {
  const types = info.types.map(({ name }) => name);
  const relations = new Map(info.relations.map((it) => [it.name, it]));
  const pins = new Map(view.pinned.map(({ id, x, y }) => [id, { x, y }]));
  return {
    nodes: graph.nodes.map((node) => {
      const at = pins.get(node.entityId);
      return {
        id: node.entityId,
        label: short(node.label),
        size: sizeOf(node.degree),
        ...lookOf(node.__typename, types),
        isPinned: node.isPinned,
        isOnPath: node.isOnPath,
        isSelected: node.entityId === view.selected,
        ...(node.beside === undefined ? {} : { beside: node.beside }),
        ...(at ? { at } : {}),
      };
    }),
    edges: graph.edges.map((edge) => {
      const relation = relations.get(edge.relation);
      return {
        id: edge.key,
        from: edge.from,
        to: edge.to,
        label: fieldLabel(relation?.field ?? edge.relation),
        isDirected: !relation?.symmetric,
        isOnPath: edge.isOnPath,
        isSelected: edge.key === view.selected,
      };
    }),
  };
}

function Status({ shown, graph, view, isLoading }: { shown: Graph; graph: Graph; view: View; isLoading: boolean }) {
  return (
    <p className="facts-line" role="status">
      <span>
        {number(shown.nodes.length)} of {count(Math.max(graph.total, shown.nodes.length), 'entity', 'entities')} shown
      </span>
      <span>{count(shown.edges.length, 'edge')}</span>
      {view.asOf && <span>As of {date(view.asOf)}</span>}
      {graph.isFull && <span>The picture has at most {number(MOST_NODES)} entities: close or hide some to see others.</span>}
      {isLoading && <span>Loading</span>}
    </p>
  );
}

/** The edges between the shown entities, where the reader asks for them. The last ones stay while others are loaded. */
function useBetween(graph: Graph, view: View, info: Info): BetweenAnswer | undefined {
  const relations = info.relations.map(({ name }) => name);
  const ids = graph.nodes.map(({ entityId }) => entityId);
  const question = view.between && ids.length > 1 && relations.length > 0 ? between(ids, relations, view.asOf) : null;
  const asked = useAnswer<BetweenAnswer>(question);
  const now = asked.state === 'answered' ? (asked.answer.data ?? undefined) : undefined;
  const [last, setLast] = useState<BetweenAnswer>();
  if (now && now !== last) {
    setLast(now);
  }
  return view.between ? (now ?? last) : undefined;
}

/** Ids without an entity, or a date that is not one. */
function Unknown({ ids, asOf }: { ids: string[]; asOf?: string }) {
  const [first] = ids;
  const asked = useAnswer<Checked>(first !== undefined && asOf !== undefined ? check(first, asOf) : null);
  if (first === undefined) {
    return null;
  }
  if (asked.state === 'answered' && asked.answer.errors.length > 0) {
    return <Errors errors={asked.answer.errors} />;
  }
  return (
    <Notice title="Some ids have no entity">
      <p>
        No entity has {ids.length === 1 ? 'the id' : 'the ids'} {ids.slice(0, 10).map((id) => `“${id}”`).join(', ')}
        {ids.length > 10 && ` and ${number(ids.length - 10)} others`}.
      </p>
    </Notice>
  );
}

function Neighborhood({ view, info }: { view: View; info: Info }) {
  const { go } = useNavigation();
  const theme = useTheme();
  const [picture, setPicture] = useState<Picture>();
  const { known, isLoading, errors, gone } = useKnown(view);
  const symmetric = useMemo(() => new Set(info.relations.filter((it) => it.symmetric).map((it) => it.name)), [info]);
  const extra = useBetween(graphOf(view, known, symmetric), view, info);
  const graph = graphOf(view, known, symmetric, extra);
  const shown = shownOf(graph, view);
  const drawn = drawnOf(shown, view, info);
  const set = (next: View) => go({ page: 'neighborhood', ...compact(next) }, { stay: true });
  // Choosing what is shown in detail is no step.
  const select = (selected?: string) => go({ page: 'neighborhood', ...compact({ ...view, selected }) }, { stay: true, replace: true });
  const { back, forward } = useSteps(write({ page: 'neighborhood', ...compact({ ...view, selected: undefined }) }));
  const step = (address?: string) => {
    if (address !== undefined) {
      const { pathname, searchParams } = new URL(address, location.origin);
      const place = read(pathname, searchParams.toString());
      go(place, { stay: true });
    }
  };
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const isTyping = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'z' && !isTyping) {
        event.preventDefault();
        step(event.shiftKey ? forward : back);
      }
    };
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  });
  const question = whole(view);
  const isEmpty = question === null;
  return (
    <>
      <div className="neighborhood-bar">
        <SearchBox label="Add an entity" choose={({ entityId }) => set(add(view, entityId))} />
        <div className="buttons">
          <button type="button" className="button" disabled={back === undefined} onClick={() => step(back)}>
            Undo
          </button>
          <button type="button" className="button" disabled={forward === undefined} onClick={() => step(forward)}>
            Redo
          </button>
          <button type="button" className="button" aria-pressed={view.between} onClick={() => set({ ...view, between: !view.between })}>
            All edges between
          </button>
          <button type="button" className="button" disabled={isEmpty} onClick={() => set(EMPTY)}>
            Clear
          </button>
        </div>
        <Year view={view} set={set} />
      </div>
      <Status shown={shown} graph={graph} view={view} isLoading={isLoading} />
      {gone && (
        <Notice title="The server cannot be reached" urgent>
          <p>{gone.message} The page tries again every few seconds.</p>
          <button type="button" className="button" onClick={gone.retry}>
            Try now
          </button>
        </Notice>
      )}
      {errors.length > 0 && <Errors errors={errors} />}
      <Unknown ids={graph.unknown} asOf={view.asOf} />
      {isEmpty && <p>Add an entity by its name, or begin at the page of an entity. Then open its relations one by one.</p>}
      <div className="neighborhood-parts">
        <div className="neighborhood-left">
          <Canvas
            drawn={drawn}
            theme={theme}
            isEmpty={isEmpty}
            label={`Picture of ${count(shown.nodes.length, 'entity', 'entities')} and ${count(shown.edges.length, 'edge')}. The list beside it has the same.`}
            onPicture={setPicture}
            onSelect={select}
            onOpen={(id) => select(id)}
            onMove={(id, at) => set(pin(view, id, at))}
          />
          <div className="buttons">
            <button type="button" className="button" disabled={!picture || isEmpty} onClick={() => picture?.fit()}>
              Fit
            </button>
            <Downloads drawn={drawn} shown={shown} view={view} theme={theme} picture={picture} />
          </div>
          <Filters graph={graph} view={view} info={info} set={set} />
          {question && <ShowAsQuery question={question} />}
        </div>
        <div className="neighborhood-right">
          <Paths view={view} known={known} info={info} isLoading={isLoading} set={set} />
          <List
            graph={graph}
            shown={shown}
            known={known}
            view={view}
            info={info}
            set={set}
            select={select}
            positionOf={(id) => picture?.positions().get(id)}
          />
        </div>
      </div>
    </>
  );
}

export default function NeighborhoodPage(view: View) {
  const asked = useAnswer<SchemaAnswer>(schema());
  return (
    <article className="neighborhood">
      <Title>Neighborhood</Title>
      <h1 className="page-title">Neighborhood</h1>
      {asked.state === 'loading' ? (
        <Loading lines={10} />
      ) : (
        <Shown asked={asked}>{({ data }) => <Neighborhood view={view} info={data.graph} />}</Shown>
      )}
    </article>
  );
}
