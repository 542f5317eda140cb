// The picture: drawn by cytoscape.js, laid out by d3-force. Loaded when it is first shown.

import cytoscape, { type Core, type EventObject, type StylesheetJson } from 'cytoscape';
import { forceCollide, forceLink, forceManyBody, forceSimulation, forceX, forceY, type SimulationLinkDatum, type SimulationNodeDatum } from 'd3-force';

import type { Drawn, DrawnNode, Handlers, Picture, Point, Theme } from './drawn';

/** Positions of entities in this visit. An entity keeps its position when others are added. */
const places = new Map<string, Point>();
const MOST_PLACES = 10_000;
const KEY = 'clew:neighborhood:places';

function recall() {
  try {
    const list = JSON.parse(sessionStorage.getItem(KEY) ?? '[]') as [string, number, number][];
    for (const [id, x, y] of list) {
      places.set(id, { x, y });
    }
  } catch {
    // Nothing is stored, or the browser stores nothing.
  }
}

function remember() {
  for (const id of places.keys()) {
    if (places.size <= MOST_PLACES) {
      break;
    }
    places.delete(id);
  }
  try {
    sessionStorage.setItem(KEY, JSON.stringify([...places].map(([id, { x, y }]) => [id, Math.round(x), Math.round(y)])));
  } catch {
    // The places then last until the page is loaded again.
  }
}

/** The name of a relation is written at each edge while there are few. */
const MOST_EDGE_LABELS = 80;
/** Above this number of edges, they are drawn as straight lines. */
const MOST_CURVES = 400;

function styles(theme: Theme): StylesheetJson {
  return [
    {
      selector: 'node',
      style: {
        label: 'data(label)',
        'background-color': 'data(colour)',
        shape: 'data(shape)' as 'ellipse',
        width: 'data(size)',
        height: 'data(size)',
        color: theme.ink,
        'font-size': 12,
        'min-zoomed-font-size': 8,
        'text-valign': 'bottom',
        'text-margin-y': 3,
        'text-background-color': theme.paper,
        'text-background-opacity': 0.75,
        'border-width': 1,
        'border-color': theme.ink,
        'overlay-opacity': 0,
      },
    },
    { selector: 'node.pinned', style: { 'border-width': 3, 'border-style': 'double' } },
    { selector: 'node.path', style: { 'border-width': 4, 'border-color': theme.accent } },
    { selector: 'node.selected', style: { 'border-width': 5, 'border-color': theme.accent, 'font-weight': 'bold' } },
    {
      selector: 'edge',
      style: {
        width: 1.5,
        'line-color': theme.line,
        'target-arrow-color': theme.line,
        'curve-style': 'straight',
        color: theme.ink,
        'font-size': 10,
        'min-zoomed-font-size': 9,
        'text-rotation': 'autorotate',
        'text-background-color': theme.paper,
        'text-background-opacity': 0.75,
        'overlay-opacity': 0,
      },
    },
    { selector: 'edge.curved', style: { 'curve-style': 'bezier' } },
    { selector: 'edge.directed', style: { 'target-arrow-shape': 'triangle', 'arrow-scale': 0.9 } },
    { selector: 'edge.labelled', style: { label: 'data(label)' } },
    { selector: 'edge.path', style: { width: 4, 'line-color': theme.accent, 'target-arrow-color': theme.accent } },
    { selector: 'edge.selected', style: { width: 5, 'line-color': theme.accent, 'target-arrow-color': theme.accent, label: 'data(label)' } },
  ];
}

interface Body extends SimulationNodeDatum {
  id: string;
  size: number;
}

/** How long the layout may take in one frame, in milliseconds. */
const SLICE = 10;
/** Above this number of entities, the picture does not move while the layout is computed. */
const MOST_MOVING = 300;

function isStill(): boolean {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}

