// A value of a property, as people write it.

import { date, duration, moment, number, point, words } from '../format';

/** Only these schemes are made links, whatever a value says. */
function isLink(text: string): boolean {
  return /^(https?|mailto):/i.test(text);
}

function Address({ text }: { text: string }) {
  return isLink(text) ? (
    <a href={text} rel="noreferrer">
      {text}
    </a>
  ) : (
    <span>{text}</span>
  );
}

function Json({ value }: { value: unknown }) {
  return <code className="json">{JSON.stringify(value, null, 2)}</code>;
}

function Languages({ texts }: { texts: Record<string, string> }) {
  return (
    <span className="languages">
      {Object.entries(texts).map(([language, text]) => (
        <span key={language} className="language">
          <span lang={language || undefined} dir="auto">
            {text}
          </span>
          {language && <abbr title={languageName(language)}>{language}</abbr>}
        </span>
      ))}
    </span>
  );
}

function languageName(tag: string): string {
  try {
    return new Intl.DisplayNames('en', { type: 'language' }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}

/** `type` is the scalar of the schema. Without it, the type is guessed from the value. */
export function Value({ value, type, isEnum = false }: { value: unknown; type?: string; isEnum?: boolean }) {
  if (typeof value === 'boolean') {
    return <>{value ? 'Yes' : 'No'}</>;
  }
  if (typeof value === 'number') {
    return <>{number(value)}</>;
  }
  if (typeof value === 'string') {
    if (isEnum) {
      return <>{words(value)}</>;
    }
    switch (type ?? guessed(value)) {
      case 'Date':
        return <time>{date(value)}</time>;
      case 'DateTime':
        return <time dateTime={value}>{moment(value)}</time>;
      case 'Duration':
        return <>{duration(value)}</>;
      case 'URL':
        return <Address text={value} />;
      case 'Int64':
      case 'Decimal':
        return <>{number(value)}</>;
      default:
        return <span dir="auto">{value}</span>;
    }
  }
  if (type === 'Text' && value !== null && typeof value === 'object') {
    return <Languages texts={value as Record<string, string>} />;
  }
  const place = type === 'Point' ? point(value) : undefined;
  return place ? <>{place}</> : <Json value={value} />;
}

/** The scalar of a value of which the schema is not known, such as a property of an edge. */
function guessed(text: string): string | undefined {
  if (/^\d{4}-\d{2}-\d{2}T/.test(text)) {
    return 'DateTime';
  }
  if (/^\d{4}-\d{2}(-\d{2})?[?~%]?$/.test(text) || /^\d{4}[-\d?~%]*\/(\d{4}[-\d?~%]*|\.\.)$/.test(text)) {
    return 'Date';
  }
  return isLink(text) ? 'URL' : undefined;
}
