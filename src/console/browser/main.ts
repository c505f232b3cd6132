import { h, render } from 'preact';
import { parsePlace } from '../model/place.ts';
import { initialState } from '../model/state.ts';
import { App } from '../views/app.ts';
import { createLive } from './live.ts';
import { createReader, decisionFilters } from './reader.ts';
import { createStore } from './store.ts';
import { applyTheme, chosenTheme } from './theme.ts';

applyTheme(chosenTheme());
const store = createStore(initialState(parsePlace(location.hash), Date.now()));
const reader = createReader(store);
const live = createLive(store, reader);

addEventListener('hashchange', () => store.dispatch({ kind: 'went', place: parsePlace(location.hash) }));

// The proxy filters decisions: it knows more of them than the page.
let filters = JSON.stringify(decisionFilters(store));
store.subscribe(() => {
  const next = JSON.stringify(decisionFilters(store));
  if (next === filters) return;
  filters = next;
  live.refilter();
});

const root = document.getElementById('console');
if (root !== null) {
  root.replaceChildren();
  render(h(App, { store, reader, live }), root);
}
live.start();
