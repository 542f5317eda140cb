// Loads the parts of a view that are not known yet.

import { useEffect, useReducer, useState } from 'react';

import { ask, ServerGone, type GraphError } from '../client';
import { nothing, openedKey, pathsKey, type Known } from './model';
import { missing, type Missing, type ViewAnswer } from './questions';
import type { View } from './state';

/** Answers of this visit, by date. */
const dates = new Map<string, Known>();
/** How many dates are kept. */
const MOST_DATES = 12;

function knownAt(asOf = ''): Known {
  const known = dates.get(asOf) ?? nothing();
  // The date that was used last is the last one.
  dates.delete(asOf);
  dates.set(asOf, known);
  const oldest = dates.keys().next().value;
  if (dates.size > MOST_DATES && oldest !== undefined) {
    dates.delete(oldest);
  }
  return known;
}

/** The parts of a view that are not known. */
export function missingOf(view: View, known: Known): Missing {
  const { paths } = view;
  return {
    of: view.of.filter((id) => !known.entities.has(id)),
    types: view.ofTypes.filter((type) => !known.types.has(type)),
    opened: view.opened.flatMap((opened) => {
      const links = known.opened.get(openedKey(opened))?.links;
      const { shown, ...rest } = opened;
      if (!links) {
        return [{ ...rest, first: shown }];
      }
      const after = links.pageInfo.endCursor;
      const first = shown - links.nodes.length;
      return first > 0 && links.pageInfo.hasNextPage && after !== null ? [{ ...rest, first, after }] : [];
    }),
    ...(paths && !known.paths.has(pathsKey(paths)) ? { paths } : {}),
  };
}

/** Adds an answer to what is known. */
export function learn(known: Known, asked: Missing, answer: ViewAnswer) {
  asked.of.forEach((id, no) => {
    if (answer.of) {
      known.entities.set(id, answer.of[no] ?? null);
    }
  });
  asked.types.forEach((type, no) => {
    const list = answer[`type${no}`];
    if (list) {
      known.types.set(type, list);
    }
  });
  asked.opened.forEach((wanted, no) => {
    const entity = answer[`open${no}`];
    if (!entity) {
      return;
    }
    const before = known.opened.get(openedKey(wanted))?.links.nodes ?? [];
    const nodes = wanted.after === undefined ? entity.links.nodes : [...before, ...entity.links.nodes];
    known.opened.set(openedKey(wanted), { entity, links: { ...entity.links, nodes } });
  });
  if (asked.paths && answer.paths) {
    known.paths.set(pathsKey(asked.paths), answer.paths);
  }
}

export interface Loaded {
  known: Known;
  isLoading: boolean;
  errors: GraphError[];
  gone?: { message: string; retry: () => void };
}

/** Asks for what a view lacks, in one request. */
export function useKnown(view: View): Loaded {
  const { asOf } = view;
  const known = knownAt(asOf);
  const asked = missingOf(view, known);
  const question = missing(asked, asOf);
  const key = question ? JSON.stringify(question) : '';
  const [told, tell] = useState<{ key: string; errors: GraphError[]; gone?: string }>({ key: '', errors: [] });
  const [attempt, retry] = useReducer((no: number) => no + 1, 0);
  // A part that the server cannot answer stays missing, and is not asked for again.
  const isAnswered = key === '' || (told.key === key && told.gone === undefined);
  useEffect(() => {
    if (!question || isAnswered) {
      return;
    }
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    ask<ViewAnswer>(question, stop.signal).then(
      ({ data, errors }) => {
        if (data) {
          learn(known, asked, data);
        }
        const rest = missing(missingOf(view, known), asOf);
        // The server could not answer the parts that are still missing.
        tell({ key: rest ? JSON.stringify(rest) : key, errors });
      },
      (error: unknown) => {
        if (!stop.signal.aborted) {
          tell({ key, errors: [], gone: error instanceof ServerGone ? error.message : String(error) });
          timer = setTimeout(retry, 3_000);
        }
      },
    );
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
    // The key changes if the question or anything that it is made of changes.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [key, isAnswered, attempt]);
  return {
    known,
    isLoading: !isAnswered && told.gone === undefined,
    errors: told.key === key || (isAnswered && key === '') ? told.errors : [],
    ...(told.gone !== undefined && told.key === key ? { gone: { message: told.gone, retry } } : {}),
  };
}
