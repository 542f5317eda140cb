// The view as a list, with what can be done with each entity: all that the picture offers, for keyboards and screen readers.

import { memo, useCallback, useEffect, useId, useRef, useState } from 'react';

import { useAnswer } from '../answer';
import { count, fieldLabel, number, validity, words } from '../format';
import { EntityLink } from '../parts/names';
import { SearchBox } from '../parts/search-box';
import { Errors } from '../parts/states';
import { Citations } from '../parts/statements';
import { Value } from '../parts/value';
import type { SchemaAnswer, Statement } from '../queries';
import type { Point } from './drawn';
import { Sign } from './filters';
import { lookOf, type Look } from './look';
import { openedKey, type Edge, type Graph, type Known, type Node } from './model';
import { arms, counts, type Arm, type Counts } from './questions';
import { add, collapse, expand, hide, isOf, pin, STEP, type View } from './state';

interface Properties {
  graph: Graph;
  shown: Graph;
  known: Known;
  view: View;
  info: SchemaAnswer['graph'];
  set: (view: View) => void;
  select: (selected?: string) => void;
  /** Position of an entity in the picture. */
  positionOf: (id: string) => Point | undefined;
}

/** A relation with its count, and what opens or closes it. */
function Opener({ node, arm, total, known, view, set }: { node: Node; arm: Arm; total: number } & Pick<Properties, 'known' | 'view' | 'set'>) {
  const { relation, direction, field } = arm;
  const opened = view.opened.find((it) => isOf(it, node.entityId, relation.name, direction));
  const loaded = opened ? Math.min(known.opened.get(openedKey(opened))?.links.nodes.length ?? 0, opened.shown) : 0;
  const name = fieldLabel(field);
  const next = Math.min(STEP, total - loaded);
  const show = `Show ${loaded > 0 ? `${number(next)} more` : next < total ? `${number(next)} of ${number(total)}` : number(total)}`;
  return (
    <li className="opener">
      <span>
        {name}{' '}
        <span className="count">{loaded > 0 ? `${number(loaded)} of ${number(total)} shown` : number(total)}</span>
      </span>
      <span className="buttons">
        {next > 0 && (
          <button
            type="button"
            className="button"
            aria-label={`${show}: ${name}`}
            onClick={() => set(expand(view, node.entityId, relation.name, direction, loaded + STEP))}
          >
            {show}
          </button>
        )}
        {opened && (
          <button type="button" className="button" aria-label={`Collapse: ${name}`} onClick={() => set(collapse(view, node.entityId, relation.name, direction))}>
            Collapse
          </button>
        )}
      </span>
    </li>
  );
}

function Openers({ node, known, view, info, set }: { node: Node } & Pick<Properties, 'known' | 'view' | 'info' | 'set'>) {
  const list = arms(node.__typename, info.relations);
  const asked = useAnswer<Counts>(list.length > 0 ? counts(node.entityId, list, view.asOf) : null);
  if (list.length === 0) {
    return <p className="muted">Its type has no relations.</p>;
  }
  if (asked.state !== 'answered') {
    return <p className="muted">{asked.state === 'gone' ? asked.message : 'Counting'}</p>;
  }
  const { data, errors } = asked.answer;
  const entity = data?.entity;
  if (!entity) {
    return <Errors errors={errors} />;
  }
  const counted = list.map((arm, no) => ({ arm, total: entity[`arm${no}`]?.totalCount ?? 0 })).filter(({ total }) => total > 0);
  return counted.length === 0 ? (
    <p className="muted">Nothing is related to it{view.asOf ? ' at this date' : ''}.</p>
  ) : (
    <ul>
      {counted.map(({ arm, total }) => (
        <Opener key={`${arm.relation.name} ${arm.direction}`} node={node} arm={arm} total={total} known={known} view={view} set={set} />
      ))}
    </ul>
  );
}

function Said({ statement: { edge, rank, valid, citations } }: { statement: Statement }) {
  const properties = Object.entries(edge ?? {}).filter(([, value]) => value !== null);
  return (
    <li>
      {valid && <span className="valid">{validity(valid)} </span>}
      {rank !== 'NORMAL' && <span className="rank">{words(rank)} </span>}
      {properties.map(([name, value]) => (
        <span key={name} className="edge-property">
          <span className="edge-name">{words(name)}:</span> <Value value={value} />{' '}
        </span>
      ))}
      <Citations citations={citations} />
    </li>
  );
}

