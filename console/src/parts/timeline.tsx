// Dated statements: one line for each date of an entity.

import { date, fieldLabel } from '../format';
import type { TimelineEntry } from '../queries';
import { LongList } from './long-list';
import { EntityLink } from './names';
import { Value } from './value';

/** Entries that follow each other with one date and one entity. */
function lines(entries: TimelineEntry[]): [TimelineEntry, ...TimelineEntry[]][] {
  const all: [TimelineEntry, ...TimelineEntry[]][] = [];
  for (const entry of entries) {
    const last = all.at(-1);
    if (last?.[0].date === entry.date && last[0].entity.entityId === entry.entity.entityId) {
      last.push(entry);
    } else {
      all.push([entry]);
    }
  }
  return all;
}

function Said({ entry: { date: when, statement }, asOf }: { entry: TimelineEntry; asOf?: string }) {
  const { field, value, target, valid } = statement;
  const isEnd = valid?.until === when && valid.from !== when;
  return (
    <span className="timeline-said">
      <span className="timeline-field">
        {fieldLabel(field)}
        {isEnd && ' (until then)'}
      </span>
      {target ? <EntityLink entity={target} asOf={asOf} /> : value !== when && <Value value={value} />}
    </span>
  );
}

/** Without `of`, each line begins with its entity. */
export function Timeline({ entries, of, asOf }: { entries: TimelineEntry[]; of?: string; asOf?: string }) {
  return (
    <LongList className="timeline" items={lines(entries)} keyOf={([{ date, entity }], no) => `${date} ${entity.entityId} ${no}`} height={62}>
      {(line) => (
        <>
          <time>{date(line[0].date)}</time>
          <div>
            {line[0].entity.entityId !== of && (
              <p>
                <EntityLink entity={line[0].entity} asOf={asOf} />
              </p>
            )}
            {line.map((entry, place) => (
              <Said key={place} entry={entry} asOf={asOf} />
            ))}
          </div>
        </>
      )}
    </LongList>
  );
}
