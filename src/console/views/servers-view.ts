import { type ComponentChild, h } from 'preact';
import type { ServerStatus, Timeline } from '../model/answers.ts';
import { placeHref } from '../model/place.ts';
import { secondsAgo } from '../model/words.ts';
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
      ? h(Empty, { title: 'No server is known.' }, 'The proxy has found no member yet; its log says where it looks.')
      : h(
          'div',
          { class: 'cards' },
          servers.map((server) => h(ServerCard, { key: server.name, server, timeline: timeline.value, now })),
        ),
    h(Failure, { text: timeline.failure }),
  );
}

function ServerCard(props: {
  readonly server: ServerStatus;
  readonly timeline: Timeline | undefined;
  readonly now: number;
}): ComponentChild {
  const { server, timeline, now } = props;
  const { name, version, state, address, condition, discovery, discoveryAgeSeconds: age, openExchanges } = server;
  const changes = timeline?.items.filter((item) => item.server === name).slice(0, SHOWN_CHANGES) ?? [];
  const why = condition || (discovery.failure === '' ? '' : `its discovery cannot be read: ${discovery.failure}`);
  const id = `server-${name}`;
  return h(
    'article',
    { class: 'card', 'aria-labelledby': id },
    h('header', { class: 'card-head' }, h('h3', { id }, name), h(StateBadge, { state })),
    why !== '' && h('p', { class: 'condition' }, why),
    h(
      'dl',
      { class: 'facts-list' },
      fact('Version', version ?? 'not known'),
      fact('Discovery read', age === undefined ? 'never' : secondsAgo(age)),
      fact('Open exchanges', openExchanges.toLocaleString('en-US')),
      fact('Address', address),
    ),
    timeline !== undefined && h(HistoryBar, { timeline, server: name, now }),
    changes.length > 0 &&
      h(
        'ol',
        { class: 'changes', 'aria-label': `Last changes of ${name}` },
        changes.map(({ id: key, at, text }) => h('li', { key }, h(Time, { at }), h('span', null, text))),
      ),
    h(
      'p',
      { class: 'links' },
      h('a', { href: placeHref('decisions', { server: name }) }, `Decisions for ${name}`),
      h('a', { href: placeHref('timeline', { server: name }) }, `Timeline of ${name}`),
    ),
  );
}

function fact(term: string, value: string): ComponentChild {
  return h('div', null, h('dt', null, term), h('dd', null, value));
}
