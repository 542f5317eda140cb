// The picture in the page. Its library is loaded when the page is first shown.

import { useEffect, useRef, useState } from 'react';

import type { Drawn, Handlers, Picture, Theme } from './drawn';

function themeNow(): Theme {
  const style = getComputedStyle(document.documentElement);
  const value = (name: string, otherwise: string) => style.getPropertyValue(name).trim() || otherwise;
  return {
    paper: value('--paper', '#ffffff'),
    ink: value('--ink', '#000000'),
    line: value('--soft-ink', '#777777'),
    accent: value('--accent', '#0b5c8f'),
  };
}

/** The colours of the page, which follow the system. */
export function useTheme(): Theme {
  const [theme, setTheme] = useState(themeNow);
  useEffect(() => {
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    const change = () => setTheme(themeNow());
    scheme.addEventListener('change', change);
    return () => scheme.removeEventListener('change', change);
  }, []);
  return theme;
}

interface Properties extends Handlers {
  drawn: Drawn;
  theme: Theme;
  isEmpty: boolean;
  label: string;
  onPicture: (picture: Picture | undefined) => void;
}

export function Canvas({ drawn, theme, isEmpty, label, onPicture, onSelect, onOpen, onMove }: Properties) {
  const container = useRef<HTMLDivElement>(null);
  const handlers = useRef<Handlers>({ onSelect, onOpen, onMove });
  const [picture, setPicture] = useState<Picture>();
  const [failure, setFailure] = useState('');
  useEffect(() => {
    handlers.current = { onSelect, onOpen, onMove };
  });
  useEffect(() => {
    let isGone = false;
    let made: Picture | undefined;
    import('./picture').then(
      ({ draw }) => {
        if (isGone || !container.current) {
          return;
        }
        made = draw(container.current, theme, {
          onSelect: (id) => handlers.current.onSelect(id),
          onOpen: (id) => handlers.current.onOpen(id),
          onMove: (id, at) => handlers.current.onMove(id, at),
        });
        setPicture(made);
        onPicture(made);
      },
      (error: unknown) => setFailure(String(error)),
    );
    return () => {
      isGone = true;
      made?.destroy();
      onPicture(undefined);
    };
    // The picture is made once; later colours are given to it.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);
  useEffect(() => {
    picture?.setTheme(theme);
  }, [picture, theme]);
  const key = JSON.stringify(drawn);
  useEffect(() => {
    picture?.show(JSON.parse(key) as Drawn);
  }, [picture, key]);
  return (
    <div className="picture">
      {failure && <p>The picture cannot be loaded ({failure}). The list has the same.</p>}
      <div ref={container} className="picture-canvas" role="img" aria-label={label} hidden={isEmpty} />
    </div>
  );
}
