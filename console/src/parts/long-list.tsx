// A list of which only the items near the window are in the page, however long it is.

import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useLayoutEffect, useRef, useState, useSyncExternalStore, type ReactNode } from 'react';

/** Up to this length all items are in the page, where the browser's own search finds them. */
const MOST_WHOLE = 100;

interface Properties<T> {
  items: T[];
  keyOf: (item: T, no: number) => string;
  /** The height of a typical item in pixels, until it is measured. */
  height: number;
  className?: string;
  itemClass?: (item: T) => string;
  children: (item: T) => ReactNode;
}

let isPrinting = false;

/** Printing is announced by events, and emulated printing by a change of the medium. */
function onPrint(changed: () => void): () => void {
  const media = matchMedia('print');
  const begin = () => {
    isPrinting = true;
    changed();
  };
  const end = () => {
    isPrinting = false;
    changed();
  };
  media.addEventListener('change', changed);
  addEventListener('beforeprint', begin);
  addEventListener('afterprint', end);
  return () => {
    media.removeEventListener('change', changed);
    removeEventListener('beforeprint', begin);
    removeEventListener('afterprint', end);
  };
}

/** Printed lists are complete. */
function useIsPrinted(): boolean {
  return useSyncExternalStore(onPrint, () => isPrinting || matchMedia('print').matches);
}

export function LongList<T>(properties: Properties<T>) {
  const isPrinted = useIsPrinted();
  const { items, keyOf, className, itemClass, children } = properties;
  if (items.length > MOST_WHOLE && !isPrinted) {
    return <Windowed {...properties} />;
  }
  return (
    <ol className={className}>
      {items.map((item, no) => (
        <li key={keyOf(item, no)} className={itemClass?.(item)}>
          {children(item)}
        </li>
      ))}
    </ol>
  );
}

function Windowed<T>({ items, keyOf, height, className, itemClass, children }: Properties<T>) {
  const list = useRef<HTMLOListElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    const measure = () => setTop((list.current?.getBoundingClientRect().top ?? 0) + scrollY);
    measure();
    // Content above the list can still grow.
    const observer = new ResizeObserver(measure);
    observer.observe(document.body);
    return () => observer.disconnect();
  }, []);
  const virtualizer = useWindowVirtualizer({
    count: items.length,
    estimateSize: () => height,
    overscan: 12,
    scrollMargin: top,
    getItemKey: (no) => {
      const item = items[no];
      return item === undefined ? no : keyOf(item, no);
    },
  });
  const shown = virtualizer.getVirtualItems();
  return (
    <ol className={className} ref={list} style={{ position: 'relative', height: virtualizer.getTotalSize() }}>
      {shown.map(({ index, key, start }) => {
        const item = items[index];
        return item === undefined ? null : (
          <li
            key={String(key)}
            ref={virtualizer.measureElement}
            data-index={index}
            aria-setsize={items.length}
            aria-posinset={index + 1}
            className={itemClass?.(item)}
            style={{ position: 'absolute', insetInline: 0, top: start - top }}
          >
            {children(item)}
          </li>
        );
      })}
    </ol>
  );
}
