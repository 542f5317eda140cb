// The frame around each page, and the page of a place.

import { lazy, Suspense, useEffect, useRef } from 'react';

import { write, type Place } from './address';
import { Link, useNavigation } from './navigation';
import { EMPTY } from './neighborhood/state';
import { AnswerPage } from './pages/answer';
import { EntityPage } from './pages/entity';
import { HomePage } from './pages/home';
import { SchemaPage } from './pages/schema';
import { SearchPage } from './pages/search';
import { SourcePage } from './pages/source';
import { SearchBox } from './parts/search-box';
import { Boundary, Loading, Title } from './parts/states';

// GraphiQL and its editor are many times as large as all other pages.
const QueryPage = lazy(() => import('./pages/query'));
const NeighborhoodPage = lazy(() => import('./pages/neighborhood'));

function Page({ place, address }: { place: Place; address: string }) {
  switch (place.page) {
    case 'home':
      return <HomePage />;
    case 'search':
      return <SearchPage {...place} />;
    case 'entity':
      return <EntityPage key={`${place.id} ${place.asOf}`} {...place} />;
    case 'source':
      return <SourcePage key={place.id} {...place} />;
    case 'answer':
      return <AnswerPage {...place} />;
    case 'schema':
      return <SchemaPage key={place.type} {...place} />;
    case 'graphiql':
      return (
        <Suspense fallback={<Loading lines={10} />}>
          <QueryPage key={address} {...place} />
        </Suspense>
      );
    case 'neighborhood': {
      const { page, ...view } = place;
      return (
        <Suspense key={page} fallback={<Loading lines={10} />}>
          <NeighborhoodPage {...view} />
        </Suspense>
      );
    }
    case 'unknown':
      return (
        <article>
          <Title>Not found</Title>
          <h1 className="page-title">There is no such page</h1>
          <p>
            Begin at the <Link to={{ page: 'home' }}>home page</Link>, or search.
          </p>
        </article>
      );
  }
}

const SECTIONS: [string, Place][] = [
  ['Home', { page: 'home' }],
  ['Search', { page: 'search', query: '', types: [] }],
  ['Schema', { page: 'schema' }],
  ['Neighborhood', { page: 'neighborhood', ...EMPTY }],
  ['GraphiQL', { page: 'graphiql' }],
];

export function App() {
  const { place } = useNavigation();
  const address = write(place);
  const frame = useRef<HTMLElement>(null);
  const shown = useRef(address);
  // A new page gets the focus, as after a page load. Typing into a page does not move it.
  useEffect(() => {
    const path = (text: string) => text.split('?')[0];
    if (path(shown.current) !== path(address)) {
      frame.current?.focus({ preventScroll: true });
    }
    shown.current = address;
  }, [address]);
  const hasOwnSearch = place.page === 'home' || place.page === 'search';
  return (
    <>
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <header className="frame">
        <nav aria-label="Pages">
          <ul>
            {SECTIONS.map(([name, section]) => (
              <li key={name}>
                <Link to={section} aria-current={section.page === place.page ? 'page' : undefined}>
                  {name}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
        {!hasOwnSearch && place.page !== 'graphiql' && <SearchBox key={address} label="Search names and texts" />}
      </header>
      <main id="content" ref={frame} tabIndex={-1} className={`content content-${place.page}`}>
        <Boundary key={place.page}>
          <Page place={place} address={address} />
        </Boundary>
      </main>
    </>
  );
}
