// How types look. The colours are those of Okabe and Ito, which people with any kind of colour blindness can distinguish.
// The shape distinguishes types without colours.

export const SHAPES = ['ellipse', 'round-rectangle', 'diamond', 'triangle', 'hexagon', 'pentagon', 'star', 'octagon'] as const;
export type Shape = (typeof SHAPES)[number];

const COLOURS = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#f0e442', '#8a8a8a'];

export interface Look {
  colour: string;
  shape: Shape;
}

/** Types in the order of the schema, so that a type looks the same in each view. */
export function lookOf(type: string, types: string[]): Look {
  const no = Math.max(types.indexOf(type), 0);
  return {
    colour: COLOURS[no % COLOURS.length] ?? '#8a8a8a',
    // Each round of colours begins at another shape.
    shape: SHAPES[(no + Math.floor(no / COLOURS.length)) % SHAPES.length] ?? 'ellipse',
  };
}

/** The diameter of an entity with a number of edges. */
export function sizeOf(degree: number): number {
  return Math.min(18 + 5 * Math.log2(1 + degree), 72);
}

/** A label as it is written into the picture. */
export function short(label: string, most = 32): string {
  if (label.length <= most) {
    return label;
  }
  const letters = Array.from(new Intl.Segmenter().segment(label), ({ segment }) => segment);
  return letters.length > most ? `${letters.slice(0, most - 1).join('')}…` : label;
}

/** The corners of a shape with a radius of 1 around the origin; none for round shapes. */
export function corners(shape: Shape): [number, number][] {
  /** Every second corner of a star lies further in. */
  const ring = (count: number, start: number, inner = 1) =>
    Array.from({ length: count }, (_, no): [number, number] => {
      const angle = start + (2 * Math.PI * no) / count;
      const radius = no % 2 === 0 ? 1 : inner;
      return [radius * Math.cos(angle), radius * Math.sin(angle)];
    });
  switch (shape) {
    case 'ellipse':
    case 'round-rectangle':
      return [];
    case 'diamond':
      return ring(4, -Math.PI / 2);
    case 'triangle':
      return ring(3, -Math.PI / 2);
    case 'hexagon':
      return ring(6, 0);
    case 'pentagon':
      return ring(5, -Math.PI / 2);
    case 'star':
      return ring(10, -Math.PI / 2, 0.45);
    case 'octagon':
      return ring(8, Math.PI / 8);
  }
}