/** An edge as it is seen from one of its ends. */
function EdgeItem({ edge, node, nodes, info, view, select }: { edge: Edge; node: Node; nodes: Map<string, Node> } & Pick<Properties, 'info' | 'view' | 'select'>) {
  const relation = info.relations.find(({ name }) => name === edge.relation);
  const isForward = edge.from === node.entityId;
  const field = isForward || relation?.symmetric ? (relation?.field ?? edge.relation) : (relation?.inverse ?? `^${relation?.field ?? edge.relation}`);
  const other = nodes.get(isForward ? edge.to : edge.from);
  const isSelected = view.selected === edge.key;
  return other ? (
    <li>
      <button type="button" className="row" aria-expanded={isSelected} onClick={() => select(isSelected ? node.entityId : edge.key)}>
        <span className="muted">{fieldLabel(field)}</span> <span dir="auto">{other.label}</span>
      </button>
      {isSelected && (
        <div className="edge-details">
          <p>
            <EntityLink entity={other} asOf={view.asOf} />
          </p>
          <ul>
            {edge.statements.map((statement, no) => (
              <Said key={no} statement={statement} />
            ))}
          </ul>
          {relation?.count !== undefined && <p className="muted">{count(relation.count, 'edge')} of this relation in the graph</p>}
        </div>
      )}
    </li>
  ) : null;
}

/** Above this number of entities, the end of a path is found by its name. */
const MOST_CHOICES = 200;

function PathForm({ node, nodes, view, set }: { node: Node; nodes: Node[]; view: View; set: (view: View) => void }) {
  const id = useId();
  const others = nodes.filter((it) => it !== node);
  const [to, setTo] = useState('');
  const end = others.some((it) => it.entityId === to) ? to : (others[0]?.entityId ?? '');
  const find = (end: string) => set({ ...view, paths: { from: node.entityId, to: end, shown: 1, avoid: [] } });
  if (others.length > MOST_CHOICES) {
    return (
      <div className="path-form">
        <SearchBox label="Path to" verb="Find" choose={({ entityId }) => find(entityId)} />
      </div>
    );
  }
  return others.length === 0 ? null : (
    <form
      className="path-form"
      onSubmit={(event) => {
        event.preventDefault();
        find(end);
      }}
    >
      <label htmlFor={id}>Path to</label>
      <select id={id} value={end} onChange={(event) => setTo(event.target.value)}>
        {others.map((it) => (
          <option key={it.entityId} value={it.entityId}>
            {it.label}
          </option>
        ))}
      </select>
      <button type="submit" className="button">
        Find
      </button>
    </form>
  );
}

