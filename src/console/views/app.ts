import { type ComponentChild, h } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Live } from '../browser/live.ts';
import type { Reader } from '../browser/reader.ts';
import type { Store } from '../browser/store.ts';
import { parsePlace, placeHref, VIEWS, type ViewName } from '../model/place.ts';
import { verdictOf } from '../model/state.ts';
import { reachedCount } from '../model/unexpected.ts';
import { DecisionsView } from './decisions-view.ts';
import { ExplainView } from './explain-view.ts';
import { LinkBanner } from './link-banner.ts';
import { MatrixView } from './matrix-view.ts';
import { ServerStrip } from './server-strip.ts';
import { ServersView } from './servers-view.ts';
import { ThemeSwitch } from './theme-switch.ts';
import { TimelineView } from './timeline-view.ts';
import type { Ui } from './ui.ts';
import { UnexpectedView } from './unexpected-view.ts';
import { VerdictBanner } from './verdict-banner.ts';

const TITLE: Readonly<Record<ViewName, string>> = {
  skew: 'Skew',
  servers: 'Servers',
  decisions: 'Decisions',
  '404s': 'Unexpected 404s',
  explain: 'Explain',
  timeline: 'Timeline',
};

const VIEW: Readonly<Record<ViewName, (ui: Ui) => ComponentChild>> = {
  skew: MatrixView,
  servers: ServersView,
  decisions: DecisionsView,
  '404s': UnexpectedView,
  explain: ExplainView,
  timeline: TimelineView,
};

/** The whole page. */
export function App({
  store,
  reader,
  live,
}: {
  readonly store: Store;
  readonly reader: Reader;
  readonly live: Live;
}): ComponentChild {
  const [state, setState] = useState(store.state);
  useEffect(() => store.subscribe(() => setState(store.state)), [store]);
  const actions = useMemo(
    () => ({
      dispatch: store.dispatch,
      reader,
      retry: () => live.retry(),
      go(href: string) {
        history.replaceState(null, '', href);
        store.dispatch({ kind: 'went', place: parsePlace(href) });
      },
    }),
    [store, reader, live],
  );
  useEntered(state.place.view);
  const verdict = verdictOf(state).title;
  useEffect(() => {
    document.title = `${verdict} · ${TITLE[state.place.view]} · mvproxy`;
  }, [verdict, state.place.view]);
  const ui: Ui = { state, ...actions };
  const main = useRef<HTMLElement>(null);
  return h(
    'div',
    { class: 'page' },
    h(
      'a',
      {
        class: 'skip',
        href: '#main',
        onClick: (event: Event) => {
          // The hash is the place.
          event.preventDefault();
          main.current?.focus();
        },
      },
      'Skip to content',
    ),
    h(
      'header',
      { class: 'top' },
      h('p', { class: 'brand' }, 'mvproxy'),
      h(
        'nav',
        { 'aria-label': 'Views' },
        VIEWS.map((view) =>
          h(
            'a',
            { key: view, href: placeHref(view), 'aria-current': view === state.place.view ? 'page' : undefined },
            TITLE[view],
            view === '404s' && count404s(state),
          ),
        ),
      ),
      h(ThemeSwitch, null),
    ),
    h(LinkBanner, ui),
    h(VerdictBanner, ui),
    h(ServerStrip, ui),
    h('main', { id: 'main', ref: main, tabIndex: -1 }, h(VIEW[state.place.view], { ...ui, key: state.place.view })),
  );
}

function count404s({ unexpected }: Ui['state']): ComponentChild {
  const count = reachedCount(unexpected.value?.items ?? []);
  return count > 0 && h('span', { class: 'count' }, count.toLocaleString('en-US'));
}

/** Gives the focus to the heading of a view that is entered, so that a screen reader says where the reader is. */
function useEntered(view: ViewName): void {
  const before = useRef(view);
  useLayoutEffect(() => {
    if (before.current === view) return;
    before.current = view;
    document.getElementById('view-heading')?.focus();
  }, [view]);
}
