// The state of a question that a page asks.

import { useEffect, useReducer, useState } from 'react';

import { ask, ServerGone, type Answer, type Question } from './client';

export type Asked<T> =
  | { state: 'loading' }
  | { state: 'gone'; message: string; retry: () => void }
  | { state: 'answered'; answer: Answer<T> };

/** Answers of this visit, so that going back shows a page at once and in its old place. */
const known = new Map<string, Answer<unknown>>();
const MOST_KNOWN = 100;

function keep(key: string, answer: Answer<unknown>) {
  known.delete(key);
  known.set(key, answer);
  const oldest = known.keys().next().value;
  if (known.size > MOST_KNOWN && oldest !== undefined) {
    known.delete(oldest);
  }
}

/** Asks while the page shows this question; another question or leaving cancels the request. Null asks nothing. */
export function useAnswer<T>(question: Question | null): Asked<T> {
  const key = question ? JSON.stringify(question) : '';
  const [told, tell] = useState<{ key: string; answer?: Answer<T>; gone?: string }>({ key: '' });
  const [attempt, retry] = useReducer((no: number) => no + 1, 0);
  useEffect(() => {
    if (key === '' || known.has(key)) {
      return;
    }
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    ask<T>(JSON.parse(key) as Question, stop.signal).then(
      (answer) => {
        if (answer.errors.length === 0) {
          keep(key, answer);
        }
        tell({ key, answer });
      },
      (error: unknown) => {
        if (stop.signal.aborted) {
          return;
        }
        tell({ key, gone: error instanceof ServerGone ? error.message : String(error) });
        // The server may come back.
        timer = setTimeout(retry, 3_000);
      },
    );
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [key, attempt]);
  const kept = known.get(key) as Answer<T> | undefined;
  if (kept) {
    return { state: 'answered', answer: kept };
  }
  if (told.key === key && told.answer) {
    return { state: 'answered', answer: told.answer };
  }
  if (told.key === key && told.gone) {
    return { state: 'gone', message: told.gone, retry };
  }
  return { state: 'loading' };
}
