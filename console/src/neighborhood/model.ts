// The entities and edges of a view, and the part of them that filters leave.

import type { Statement } from '../queries';
import type { BetweenAnswer, Entity, Link, Links, ViewAnswer } from './questions';
import { MOST_NODES, type Opened, type PathsBetween, type View } from './state';

export interface Node extends Entity {
  isPinned: boolean;
  isOnPath: boolean;
  /** Whether the reader chose it, or opened a relation of it. */
  isOwn: boolean;
  /** The entity that was opened to find this one. */
  beside?: string;
}

/** All statements of one relation between two entities. */
export interface Edge {
  key: string;
  relation: string;
  from: string;
  to: string;
  statements: Statement[];
  isOnPath: boolean;
}

export interface Graph {
  nodes: Node[];
  edges: Edge[];
  /** How many entities the view has, with those that are not loaded. */
  total: number;
  /** Ids that no entity has. */
  unknown: string[];
  /** Whether there are more entities than the picture can have. */
  isFull: boolean;
}

/** Answers about one date. */
export interface Known {
  entities: Map<string, Entity | null>;
  types: Map<string, { totalCount: number; nodes: Entity[] }>;
  opened: Map<string, { entity: Entity; links: Links }>;
  paths: Map<string, NonNullable<ViewAnswer['paths']>>;
}

export function nothing(): Known {
  return { entities: new Map(), types: new Map(), opened: new Map(), paths: new Map() };
}

export function openedKey({ id, relation, direction }: Pick<Opened, 'id' | 'relation' | 'direction'>): string {
  return `${relation} ${direction} ${id}`;
}

export function pathsKey(paths: PathsBetween): string {
  return JSON.stringify(paths);
}

function keyOf(link: Link, isSymmetric: boolean): Pick<Edge, 'key' | 'from' | 'to'> {
  const ends = [link.from.entityId, link.to.entityId];
  if (isSymmetric ? ends.join('\n') > ends.toReversed().join('\n') : !link.forward) {
    ends.reverse();
  }
  const [from = '', to = ''] = ends;
  return { key: `${link.relation} ${encodeURIComponent(from)} ${encodeURIComponent(to)}`, from, to };
}

/** Parallel edges differ in their years, their rank or their properties. */
function identity({ edge, rank, valid }: Statement): string {
  return JSON.stringify([valid?.from, valid?.until, rank, edge]);
}

export function graphOf(view: View, known: Known, symmetric: Set<string>, extra?: BetweenAnswer): Graph {
  const nodes = new Map<string, Node>();
  const edges = new Map<string, Edge>();
  const unknown: string[] = [];
  let unloaded = 0;
  let isFull = false;

  const addNode = (entity: Entity, more: Partial<Node>) => {
    const node = nodes.get(entity.entityId);
    if (node) {
      node.isOnPath ||= more.isOnPath ?? false;
      node.isOwn ||= more.isOwn ?? false;
      return true;
    }
    if (nodes.size >= MOST_NODES) {
      isFull = true;
      unloaded += 1;
      return false;
    }
    nodes.set(entity.entityId, { ...entity, isPinned: false, isOnPath: false, isOwn: false, ...more });
    return true;
  };
  const addEdge = (link: Link, isOnPath: boolean) => {
    const ends = keyOf(link, symmetric.has(link.relation));
    const edge = edges.get(ends.key) ?? { ...ends, relation: link.relation, statements: [], isOnPath: false };
    edges.set(ends.key, edge);
    edge.isOnPath ||= isOnPath;
    if (link.statement && !edge.statements.some((it) => link.statement && identity(it) === identity(link.statement))) {
      edge.statements.push(link.statement);
    }
  };

  for (const id of view.of) {
    const entity = known.entities.get(id);
    if (entity) {
      addNode(entity, { isOwn: true });
    } else if (entity === null) {
      unknown.push(id);
    }
  }
  for (const type of view.ofTypes) {
    const list = known.types.get(type);
    list?.nodes.forEach((entity) => addNode(entity, { isOwn: true }));
    unloaded += Math.max((list?.totalCount ?? 0) - (list?.nodes.length ?? 0), 0);
  }
  for (const { steps } of (view.paths && known.paths.get(pathsKey(view.paths))?.nodes) ?? []) {
    for (const step of steps) {
      addNode(step.from, { isOnPath: true, isOwn: true });
      addNode(step.to, { isOnPath: true, isOwn: true, beside: step.from.entityId });
      addEdge(step, true);
    }
  }
  // A relation counts while its entity is in the view, in the order in which they were opened.
  let waiting = view.opened;
  for (let isGrowing = true; isGrowing; ) {
    const now = waiting.filter(({ id }) => nodes.has(id));
    waiting = waiting.filter((it) => !now.includes(it));
    isGrowing = now.length > 0;
    for (const opened of now) {
      const found = known.opened.get(openedKey(opened));
      if (!found) {
        continue;
      }
      addNode(found.entity, { isOwn: true });
      const shown = found.links.nodes.slice(0, opened.shown);
      for (const link of shown) {
        if (addNode(link.to, { beside: opened.id })) {
          addEdge({ ...link, from: found.entity }, false);
        }
      }
      unloaded += found.links.totalCount - shown.length;
    }
  }
  for (const link of extra?.neighborhood?.links ?? []) {
    if (nodes.has(link.from.entityId) && nodes.has(link.to.entityId)) {
      addEdge(link, false);
    }
  }
  for (const { id } of view.pinned) {
    const node = nodes.get(id);
    if (node) {
      node.isPinned = true;
    }
  }
  return { nodes: [...nodes.values()], edges: [...edges.values()], total: nodes.size + unloaded, unknown, isFull };
}

/** Applies the filters. An entity that was not chosen itself is shown while a shown edge leads to it. */
export function shownOf(graph: Graph, view: View): Graph {
  const hidden = new Set(view.hidden);
  const withoutTypes = new Set(view.withoutTypes);
  const withoutRelations = new Set(view.withoutRelations);
  const allowed = new Map(
    graph.nodes.filter((it) => !hidden.has(it.entityId) && !withoutTypes.has(it.__typename)).map((it) => [it.entityId, it]),
  );
  const edges = graph.edges.filter((it) => !withoutRelations.has(it.relation) && allowed.has(it.from) && allowed.has(it.to));
  const linked = new Set(edges.flatMap(({ from, to }) => [from, to]));
  const nodes = [...allowed.values()].filter((it) => it.isOwn || linked.has(it.entityId));
  return { ...graph, nodes, edges };
}
