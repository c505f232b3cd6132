import { type ComponentChild, h } from 'preact';
import { useState } from 'preact/hooks';
import type { ServerStatus, TimelineItem } from '../model/answers.ts';
import { placeHref } from '../model/place.ts';
import { type ServerChange, serverChanges } from '../model/server-history.ts';
import { ago, counted, dayAt, momentOf, secondsAgo } from '../model/words.ts';
import { useHistory } from './history.ts';
import { HistoryBar } from './history-bar.ts';
import { Empty, Failure, StateBadge, Time, ViewHeading } from './parts.ts';
import type { Ui } from './ui.ts';

const SHOWN_CHANGES = 6;

/** Each server with what it is, how it is and how it came to be so. */
export function ServersView({ state }: Ui): ComponentChild {
  const { status, timeline, now } = state;
  const servers = status.value?.servers ?? [];
  return h(
    'div',
    null,
    h(ViewHeading, { title: 'Servers' }, 'Versions, health, and what happened to each.'),
    h(Failure, { text: status.failure }),
    servers.length === 0
      ? status.value !== undefined &&
          h(Empty, { title: 'No server is known.' }, 'The proxy has found no member yet; its log says where it looks.')
      : h(
          'div',
          { class: 'cards' },
          servers.map((server) =>
            h(ServerCard, { key: server.name, server, timeline: timeline.value?.items ?? [], now }),
          ),
        ),
    h(Failure, { text: timeline.failure }),
  );
}

function ServerCard(props: {
  readonly server: ServerStatus;
  readonly timeline: readonly TimelineItem[];
  readonly now: number;
}): ComponentChild {
  const { server, timeline, now } = props;
  const {
    name,
    version,
    state,
    since,
    address,
    condition,
    discovery,
    discoveryAgeSeconds: age,
    openExchanges,
  } = server;
  const history = useHistory(server, now);
  const why = condition || (discovery.failure === '' ? '' : `its discovery cannot be read: ${discovery.failure}`);
  const id = `server-${name}`;
  const today = dayAt(now);
  return h(
    'article',
    { class: 'card', 'aria-labelledby': id },
    h('header', { class: 'card-head' }, h('h3', { id }, name), h(StateBadge, { state })),
    why !== '' && h('p', { class: 'condition' }, why),
    h(
      'dl',
      { class: 'facts-list' },
      fact('Version', version ?? 'not known'),
      fact(`Is ${state} since`, since === '' ? '…' : `${momentOf(since, today)} (${ago(since, now)})`),
      fact('Discovery read', age === undefined ? 'never' : secondsAgo(age)),
      fact('Open exchanges', openExchanges.toLocaleString('en-US')),
      fact('Address', address),
    ),
    history.value !== undefined && h(HistoryBar, { history: history.value, now }),
    h(Failure, { text: history.failure && `The history of its states cannot be read: ${history.failure}` }),
    h(Changes, { server: name, changes: serverChanges(name, history.value ?? [], timeline), today }),
    h(
      'p',
      { class: 'links' },
      h('a', { href: placeHref('decisions', { server: name }) }, `Decisions for ${name}`),
      h('a', { href: placeHref('timeline', { server: name }) }, `Timeline of ${name}`),
    ),
  );
}

/** The last changes of a server, all on demand. */
function Changes(props: {
  readonly server: string;
  readonly changes: readonly ServerChange[];
  readonly today: string;
}): ComponentChild {
  const { server, changes, today } = props;
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? changes : changes.slice(0, SHOWN_CHANGES);
  if (changes.length === 0) return null;
  return [
    h(
      'ol',
      { key: 'changes', class: 'changes', 'aria-label': `Last changes of ${server}` },
      shown.map(({ key, at, text }) => h('li', { key }, h(Time, { at, today }), h('span', null, text))),
    ),
    changes.length > SHOWN_CHANGES &&
      h(
        'button',
        { key: 'more', type: 'button', class: 'quiet', 'aria-expanded': isWhole, onClick: () => setWhole(!isWhole) },
        isWhole ? 'Show the last ones' : `Show all ${counted(changes.length, 'change')}`,
      ),
  ];
}

function fact(term: string, value: string): ComponentChild {
  return h('div', null, h('dt', null, term), h('dd', null, value));
}
