// Undo and redo: the views of this visit in their order. Going back in the browser is a step back too.

import { useEffect, useState } from 'react';

interface Steps {
  list: string[];
  at: number;
}

const KEY = 'clew:neighborhood:steps';
const MOST_STEPS = 200;

/** The steps after a view is shown: a step back, a step forward, or a new one. */
export function after({ list, at }: Steps, address: string): Steps {
  if (list[at] === address) {
    return { list, at };
  }
  if (list[at - 1] === address) {
    return { list, at: at - 1 };
  }
  if (list[at + 1] === address) {
    return { list, at: at + 1 };
  }
  const kept = [...list.slice(0, at + 1), address].slice(-MOST_STEPS);
  return { list: kept, at: kept.length - 1 };
}

function stored(): Steps {
  try {
    const { list, at } = JSON.parse(sessionStorage.getItem(KEY) ?? '') as Partial<Steps>;
    if (Array.isArray(list) && list.every((it) => typeof it === 'string') && typeof at === 'number') {
      return { list, at };
    }
  } catch {
    // Nothing is stored, or the browser stores nothing.
  }
  return { list: [], at: -1 };
}

/** The views before and after the one at an address. Selecting something is no step, so the address is without it. */
export function useSteps(address: string): { back?: string; forward?: string } {
  const [steps, setSteps] = useState(() => after(stored(), address));
  const next = after(steps, address);
  if (next.list !== steps.list || next.at !== steps.at) {
    setSteps(next);
  }
  useEffect(() => {
    try {
      sessionStorage.setItem(KEY, JSON.stringify(steps));
    } catch {
      // The steps then last until the page is loaded again.
    }
  }, [steps]);
  const back = next.list[next.at - 1];
  const forward = next.list[next.at + 1];
  return { ...(back === undefined ? {} : { back }), ...(forward === undefined ? {} : { forward }) };
}
