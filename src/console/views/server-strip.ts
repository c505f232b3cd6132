import { type ComponentChild, h } from 'preact';
import type { LiveStatus } from '../model/answers.ts';
import { placeHref } from '../model/place.ts';
import { stateTone } from '../model/server-history.ts';
import { counted } from '../model/words.ts';
import type { Ui } from './ui.ts';

/** Every server in one line, on every page. */
export function ServerStrip({ state }: Pick<Ui, 'state'>): ComponentChild {
  const { live } = state;
  const servers = state.status.value?.servers ?? [];
  if (servers.length === 0) return null;
  return h(
    'section',
    { 'aria-label': 'Servers at a glance' },
    h(
      'ul',
      { class: 'strip' },
      servers.map(({ name, version = '', state: is }) =>
        h(
          'li',
          { key: name },
          h(
            'a',
            { class: `chip tone-${stateTone(is)}`, href: placeHref('servers') },
            h('span', { class: 'dot', 'aria-hidden': 'true' }),
            h('span', { class: 'chip-name' }, name),
            h('span', { class: 'chip-version' }, version || 'version not known'),
            h('span', { class: is === 'ready' ? 'visually-hidden' : 'chip-state' }, is),
          ),
        ),
      ),
      live !== undefined && h('li', { key: '', class: 'strip-rate muted' }, rateText(live)),
    ),
  );
}

/** `3.4 requests/s · 12 false 404s prevented`. */
function rateText({ requestsPerSecond, prevented404s }: LiveStatus): string {
  return `${requestsPerSecond.toLocaleString('en-US')} requests/s · ${counted(prevented404s, 'false 404')} prevented`;
}
