// An answer as a table: the first list of objects in it, one row for each object.

export interface Table {
  columns: string[];
  rows: Record<string, unknown>[];
}

type Fields = Record<string, unknown>;

function isFields(value: unknown): value is Fields {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function firstList(value: unknown): Fields[] | undefined {
  let level: unknown[] = [value];
  while (level.length > 0) {
    const list = level.find((it): it is Fields[] => Array.isArray(it) && it.some(isFields));
    if (list) {
      return list.filter(isFields);
    }
    level = level.flatMap((it) => (isFields(it) ? Object.values(it) : []));
  }
  return undefined;
}

/** Leaves of an object by their paths. Lists of values become one text, and lists of objects their names. */
function flatten(fields: Fields, prefix: string, row: Fields) {
  for (const [name, value] of Object.entries(fields)) {
    const isWrapper = name === 'node' || name === 'nodes' || name === 'edges';
    const path = isWrapper ? prefix.replace(/\.$/, '') : `${prefix}${name}`;
    if (isFields(value) && !('coordinates' in value)) {
      flatten(value, path === '' ? '' : `${path}.`, row);
    } else {
      row[path || name] = Array.isArray(value) ? value.map(short).join('; ') : value;
    }
  }
}

function short(item: unknown): string {
  if (!isFields(item)) {
    return cell(item);
  }
  if (isFields(item.node)) {
    return short(item.node);
  }
  const named = item.label ?? item.name ?? item.title ?? item.id;
  return typeof named === 'string' ? named : JSON.stringify(item);
}

export function table(data: unknown): Table | undefined {
  const list = firstList(data);
  if (!list) {
    return undefined;
  }
  const rows = list.map((item) => {
    const row: Fields = {};
    flatten(item, '', row);
    return row;
  });
  return { columns: [...new Set(rows.flatMap((row) => Object.keys(row)))], rows };
}

export function cell(value: unknown): string {
  if (typeof value === 'string') {
    return value;
  }
  return value === null || value === undefined ? '' : JSON.stringify(value);
}

/** Numbers by size, everything else as text, missing values last. */
export function sorted(rows: Fields[], column: string, isDescending: boolean): Fields[] {
  const sign = isDescending ? -1 : 1;
  return rows.toSorted((a, b) => {
    const [left, right] = [a[column], b[column]];
    const [isLeftMissing, isRightMissing] = [cell(left) === '', cell(right) === ''];
    if (isLeftMissing || isRightMissing) {
      return Number(isLeftMissing) - Number(isRightMissing);
    }
    return sign * (typeof left === 'number' && typeof right === 'number' ? left - right : cell(left).localeCompare(cell(right), 'en', { numeric: true }));
  });
}

/** CSV of RFC 4180. */
export function csv({ columns, rows }: Table): string {
  const quoted = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return [columns, ...rows.map((row) => columns.map((column) => cell(row[column])))]
    .map((line) => `${line.map(quoted).join(',')}\r\n`)
    .join('');
}