/** Start of the layout for a new entity: around the one that it was found from. */
function start(no: number, around: Point): Point {
  const angle = no * Math.PI * (3 - Math.sqrt(5));
  const radius = 60 + 14 * Math.sqrt(no);
  return { x: around.x + radius * Math.cos(angle), y: around.y + radius * Math.sin(angle) };
}

class Drawing implements Picture {
  private readonly cy: Core;
  private frame = 0;
  /** Data of the last drawing, so that only changed elements are drawn again. */
  private drawn = new Map<string, string>();
  private isFirst = true;
  /** Entities whose layout has not ended, with their positions so far. */
  private unplaced: Body[] = [];

  constructor(container: HTMLElement, theme: Theme, handlers: Handlers) {
    recall();
    this.cy = cytoscape({
      container,
      style: styles(theme),
      layout: { name: 'preset' },
      minZoom: 0.05,
      maxZoom: 4,
      boxSelectionEnabled: false,
      autounselectify: true,
    });
    const idOf = (event: EventObject) => (event.target as { id: () => string }).id();
    this.cy.on('tap', (event) => handlers.onSelect(event.target === this.cy ? undefined : idOf(event)));
    this.cy.on('dbltap', 'node', (event) => handlers.onOpen(idOf(event)));
    this.cy.on('dragfree', 'node', (event) => {
      const at = this.cy.getElementById(idOf(event)).position();
      places.set(idOf(event), { ...at });
      remember();
      handlers.onMove(idOf(event), at);
    });
  }

  show({ nodes, edges }: Drawn) {
    const { cy } = this;
    const added: DrawnNode[] = [];
    const hasLabels = edges.length <= MOST_EDGE_LABELS;
    const hasCurves = edges.length <= MOST_CURVES;
    const ids = new Set([...nodes.map(({ id }) => id), ...edges.map(({ id }) => id)]);
    const before = this.drawn;
    this.drawn = new Map();
    const isNew = (id: string, value: unknown) => {
      const text = JSON.stringify(value);
      this.drawn.set(id, text);
      return before.get(id) !== text;
    };
    cy.batch(() => {
      for (const id of before.keys()) {
        if (!ids.has(id)) {
          cy.getElementById(id).remove();
        }
      }
      for (const node of nodes) {
        const { id, label, colour, shape, size } = node;
        const data = { id, label, colour, shape, size };
        const classes = [node.isPinned && 'pinned', node.isOnPath && 'path', node.isSelected && 'selected'].filter((it) => it !== false);
        if (!isNew(id, [data, classes, node.at])) {
          continue;
        }
        const known = cy.getElementById(id);
        if (known.empty()) {
          if (node.at) {
            places.set(id, node.at);
          }
          const place = places.get(id);
          if (!place) {
            added.push(node);
          }
          cy.add({ group: 'nodes', data, classes, position: { ...(place ?? { x: 0, y: 0 }) } });
        } else {
          known.data(data);
          known.classes(classes);
          if (node.at && (known.position('x') !== node.at.x || known.position('y') !== node.at.y)) {
            known.position({ ...node.at });
            places.set(id, node.at);
          }
        }
      }
      for (const edge of edges) {
        const { id, from, to, label } = edge;
        const classes = [
          hasCurves && 'curved',
          hasLabels && 'labelled',
          edge.isDirected && 'directed',
          edge.isOnPath && 'path',
          edge.isSelected && 'selected',
        ].filter((it) => it !== false);
        if (!isNew(id, [label, classes])) {
          continue;
        }
        const known = cy.getElementById(id);
        if (known.empty()) {
          cy.add({ group: 'edges', data: { id, source: from, target: to, label }, classes });
        } else {
          known.data('label', label);
          known.classes(classes);
        }
      }
    });
    if (added.length > 0) {
      this.layOut(added, edges, nodes);
    } else if (this.isFirst && nodes.length > 0) {
      this.isFirst = false;
      this.fit();
    }
  }

