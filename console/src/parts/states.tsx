// Content of a page without an answer, or with errors.

import { Component, useEffect, type ReactNode } from 'react';

import type { Asked } from '../answer';
import { isLimit, type Answer, type GraphError, type Question } from '../client';
import { Link } from '../navigation';

export function Loading({ lines = 4 }: { lines?: number }) {
  return (
    <div className="loading" role="status">
      <span className="for-readers">Loading</span>
      {Array.from({ length: lines }, (_, no) => (
        <span key={no} className="loading-line" aria-hidden="true" />
      ))}
    </div>
  );
}

export function Notice({ title, children, urgent = false }: { title: string; children?: ReactNode; urgent?: boolean }) {
  return (
    <div className="notice" role={urgent ? 'alert' : 'status'}>
      {urgent && <Title>{title}</Title>}
      <p className="notice-title">{title}</p>
      {children}
    </div>
  );
}

export function Errors({ errors }: { errors: GraphError[] }) {
  const limit = errors.find(isLimit);
  return (
    <Notice title={limit ? 'This is more than the server answers at once' : 'The server cannot answer this'} urgent>
      <ul>
        {errors.map((error, no) => (
          <li key={no}>{error.message}</li>
        ))}
      </ul>
      {limit && <p>Ask for less, for example with a type filter or a narrower date, or try again later.</p>}
    </Notice>
  );
}

/** Shows an answer, or why there is none. An answer may have errors beside its data. */
export function Shown<T>({ asked, lines, children }: { asked: Asked<T>; lines?: number; children: (answer: Answer<T> & { data: T }) => ReactNode }) {
  switch (asked.state) {
    case 'loading':
      return <Loading lines={lines} />;
    case 'gone':
      return (
        <Notice title="The server cannot be reached" urgent>
          <p>{asked.message} The page tries again every few seconds.</p>
          <button type="button" className="button" onClick={asked.retry}>
            Try now
          </button>
        </Notice>
      );
    case 'answered':
      return asked.answer.data === null ? <Errors errors={asked.answer.errors} /> : children({ ...asked.answer, data: asked.answer.data });
  }
}

export function ShowAsQuery({ question }: { question: Question }) {
  const hasVariables = Object.keys(question.variables).length > 0;
  return (
    <Link
      className="as-query"
      to={{
        page: 'graphiql',
        query: question.query,
        variables: hasVariables ? JSON.stringify(question.variables, null, 2) : undefined,
      }}
    >
      Show as a query
    </Link>
  );
}

/** The title of the page, in the browser and in its history. */
export function Title({ children }: { children: string }) {
  useEffect(() => {
    document.title = children;
  }, [children]);
  return null;
}

/** Shows a notice instead of a part that fails, for example because its code cannot be loaded. */
export class Boundary extends Component<{ children: ReactNode }, { message?: string }> {
  state: { message?: string } = {};

  static getDerivedStateFromError(error: unknown) {
    return { message: error instanceof Error ? error.message : String(error) };
  }

  render() {
    if (this.state.message === undefined) {
      return this.props.children;
    }
    return (
      <div className="notice" role="alert">
        <p className="notice-title">This part of the page cannot be shown</p>
        <p>{this.state.message}</p>
        <button type="button" className="button" onClick={() => location.reload()}>
          Reload the page
        </button>
      </div>
    );
  }
}
