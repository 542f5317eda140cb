import './styles/tokens.css';
import './styles/pages.css';

import { createRoot } from 'react-dom/client';

import { App } from './app';
import { Pages } from './navigation';

const root = document.getElementById('root');
if (!root) {
  throw new Error('the page has no root');
}
createRoot(root).render(
  <Pages>
    <App />
  </Pages>,
);
