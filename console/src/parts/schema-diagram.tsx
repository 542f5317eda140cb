// All types and relations of a schema as a diagram. Types of an interface that a relation names together are one end.

import { Graph, layout } from '@dagrejs/dagre';
import { useMemo, useState } from 'react';

import { write } from '../address';
import { amount, fieldLabel } from '../format';
import { useNavigation } from '../navigation';
import type { Relation } from '../queries';
import { endName, endsOf, type End, type Ends, type Interface } from '../vocabulary';

/** More than this cannot be read in one picture. */
const MOST_NODES = 60;
const MOST_LINES = 200;
/** How many relations between the same two ends have their names in the diagram. */
const MOST_NAMES = 3;
/** With more lines than these, the names are shown only at those of one type. */
const MOST_NAMED_LINES = 20;

const LETTER = 7;
const LINE = 14;

/** Relations between the same two ends are one line. */
interface Line {
  from: string;
  to: string;
  names: string[];
}

interface Drawing {
  width: number;
  height: number;
  /** `own` are the relations that begin and end at the type. */
  nodes: (End & { own: string[]; x: number; y: number; width: number; height: number })[];
  isDense: boolean;
  lines: (Line & { path: string; x: number; y: number })[];
  /** How many types have no place in it. */
  missing: number;
}

const SHORT: Record<string, string> = { 'any number': '', 'at most one': ' 0..1', 'exactly one': ' 1' };

function linesOf(relations: Relation[], types: string[], known: Interface[], of: Map<string, Ends>): { lines: Line[]; ends: Map<string, End> } {
  const lines = new Map<string, Line>();
  const ends = new Map<string, End>();
  for (const relation of relations) {
    for (const from of endsOf(relation.from, types, known)) {
      for (const to of endsOf(relation.to, types, known)) {
        ends.set(from.name, from).set(to.name, to);
        const key = `${from.name} ${to.name}`;
        const line = lines.get(key) ?? { from: from.name, to: to.name, names: [] };
        line.names.push(`${fieldLabel(relation.field)}${SHORT[of.get(relation.name)?.to ?? ''] ?? ''}`);
        lines.set(key, line);
      }
    }
  }
  return { lines: [...lines.values()], ends };
}

function label({ names }: Pick<Line, 'names'>): string[] {
  const rest = names.length - MOST_NAMES;
  return rest > 0 ? [...names.slice(0, MOST_NAMES), `and ${rest} more`] : names;
}

/** The relations between entities of one type, as lines of text. */
function ownOf(lines: Line[], name: string): string[] {
  const own = lines.find(({ from, to }) => from === name && to === name);
  return own ? label(own).map((text) => `↺ ${text}`) : [];
}

/** A smooth line through points. */
function curve(points: { x: number; y: number }[]): string {
  const [start, ...rest] = points;
  if (!start) {
    return '';
  }
  let path = `M${start.x},${start.y}`;
  rest.forEach(({ x, y }, no) => {
    const next = rest[no + 1];
    path += next ? ` Q${x},${y} ${(x + next.x) / 2},${(y + next.y) / 2}` : ` L${x},${y}`;
  });
  return path;
}

function draw(types: string[], matching: string[] | undefined, relations: Relation[], known: Interface[], of: Map<string, Ends>): Drawing {
  const { lines, ends } = linesOf(relations, types, known, of);
  const weight = new Map<string, number>();
  for (const { from, to, names } of lines) {
    weight.set(from, (weight.get(from) ?? 0) + names.length);
    weight.set(to, (weight.get(to) ?? 0) + names.length);
  }
  const wanted = new Map<string, End>(ends);
  for (const name of matching ?? types) {
    wanted.set(name, { name, kind: 'type', types: [name] });
  }
  const kept = new Set(
    [...wanted.keys()].sort((a, b) => (weight.get(b) ?? 0) - (weight.get(a) ?? 0)).slice(0, MOST_NODES),
  );
  const graph = new Graph();
  graph.setGraph({ rankdir: 'LR', nodesep: 14, edgesep: 8, ranksep: 30, marginx: 6, marginy: 6, ranker: 'network-simplex' });
  for (const name of kept) {
    const end = wanted.get(name);
    const own = ownOf(lines, name);
    const text = end ? endName(end) : name;
    const width = Math.max(text.length * LETTER, ...own.map((it) => it.length * (LETTER - 1))) + 24;
    graph.setNode(name, { width: Math.max(70, width), height: 30 + own.length * LINE });
  }
  const drawn = lines.filter(({ from, to }) => from !== to && kept.has(from) && kept.has(to)).slice(0, MOST_LINES);
  const isDense = drawn.length > MOST_NAMED_LINES;
  for (const line of drawn) {
    const text = isDense ? [] : label(line);
    const width = Math.max(0, ...text.map((it) => it.length * (LETTER - 1) + 8));
    graph.setEdge(line.from, line.to, { width, height: text.length * LINE, labelpos: 'c' });
  }
  // A type that has an interface stands near it.
  for (const { name, types: members } of known) {
    for (const type of members) {
      if (kept.has(name) && kept.has(type) && wanted.get(name)?.kind === 'interface' && !graph.hasEdge(type, name) && !graph.hasEdge(name, type)) {
        graph.setEdge(type, name, { width: 0, height: 0, isMember: true });
      }
    }
  }
  layout(graph);
  const size = graph.graph() as { width?: number; height?: number };
  return {
    width: size.width ?? 0,
    height: size.height ?? 0,
    nodes: [...kept].flatMap((name) => {
      const end = wanted.get(name);
      return end ? [{ ...end, own: ownOf(lines, name), ...(graph.node(name) as { x: number; y: number; width: number; height: number }) }] : [];
    }),
    lines: graph.edges().flatMap(({ v, w }) => {
      const { points = [], x = 0, y = 0 } = graph.edge(v, w) as { points?: { x: number; y: number }[]; x?: number; y?: number };
      const line = drawn.find(({ from, to }) => from === v && to === w);
      return [{ from: v, to: w, names: line?.names ?? [], path: curve(points), x, y }];
    }),
    isDense,
    missing: [...wanted.keys()].length - kept.size,
  };
}

