// Values of the graph as text for people.

const MONTHS = [
  'January', 'February', 'March', 'April', 'May', 'June',
  'July', 'August', 'September', 'October', 'November', 'December',
];
const SEASONS: Record<string, string> = { '21': 'spring', '22': 'summer', '23': 'autumn', '24': 'winter' };

/** `memberCount` as `Member count`, `CodeOfConduct` as `Code of conduct`, `SAILING_SHIP` as `Sailing ship`. */
export function words(name: string): string {
  // Short words in capitals are mostly abbreviations.
  if (/^[A-Z0-9]{1,3}$/.test(name)) {
    return name;
  }
  const spaced = /^[A-Z0-9_]+$/.test(name)
    ? name.toLowerCase().replaceAll('_', ' ')
    : name
        .replaceAll('_', ' ')
        .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
        .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
        .replace(/\b[A-Z](?=[a-z]|\b)/g, (letter) => letter.toLowerCase());
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

/** The name of a field. `^about` is the other side of `about`. */
export function fieldLabel(field: string): string {
  return field.startsWith('^') ? `${words(field.slice(1))} (from there)` : words(field);
}

function year(text: string): string {
  if (text.startsWith('Y')) {
    return year(text.slice(1));
  }
  if (/^-\d+$/.test(text)) {
    return `${Number(text.slice(1)) + 1} BC`;
  }
  if (text === '0000') {
    return '1 BC';
  }
  return /^\d{3}X$/.test(text) ? `${text.slice(0, 3)}0s` : text;
}

function day(text: string): string {
  const [, plain = text, sign = ''] = /^(.*?)([?~%]?)$/.exec(text) ?? [];
  const [, first = plain, month, last] = /^(-?[\dX]{4,}|Y-?\d+)(?:-([\dX]{2}))?(?:-([\dX]{2}))?$/.exec(plain) ?? [];
  let said = year(first);
  if (month && SEASONS[month]) {
    said = `${SEASONS[month]} ${said}`;
  } else if (month && month !== 'XX') {
    said = `${MONTHS[Number(month) - 1] ?? month} ${said}`;
    if (last && last !== 'XX') {
      said = `${Number(last)} ${said}`;
    }
  }
  if (sign === '~' || sign === '%') {
    said = `about ${said}`;
  }
  return sign === '?' || sign === '%' ? `${said} (uncertain)` : said;
}

/** A date in EDTF, such as `1898-05-02`, `1931~` or `2009/2012`. */
export function date(text: string): string {
  const [from, until] = text.split('/');
  if (from === undefined || until === undefined) {
    return day(text);
  }
  const start = from === '..' || from === '' ? '' : day(from);
  const end = until === '..' || until === '' ? '' : day(until);
  return start && end ? `${start} – ${end}` : start ? `since ${start}` : `until ${end}`;
}

export interface Validity {
  from: string | null;
  until: string | null;
}

/** When a statement holds. */
export function validity({ from, until }: Validity): string {
  if (from && until) {
    return from === until ? `in ${day(from)}` : `${day(from)} – ${day(until)}`;
  }
  return from ? `since ${day(from)}` : until ? `until ${day(until)}` : '';
}

/** A number, or the digits of one. Four digits stay together, since they are often a year. */
export function number(value: number | string): string {
  const [, sign = '', whole = '', rest = ''] = /^(-?)(\d+)(.*)$/.exec(String(value)) ?? [];
  if (whole === '') {
    return String(value);
  }
  const grouped = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, ',') : whole;
  return `${sign ? '−' : ''}${grouped}${rest}`;
}

/** A number of things, which is no year: `8,589`. */
export function amount(value: number): string {
  return value.toLocaleString('en');
}

/** A count with its noun: `1 source`, `12,040 sources`. */
export function count(value: number, one: string, many = `${one}s`): string {
  return `${amount(value)} ${value === 1 ? one : many}`;
}

/** A length of time, such as `P12DT6H`. */
export function duration(text: string): string {
  const [all, sign, ...parts] = /^(-?)P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?$/.exec(text) ?? [];
  const units = ['day', 'hour', 'minute', 'second'];
  const said = parts.flatMap((part, no) => (part ? [`${part} ${units[no]}${part === '1' ? '' : 's'}`] : []));
  return all === undefined || said.length === 0 ? text : `${sign ? 'minus ' : ''}${said.join(' ')}`;
}

/** A GeoJSON point, the longitude first. */
export function point(value: unknown): string | undefined {
  const at = (value as { coordinates?: unknown } | null)?.coordinates;
  if (!Array.isArray(at) || typeof at[0] !== 'number' || typeof at[1] !== 'number') {
    return undefined;
  }
  const [longitude, latitude] = at as [number, number];
  return `${Math.abs(latitude)}° ${latitude < 0 ? 'S' : 'N'}, ${Math.abs(longitude)}° ${longitude < 0 ? 'W' : 'E'}`;
}

/** A point in time of RFC 3339. */
export function moment(text: string): string {
  const [, days, time, zone] = /^(\d{4}-\d{2}-\d{2})T([\d:.]+)(Z|[+-]\d{2}:\d{2})$/.exec(text) ?? [];
  return days && time && zone ? `${day(days)}, ${time} ${zone === 'Z' ? 'UTC' : `UTC${zone}`}` : text;
}

/** The parts of a highlight, which is HTML with nothing but `<mark>` and escaped characters. */
export function marked(html: string): { text: string; mark: boolean }[] {
  const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
  const plain = (text: string) =>
    text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (all, hex?: string, decimal?: string, name?: string) => {
      const code = hex ? parseInt(hex, 16) : decimal ? Number(decimal) : undefined;
      return code !== undefined ? String.fromCodePoint(code) : ((name && named[name]) ?? all);
    });
  return html.split(/(<mark>.*?<\/mark>)/s).flatMap((part) => {
    const [, inside] = /^<mark>(.*)<\/mark>$/s.exec(part) ?? [];
    const text = plain(inside ?? part);
    return text === '' ? [] : [{ text, mark: inside !== undefined }];
  });
}

/** Bytes in the unit that suits them. */
export function size(bytes: number): string {
  return bytes < 1000 ? `${bytes} B` : bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
