// Types of the drawing: the form in which the view gives its graph to the picture.

import type { Look } from './look';

export interface DrawnNode extends Look {
  id: string;
  label: string;
  size: number;
  isPinned: boolean;
  isOnPath: boolean;
  isSelected: boolean;
  /** The entity near which a new one is placed. */
  beside?: string;
  /** Position at which the reader pinned it. */
  at?: { x: number; y: number };
}

export interface DrawnEdge {
  id: string;
  from: string;
  to: string;
  label: string;
  isDirected: boolean;
  isOnPath: boolean;
  isSelected: boolean;
}

export interface Drawn {
  nodes: DrawnNode[];
  edges: DrawnEdge[];
}

export interface Point {
  x: number;
  y: number;
}

/** The colours of the page, which the picture shares. */
export interface Theme {
  paper: string;
  ink: string;
  line: string;
  accent: string;
}

export interface Handlers {
  onSelect: (id: string | undefined) => void;
  onOpen: (id: string) => void;
  onMove: (id: string, at: Point) => void;
}

/** A picture that is shown. */
export interface Picture {
  show: (drawn: Drawn) => void;
  setTheme: (theme: Theme) => void;
  fit: () => void;
  png: () => Promise<Blob>;
  positions: () => Map<string, Point>;
  destroy: () => void;
}
