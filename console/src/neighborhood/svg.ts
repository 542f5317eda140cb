// The picture as SVG, for documents.

import type { Drawn, DrawnNode, Point, Theme } from './drawn';
import { corners } from './look';

function escaped(text: string): string {
  // XML 1.0 has no way to write control characters.
  return text
    // eslint-disable-next-line no-control-regex
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
    .replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

function outline({ shape, size, colour, isOnPath, isSelected }: DrawnNode, { x, y }: Point, { ink, accent }: Theme): string {
  const radius = size / 2;
  const paint = `fill="${colour}" stroke="${isOnPath || isSelected ? accent : ink}" stroke-width="${isOnPath || isSelected ? 4 : 1}"`;
  if (shape === 'ellipse') {
    return `<circle cx="${x}" cy="${y}" r="${radius}" ${paint}/>`;
  }
  if (shape === 'round-rectangle') {
    return `<rect x="${x - radius}" y="${y - radius}" width="${size}" height="${size}" rx="${size / 6}" ${paint}/>`;
  }
  const points = corners(shape).map(([dx, dy]) => `${(x + radius * dx).toFixed(1)},${(y + radius * dy).toFixed(1)}`);
  return `<polygon points="${points.join(' ')}" ${paint}/>`;
}

export function svg({ nodes, edges }: Drawn, positions: Map<string, Point>, theme: Theme): string {
  const rounded = (value: number) => Math.round(value * 10) / 10;
  const placed = nodes.flatMap((node) => {
    const at = positions.get(node.id);
    return at ? [{ node, at: { x: rounded(at.x), y: rounded(at.y) } }] : [];
  });
  const at = new Map(placed.map(({ node, at }) => [node.id, { ...at, radius: node.size / 2 }]));
  const margin = 120;
  const xs = placed.map(({ at }) => at.x);
  const ys = placed.map(({ at }) => at.y);
  const least = (list: number[]) => list.reduce((a, b) => Math.min(a, b), Infinity);
  const most = (list: number[]) => list.reduce((a, b) => Math.max(a, b), -Infinity);
  const [left, top] = placed.length > 0 ? [least(xs) - margin, least(ys) - margin] : [0, 0];
  const [width, height] = placed.length > 0 ? [most(xs) + margin - left, most(ys) + margin - top] : [2 * margin, 2 * margin];
  const lines = edges.flatMap(({ from, to, label, isDirected, isOnPath, isSelected }) => {
    const a = at.get(from);
    const b = at.get(to);
    if (!a || !b) {
      return [];
    }
    const length = Math.hypot(b.x - a.x, b.y - a.y) || 1;
    // The arrow ends at the border of the entity.
    const end = { x: rounded(b.x - ((b.x - a.x) / length) * (b.radius + 2)), y: rounded(b.y - ((b.y - a.y) / length) * (b.radius + 2)) };
    const colour = isOnPath || isSelected ? theme.accent : theme.line;
    return [
      `<line x1="${a.x}" y1="${a.y}" x2="${end.x}" y2="${end.y}" stroke="${colour}" stroke-width="${isOnPath || isSelected ? 4 : 1.5}"${isDirected ? ' marker-end="url(#arrow)"' : ''}><title>${escaped(label)}</title></line>`,
    ];
  });
  const shapes = placed.map(
    ({ node, at }) =>
      `<g>${outline(node, at, theme)}<text x="${at.x}" y="${rounded(at.y + node.size / 2 + 14)}" text-anchor="middle">${escaped(node.label)}</text></g>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${rounded(left)} ${rounded(top)} ${rounded(width)} ${rounded(height)}" width="${rounded(width)}" height="${rounded(height)}" font-family="sans-serif" font-size="12" fill="${theme.ink}">
<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path d="M0,0 L8,4 L0,8 z" fill="${theme.ink}"/></marker></defs>
<rect x="${rounded(left)}" y="${rounded(top)}" width="${rounded(width)}" height="${rounded(height)}" fill="${theme.paper}"/>
${[...lines, ...shapes].join('\n')}
</svg>
`;
}
