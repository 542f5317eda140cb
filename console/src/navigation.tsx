// The place that is shown, and links between places.

import { createContext, use, useEffect, useLayoutEffect, useMemo, useState, type AnchorHTMLAttributes, type ReactNode } from 'react';

import { read, write, type Place } from './address';

interface Navigation {
  place: Place;
  go: (place: Place, how?: { replace?: boolean; stay?: boolean }) => void;
}

const Context = createContext<Navigation | undefined>(undefined);

export function useNavigation(): Navigation {
  const navigation = use(Context);
  if (!navigation) {
    throw new Error('there is no navigation around this part');
  }
  return navigation;
}

function current(): Place {
  return read(location.pathname, location.search);
}

/** How long a page may take to become as long as it was, in milliseconds. */
const MOST_RESTORING = 3_000;

/** Scrolls to where the page was left, once it is long enough. */
function restore(top: number): () => void {
  const start = performance.now();
  let frame = 0;
  const attempt = () => {
    scrollTo(0, top);
    if (Math.abs(scrollY - top) > 1 && performance.now() - start < MOST_RESTORING) {
      frame = requestAnimationFrame(attempt);
    }
  };
  attempt();
  const stop = () => cancelAnimationFrame(frame);
  addEventListener('wheel', stop, { once: true, passive: true });
  addEventListener('keydown', stop, { once: true });
  return stop;
}

function scrollOf(state: unknown): number {
  const top = (state as { top?: unknown } | null)?.top;
  return typeof top === 'number' ? top : 0;
}

export function Pages({ children }: { children: ReactNode }) {
  const [{ place, top }, show] = useState(() => ({ place: current(), top: scrollOf(history.state) }));
  useEffect(() => {
    history.scrollRestoration = 'manual';
    const back = (event: PopStateEvent) => show({ place: current(), top: scrollOf(event.state) });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const note = () => {
      clearTimeout(timer);
      timer = setTimeout(() => history.replaceState({ top: scrollY }, ''), 100);
    };
    addEventListener('popstate', back);
    addEventListener('scroll', note, { passive: true });
    return () => {
      clearTimeout(timer);
      removeEventListener('popstate', back);
      removeEventListener('scroll', note);
    };
  }, []);
  useLayoutEffect(() => restore(top), [place, top]);
  const navigation = useMemo<Navigation>(
    () => ({
      place,
      go: (wanted, how) => {
        if (how?.replace) {
          history.replaceState({ top: scrollY }, '', write(wanted));
          show({ place: wanted, top: scrollY });
          return;
        }
        history.replaceState({ top: scrollY }, '');
        // A step within a page leaves it where it is.
        const top = how?.stay ? scrollY : 0;
        history.pushState({ top }, '', write(wanted));
        show({ place: wanted, top });
      },
    }),
    [place],
  );
  return <Context value={navigation}>{children}</Context>;
}

type LinkProperties = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, 'href'> & { to: Place };

/** A link to a place. The browser follows it if it is to be opened elsewhere. */
export function Link({ to, onClick, ...rest }: LinkProperties) {
  const { go } = useNavigation();
  return (
    <a
      {...rest}
      href={write(to)}
      onClick={(event) => {
        onClick?.(event);
        const elsewhere = event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
        if (!elsewhere && !event.defaultPrevented && rest.target === undefined) {
          event.preventDefault();
          go(to);
        }
      }}
    />
  );
}
