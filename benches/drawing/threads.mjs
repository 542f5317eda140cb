// The CPU time of the threads of all processes that this one has started, in milliseconds.
import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks of Linux last 10 ms. */
const TICK = 10;

function stat(path) {
  try {
    const text = readFileSync(path, 'utf8');
    // The name, in parentheses, may have spaces.
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    // The thread has ended.
    return undefined;
  }
}

function folders(path) {
  try {
    return readdirSync(path).filter((it) => /^\d+$/.test(it));
  } catch {
    return [];
  }
}

export function threads() {
  const parents = new Map(folders('/proc').map((pid) => [pid, stat(`/proc/${pid}/stat`)?.[1]]));
  const isBelow = (pid) => pid !== undefined && (pid === String(process.pid) || isBelow(parents.get(pid)));
  const times = new Map();
  for (const pid of parents.keys()) {
    if (pid === String(process.pid) || !isBelow(pid)) {
      continue;
    }
    for (const thread of folders(`/proc/${pid}/task`)) {
      const fields = stat(`/proc/${pid}/task/${thread}/stat`);
      if (fields) {
        times.set(thread, (Number(fields[11]) + Number(fields[12])) * TICK);
      }
    }
  }
  return times;
}