function Details({ node, edges, nodes, properties }: { node: Node; edges: Edge[]; nodes: Map<string, Node>; properties: Properties }) {
  const { known, view, info, set, select } = properties;
  const { entityId: id } = node;
  const isOpened = view.opened.some((it) => it.id === id);
  return (
    <div className="details">
      <p>
        <EntityLink entity={node} asOf={view.asOf} /> <span className="count">{count(node.degree, 'edge')} in the graph</span>
      </p>
      <h3>Open a relation</h3>
      <Openers node={node} known={known} view={view} info={info} set={set} />
      <div className="buttons">
        {isOpened && (
          <button type="button" className="button" onClick={() => set(collapse(view, id))}>
            Collapse all
          </button>
        )}
        <button type="button" className="button" onClick={() => set(hide(view, id))}>
          Hide
        </button>
        <PinButton node={node} view={view} set={set} positionOf={properties.positionOf} />
        {view.of.includes(id) ? (
          view.of.length > 1 && (
            <button type="button" className="button" onClick={() => set({ ...view, of: view.of.filter((it) => it !== id), selected: undefined })}>
              Take out
            </button>
          )
        ) : (
          <button type="button" className="button" onClick={() => set(add(view, id))}>
            Keep
          </button>
        )}
      </div>
      <PathForm node={node} nodes={[...nodes.values()]} view={view} set={set} />
      {edges.length > 0 && (
        <>
          <h3>Edges in the picture</h3>
          <ul>
            {edges.map((edge) => (
              <EdgeItem key={edge.key} edge={edge} node={node} nodes={nodes} info={info} view={view} select={select} />
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

function PinButton({ node, view, set, positionOf }: { node: Node } & Pick<Properties, 'view' | 'set' | 'positionOf'>) {
  return (
    <button
      type="button"
      className="button"
      aria-pressed={node.isPinned}
      onClick={() => {
        const now = positionOf(node.entityId);
        set(pin(view, node.entityId, node.isPinned || !now ? null : now));
      }}
    >
      Pin
    </button>
  );
}

interface RowProperties {
  id: string;
  label: string;
  type: string;
  look: Look;
  /** How many edges are not shown. */
  rest: number;
  isOpen: boolean;
  isPinned: boolean;
  toggle: (id: string) => void;
}

/** Most rows stay as they are when one is opened. */
const Row = memo(
  function Row({ id, label, type, look, rest, isOpen, isPinned, toggle }: RowProperties) {
    return (
      <button type="button" className="row" aria-expanded={isOpen} onClick={() => toggle(id)}>
        <Sign {...look} />
        <span dir="auto">{label}</span> <span className="type-name">{words(type)}</span>{' '}
        {rest > 0 && <span className="count">+{number(rest)}</span>}
        {isPinned && <span className="for-readers"> pinned</span>}
      </button>
    );
  },
  (a, b) =>
    a.id === b.id && a.label === b.label && a.type === b.type && a.rest === b.rest && a.isOpen === b.isOpen && a.isPinned === b.isPinned && a.toggle === b.toggle,
);

export function List(properties: Properties) {
  const { graph, shown, view, info, set, select } = properties;
  const types = info.types.map(({ name }) => name);
  const nodes = new Map(shown.nodes.map((it) => [it.entityId, it]));
  const edgesOf = new Map<string, Edge[]>();
  for (const edge of shown.edges) {
    for (const id of new Set([edge.from, edge.to])) {
      const list = edgesOf.get(id) ?? [];
      list.push(edge);
      edgesOf.set(id, list);
    }
  }
  const selectedEdge = shown.edges.find(({ key }) => key === view.selected);
  // An edge is shown at the end where the reader is, or else where it begins.
  const [last, setLast] = useState<string>();
  const open = selectedEdge ? (last === selectedEdge.to ? selectedEdge.to : selectedEdge.from) : view.selected;
  if (!selectedEdge && view.selected !== last) {
    setLast(view.selected);
  }
  const item = useRef<HTMLLIElement>(null);
  // The rows keep one function, which does what the last render says.
  const choose = useRef<(id: string) => void>(() => undefined);
  useEffect(() => {
    choose.current = (id) => select(id === open ? undefined : id);
  });
  const toggle = useCallback((id: string) => choose.current(id), []);
  // In some browsers, scrolling returns a promise, which is no function that cleans up.
  useEffect(() => {
    item.current?.scrollIntoView({ block: 'nearest' });
  }, [open]);
  const hidden = view.hidden.map((id) => ({ id, label: graph.nodes.find((it) => it.entityId === id)?.label ?? id }));
  return (
    <section aria-label="Entities" className="entities">
      <h2>
        Entities <span className="count">{number(shown.nodes.length)}</span>
      </h2>
      {hidden.length > 0 && (
        <details>
          <summary>{count(hidden.length, 'hidden entity', 'hidden entities')}</summary>
          <ul className="buttons">
            {hidden.map(({ id, label }) => (
              <li key={id}>
                <button type="button" className="button" onClick={() => set({ ...view, hidden: view.hidden.filter((it) => it !== id) })}>
                  Show {label}
                </button>
              </li>
            ))}
          </ul>
        </details>
      )}
      <ul className="rows" tabIndex={-1}>
        {shown.nodes.map((node) => {
          const isOpen = node.entityId === open;
          const edges = edgesOf.get(node.entityId) ?? [];
          const rest = node.degree - edges.reduce((total, edge) => total + edge.statements.length, 0);
          return (
            <li key={node.entityId} ref={isOpen ? item : undefined} className={isOpen ? 'is-open' : undefined}>
              <Row
                id={node.entityId}
                label={node.label}
                type={node.__typename}
                look={lookOf(node.__typename, types)}
                rest={rest}
                isOpen={isOpen}
                isPinned={node.isPinned}
                toggle={toggle}
              />
              {isOpen && <Details node={node} edges={edges} nodes={nodes} properties={properties} />}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