interface Properties {
  types: string[];
  /** The types that a search found; all if there is none. */
  matching?: string[];
  relations: Relation[];
  interfaces: Interface[];
  of: Map<string, Ends>;
}

function Node({ node, isFaint, choose }: { node: Drawing['nodes'][number]; isFaint: boolean; choose: (name?: string) => void }) {
  const { go } = useNavigation();
  const { name, kind, own, x, y, width, height } = node;
  const top = y - height / 2;
  const box = (
    <>
      <rect x={x - width / 2} y={top} width={width} height={height} rx={kind === 'type' ? 6 : 15} />
      <text x={x} y={top + 15} textAnchor="middle" dominantBaseline="central">
        {endName(node)}
      </text>
      {own.map((text, no) => (
        <text key={text} className="diagram-own" x={x} y={top + 32 + no * LINE} textAnchor="middle" dominantBaseline="central">
          {text}
        </text>
      ))}
    </>
  );
  const shared = {
    className: `diagram-${kind}${isFaint ? ' faint' : ''}`,
    onMouseEnter: () => choose(name),
    onMouseLeave: () => choose(),
  };
  if (kind !== 'type') {
    return <g {...shared}>{box}</g>;
  }
  const place = { page: 'schema' as const, type: name };
  return (
    <a
      {...shared}
      href={write(place)}
      onFocus={() => choose(name)}
      onBlur={() => choose()}
      onClick={(event) => {
        if (!event.metaKey && !event.ctrlKey) {
          event.preventDefault();
          go(place);
        }
      }}
    >
      {box}
    </a>
  );
}

export default function SchemaDiagram({ types, matching, relations, interfaces, of }: Properties) {
  const [chosen, choose] = useState<string>();
  // The lists are new at each render, and the layout is slow.
  const key = JSON.stringify([types, matching, relations.map((it) => it.name)]);
  // eslint-disable-next-line react-hooks/exhaustive-deps
  const { width, height, nodes, lines, isDense, missing } = useMemo(() => draw(types, matching, relations, interfaces, of), [key]);
  if (nodes.length === 0) {
    return null;
  }
  const isNear = (name: string) =>
    chosen === undefined || name === chosen || lines.some(({ from, to }) => (from === chosen && to === name) || (to === chosen && from === name));
  return (
    <figure className="diagram whole">
      <div className="scrolled" tabIndex={0} role="region" aria-label="Diagram of the schema">
        <svg viewBox={`0 0 ${width} ${height}`} style={{ width }} role="group" aria-label="Types and relations; the tables below list them">
          <defs>
            <marker id="arrow" viewBox="0 0 8 8" refX={7} refY={4} markerWidth={7} markerHeight={7} orient="auto-start-reverse">
              <path d="M0,0 L8,4 L0,8 z" />
            </marker>
          </defs>
          {lines.map((line) => {
            const { from, to, names, path, x, y } = line;
            const isChosen = from === chosen || to === chosen;
            const text = isDense && !isChosen ? [] : label(line);
            const isFaint = chosen !== undefined && !isChosen;
            return (
              <g key={`${from} ${to}`} className={`${names.length === 0 ? 'diagram-member' : 'diagram-line'}${isFaint ? ' faint' : ''}`}>
                <path d={path} markerEnd="url(#arrow)" />
                {names.length > MOST_NAMES && <title>{names.join(', ')}</title>}
                {text.map((it, no) => (
                  <text key={it} className="diagram-field" x={x} y={y + (no - (text.length - 1) / 2) * LINE} textAnchor="middle" dominantBaseline="central">
                    {it}
                  </text>
                ))}
              </g>
            );
          })}
          {nodes.map((node) => (
            <Node key={node.name} node={node} isFaint={!isNear(node.name)} choose={choose} />
          ))}
        </svg>
      </div>
      <figcaption>
        An arrow leads from a type to what its relations lead to: to any number, or to as many as stands beside the name. ↺ marks relations within one type.
        {nodes.some(({ kind }) => kind === 'interface') && ' Round boxes are interfaces; dashed arrows lead to them from their types.'}
        {isDense && ' Point at a type to see the names of its relations.'}
        {missing > 0 && ` ${amount(missing)} types with fewer relations are left out; search to see them.`}
      </figcaption>
    </figure>
  );
}
