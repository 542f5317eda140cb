// A type with its relations: incoming ones on the left, outgoing ones on the right.

import { write } from '../address';
import { fieldLabel, words } from '../format';
import { useNavigation } from '../navigation';
import type { Relation } from '../queries';
import { endName, endsOf, type End, type Ends, type Interface } from '../vocabulary';

interface Arm {
  field: string;
  ends: End[];
  relation: string;
  /** How many of them there are. */
  many?: string;
}

const ROW = 44;
const WIDTH = 900;
const BOX = { width: 190, height: 34 };

function short(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

function arms({ type, relations, types, interfaces, of }: Properties): { left: Arm[]; right: Arm[] } {
  const left: Arm[] = [];
  const right: Arm[] = [];
  for (const { name, field, inverse, symmetric, from, to } of relations) {
    if (from.includes(type)) {
      right.push({ field, ends: endsOf(to, types, interfaces), relation: name, many: of.get(name)?.to });
    }
    if (to.includes(type) && !symmetric) {
      left.push({ field: inverse ?? `^${field}`, ends: endsOf(from, types, interfaces), relation: name, many: of.get(name)?.from });
    }
  }
  return { left, right };
}

function Box({ x, y, end, more }: { x: number; y: number; end: End; more: number }) {
  const { go } = useNavigation();
  const box = (
    <>
      <rect x={x} y={y} width={BOX.width} height={BOX.height} rx={end.kind === 'type' ? 6 : BOX.height / 2} />
      <text x={x + BOX.width / 2} y={y + BOX.height / 2} textAnchor="middle" dominantBaseline="central">
        {short(endName(end), 22)}
        {more > 0 ? ` +${more}` : ''}
      </text>
    </>
  );
  if (end.kind !== 'type') {
    return (
      <g className="diagram-interface">
        {box}
        <title>{end.types.map(words).join(', ')}</title>
      </g>
    );
  }
  const place = { page: 'schema' as const, type: end.name };
  return (
    <a
      href={write(place)}
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

interface Properties {
  type: string;
  relations: Relation[];
  /** All types of the schema. */
  types: string[];
  interfaces: Interface[];
  of: Map<string, Ends>;
}

export function RelationDiagram(properties: Properties) {
  const { type } = properties;
  const { left, right } = arms(properties);
  const rows = Math.max(left.length, right.length);
  if (rows === 0) {
    return null;
  }
  const height = rows * ROW + 8;
  const middle = height / 2;
  const center = WIDTH / 2;
  const side = (list: Arm[], isLeft: boolean) =>
    list.map((arm, no) => {
      const y = middle + (no - (list.length - 1) / 2) * ROW;
      const start = isLeft ? BOX.width : WIDTH - BOX.width;
      const end = center + (isLeft ? -1 : 1) * (BOX.width / 2);
      const bend = (start + end) / 2;
      const [first, ...others] = arm.ends;
      return (
        <g key={`${arm.relation}-${arm.field}`}>
          <path d={`M${start},${y} C${bend},${y} ${bend},${middle} ${end},${middle}`} />
          <text className="diagram-field" x={isLeft ? start + 8 : start - 8} y={y - 6} textAnchor={isLeft ? 'start' : 'end'}>
            {short(fieldLabel(arm.field), 20)}
            {arm.many && arm.many !== 'any number' && ` (${arm.many})`}
          </text>
          {first && <Box x={isLeft ? 0 : start} y={y - BOX.height / 2} end={first} more={others.length} />}
        </g>
      );
    });
  return (
    <figure className="diagram">
      <div className="scrolled" tabIndex={0} role="region" aria-label={`Diagram of ${words(type)}`}>
        <svg viewBox={`0 0 ${WIDTH} ${height}`} role="group" aria-label={`Relations of ${words(type)}; the table below lists them`}>
          {side(left, true)}
          {side(right, false)}
          <g className="diagram-center">
            <rect x={center - BOX.width / 2} y={middle - 22} width={BOX.width} height={44} rx={6} />
            <text x={center} y={middle} textAnchor="middle" dominantBaseline="central">
              {short(words(type), 22)}
            </text>
          </g>
        </svg>
      </div>
      <figcaption>Left: incoming relations. Right: outgoing relations.</figcaption>
    </figure>
  );
}
