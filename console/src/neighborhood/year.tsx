// The year at which the view is shown.

import { useEffect, useId, useRef, useState } from 'react';

import { useAnswer } from '../answer';
import { range, type Range } from './questions';
import type { View } from './state';

function yearOf(date: string | undefined): number | undefined {
  const [, year] = /^(-?\d{4})/.exec(date ?? '') ?? [];
  return year === undefined ? undefined : Number(year);
}

/** How long the slider waits for the next year, in milliseconds. */
const PAUSE = 250;

export function Year({ view, set }: { view: View; set: (view: View) => void }) {
  const id = useId();
  const asked = useAnswer<Range>(range());
  const data = asked.state === 'answered' ? asked.answer.data : null;
  const given = yearOf(view.asOf);
  const today = new Date().getFullYear();
  const first = Math.min(yearOf(data?.first?.nodes[0]?.date) ?? 1900, given ?? today);
  const last = Math.max(yearOf(data?.last?.nodes[0]?.date) ?? today, given ?? first, first);
  const [moved, setMoved] = useState<number>();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const year = moved ?? given;
  const change = (wanted: number) => {
    setMoved(wanted);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      setMoved(undefined);
      set({ ...view, asOf: String(wanted).padStart(4, '0') });
    }, PAUSE);
  };
  return (
    <div className="year">
      <label htmlFor={id}>Year</label>
      <input
        id={id}
        type="range"
        min={first}
        max={last}
        value={year ?? last}
        aria-valuetext={year === undefined ? 'all dates' : String(year)}
        onChange={(event) => change(event.target.valueAsNumber)}
      />
      <output htmlFor={id}>{year ?? (view.asOf ?? 'All dates')}</output>
      {view.asOf !== undefined && (
        <button
          type="button"
          className="button"
          onClick={() => {
            clearTimeout(timer.current);
            setMoved(undefined);
            set({ ...view, asOf: undefined });
          }}
        >
          All dates
        </button>
      )}
    </div>
  );
}
