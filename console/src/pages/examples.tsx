import { useGraphiQL, useGraphiQLActions, type GraphiQLPlugin } from '@graphiql/react';
import { useEffect, useState } from 'react';

/** A query that shows what can be asked of the graph; the data say which there are. */
export interface Example {
  title: string;
  query: string;
}

function Icon() {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
      <path d="M5 4h10l4 4v12H5z" />
      <path d="M9 12h6M9 16h6" />
    </svg>
  );
}

function List({ examples }: { examples: Example[] }) {
  const { run } = useGraphiQLActions();
  const queryEditor = useGraphiQL((state) => state.queryEditor);
  const variableEditor = useGraphiQL((state) => state.variableEditor);
  const [shown, setShown] = useState<string>();
  const [wanted, setWanted] = useState<Example>();
  // The list may be there before the editors are.
  useEffect(() => {
    if (!wanted || !queryEditor || !variableEditor) {
      return;
    }
    variableEditor.setValue('');
    queryEditor.setValue(wanted.query);
    // GraphiQL runs the operation that the editor has found in its text, which it does a moment later.
    const timer = setTimeout(() => {
      setWanted(undefined);
      run();
    }, 100);
    return () => clearTimeout(timer);
  }, [wanted, queryEditor, variableEditor, run]);
  const show = (example: Example) => {
    setShown(example.title);
    setWanted(example);
  };
  if (examples.length === 0) {
    return <p>This graph comes without examples. Its data can give some: see “examples” in the documentation of data files.</p>;
  }
  return (
    <ol className="clew-examples">
      {examples.map((example) => (
        <li key={example.title}>
          <button
            type="button"
            className="graphiql-un-styled"
            aria-pressed={shown === example.title}
            onClick={() => show(example)}
          >
            {example.title}
          </button>
        </li>
      ))}
    </ol>
  );
}

/** The plugin beside the documentation that lists the examples. */
export function examplesPlugin(examples: Example[]): GraphiQLPlugin {
  return {
    title: 'Examples',
    icon: Icon,
    content: () => (
      <section aria-label="Examples">
        <div className="graphiql-doc-explorer-title">Examples</div>
        <List examples={examples} />
      </section>
    ),
  };
}