  /** Places new entities. Those that have a place keep it. */
  private layOut(added: DrawnNode[], edges: Drawn['edges'], nodes: DrawnNode[]) {
    cancelAnimationFrame(this.frame);
    // A layout that others interrupt continues with them.
    const soFar = new Map(this.unplaced.map(({ id, x = 0, y = 0 }) => [id, { x, y }]));
    const fresh = new Set([...added.map(({ id }) => id), ...soFar.keys()]);
    const bodies: Body[] = [];
    const started = new Map<string, Point>();
    nodes.forEach(({ id, size, beside }, no) => {
      const place = fresh.has(id) ? undefined : places.get(id);
      const around = (beside === undefined ? undefined : (places.get(beside) ?? started.get(beside))) ?? { x: 0, y: 0 };
      const { x, y } = place ?? soFar.get(id) ?? (no === 0 ? around : start(started.size, around));
      if (!place) {
        started.set(id, { x, y });
      }
      bodies.push({ id, size, x, y, ...(place ? { fx: x, fy: y } : {}) });
    });
    const links: SimulationLinkDatum<Body>[] = edges.map(({ from, to }) => ({ source: from, target: to }));
    const simulation = forceSimulation(bodies)
      .stop()
      .force('link', forceLink<Body, SimulationLinkDatum<Body>>(links).id(({ id }) => id).distance(130).strength(0.3))
      .force('charge', forceManyBody().strength(-420).distanceMax(900))
      .force('collide', forceCollide<Body>(({ size }) => size / 2 + 30))
      .force('x', forceX().strength(0.04))
      .force('y', forceY().strength(0.04))
      .alphaDecay(nodes.length > MOST_MOVING ? 0.045 : 0.03);
    this.unplaced = bodies.filter(({ id }) => fresh.has(id));
    const isMoving = nodes.length <= MOST_MOVING && !isStill();
    const place = () => {
      this.cy.batch(() => {
        for (const { id, x = 0, y = 0 } of bodies) {
          if (fresh.has(id)) {
            this.cy.getElementById(id).position({ x, y });
          }
        }
      });
    };
    const step = () => {
      const end = performance.now() + SLICE;
      do {
        simulation.tick();
      } while (simulation.alpha() > simulation.alphaMin() && performance.now() < end);
      if (simulation.alpha() > simulation.alphaMin()) {
        if (isMoving) {
          place();
        }
        this.frame = requestAnimationFrame(step);
        return;
      }
      for (const { id, x = 0, y = 0 } of bodies) {
        if (fresh.has(id)) {
          places.set(id, { x, y });
        }
      }
      this.unplaced = [];
      place();
      remember();
      this.isFirst = false;
      this.fit();
      this.cy.container()?.setAttribute('data-layout', 'done');
    };
    this.cy.container()?.setAttribute('data-layout', 'running');
    step();
  }

  setTheme(theme: Theme) {
    this.cy.style(styles(theme));
  }

  fit() {
    const { cy } = this;
    const box = cy.elements().boundingBox();
    const extent = cy.extent();
    const isInside = box.x1 >= extent.x1 && box.x2 <= extent.x2 && box.y1 >= extent.y1 && box.y2 <= extent.y2;
    // A graph that is completely visible is not moved, unless it is small.
    if (isInside && box.w > extent.w / 3) {
      return;
    }
    cy.fit(undefined, 40);
    if (cy.zoom() > 1.2) {
      cy.zoom(1.2);
      cy.center();
    }
  }

  async png(): Promise<Blob> {
    const background = getComputedStyle(document.body).getPropertyValue('--paper').trim() || '#ffffff';
    return this.cy.png({ output: 'blob-promise', full: true, scale: 2, maxWidth: 8_000, maxHeight: 8_000, bg: background });
  }

  positions(): Map<string, Point> {
    return new Map(this.cy.nodes().map((node) => [node.id(), { ...node.position() }]));
  }

  destroy() {
    cancelAnimationFrame(this.frame);
    this.cy.destroy();
  }
}

export function draw(container: HTMLElement, theme: Theme, handlers: Handlers): Picture {
  return new Drawing(container, theme, handlers);
}
