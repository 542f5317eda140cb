// The search box, which suggests entities while somebody types.

import { useEffect, useId, useRef, useState, type KeyboardEvent } from 'react';

import { ask } from '../client';
import { useNavigation } from '../navigation';
import { suggest, type Name, type Suggested } from '../queries';
import { TypeName } from './names';

interface Option {
  entity: Name;
  /** The name that was found, and the part of it that was typed. */
  text: string;
  start: number;
  end: number;
}

/** How long the box waits for the next letter, in milliseconds. */
const PAUSE = 120;

/** Entities whose names begin with the text, then other results, each once. */
export function options({ suggest, search }: Suggested): Option[] {
  const named = suggest.map(({ entity, text, start, end }) => ({ entity, text, start, end }));
  const known = new Set(named.map((option) => option.entity.entityId));
  const found = (search?.nodes ?? []).filter((entity) => !known.has(entity.entityId));
  return [...named, ...found.map((entity) => ({ entity, text: entity.label, start: 0, end: 0 }))].slice(0, 8);
}

interface Properties {
  label: string;
  autoFocus?: boolean;
  text?: string;
  /** Receives the chosen entity. Without it, the box opens the entity's page. */
  choose?: (entity: Name) => void;
  /** Label of the button. */
  verb?: string;
}

export function SearchBox({ label, autoFocus = false, text = '', choose, verb = choose ? 'Add' : 'Search' }: Properties) {
  const { go } = useNavigation();
  const id = useId();
  const [value, setValue] = useState(text);
  const [typed, setTyped] = useState('');
  const [list, setList] = useState<Option[]>([]);
  const [chosen, setChosen] = useState(-1);
  const field = useRef<HTMLInputElement>(null);

  useEffect(() => {
    const wanted = typed.trim();
    if (wanted === '') {
      return;
    }
    const stop = new AbortController();
    const timer = setTimeout(() => {
      ask<Suggested>(suggest(wanted), stop.signal).then(
        ({ data }) => {
          setList(data ? options(data) : []);
          setChosen(-1);
        },
        // The search itself says what is wrong.
        () => undefined,
      );
    }, PAUSE);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [typed]);

  const close = () => {
    setTyped('');
    setList([]);
    setChosen(-1);
  };
  const open = (option: Option | undefined) => {
    close();
    if (choose) {
      if (option) {
        setValue('');
        choose(option.entity);
      }
      return;
    }
    field.current?.blur();
    if (option) {
      setValue('');
      const { __typename, entityId } = option.entity;
      go(__typename === 'Source' ? { page: 'source', id: entityId } : { page: 'entity', id: entityId });
    } else {
      go({ page: 'search', query: value.trim(), types: [] });
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && list.length > 0) {
      event.preventDefault();
      close();
    } else if ((event.key === 'ArrowDown' || event.key === 'ArrowUp') && list.length > 0) {
      event.preventDefault();
      const places = list.length + 1;
      const step = event.key === 'ArrowDown' ? 1 : places - 1;
      setChosen(((chosen + 1 + step) % places) - 1);
    }
  };
  const isOpen = list.length > 0;
  return (
    <form
      className="search-box"
      role="search"
      action="/search"
      onSubmit={(event) => {
        event.preventDefault();
        open(list[choose ? Math.max(chosen, 0) : chosen]);
      }}
      onBlur={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget)) {
          close();
        }
      }}
    >
      <input
        ref={field}
        type="search"
        name="q"
        aria-label={label}
        placeholder={label}
        autoComplete="off"
        autoFocus={autoFocus}
        dir="auto"
        role="combobox"
        aria-expanded={isOpen}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={chosen >= 0 ? `${id}-${chosen}` : undefined}
        value={value}
        onChange={(event) => {
          setValue(event.target.value);
          setTyped(event.target.value);
          if (event.target.value.trim() === '') {
            close();
          }
        }}
        onKeyDown={onKeyDown}
      />
      <button type="submit" className="button">
        {verb}
      </button>
      <ul id={`${id}-list`} role="listbox" aria-label="Suggestions" hidden={!isOpen}>
        {list.map((option, no) => (
          <li
            key={option.entity.entityId}
            id={`${id}-${no}`}
            role="option"
            aria-selected={no === chosen}
            // The box keeps the focus until the click is over.
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => open(option)}
          >
            <span dir="auto">
              {option.text.slice(0, option.start)}
              <mark>{option.text.slice(option.start, option.end)}</mark>
              {option.text.slice(option.end)}
              {option.text !== option.entity.label && <span className="real-name"> {option.entity.label}</span>}
            </span>
            <TypeName name={option.entity.__typename} />
          </li>
        ))}
      </ul>
    </form>
  );
}
