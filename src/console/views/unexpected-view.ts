import { type ComponentChild, h } from 'preact';
import type { Unexpected404 } from '../model/answers.ts';
import { placeHref } from '../model/place.ts';
import { aboutPath, questionFilters } from '../model/question.ts';
import { byClient, hasReached, outcomeInWords } from '../model/unexpected.ts';
import { ago, counted, dayAt, duration, groupVersion } from '../model/words.ts';
import { Empty, Failure, Scrolling, Time, tableHead, ViewHeading } from './parts.ts';
import type { Ui } from './ui.ts';

/** Who was given a 404 for a type that some server serves. */
export function UnexpectedView({ state }: Ui): ComponentChild {
  const { unexpected, status, now } = state;
  const clients = byClient(unexpected.value?.items ?? []);
  const since = unexpected.value?.since;
  const prevented = status.value?.decisions?.false404sPrevented;
  return h(
    'div',
    null,
    h(
      ViewHeading,
      { title: 'Unexpected 404s' },
      'A server said that a type is unknown although it lists it. Red ones reached the client, who believes them; the others were kept from it.',
    ),
    h(Failure, { text: unexpected.failure }),
    prevented !== undefined &&
      h('p', { class: 'note' }, `${counted(sumOf(prevented), 'false 404')} kept from clients since the proxy started.`),
    clients.length === 0 &&
      unexpected.value !== undefined &&
      h(
        Empty,
        { title: 'No server called a type unknown that it lists, or that another one serves.' },
        since !== undefined && `Since ${duration((now - Date.parse(since)) / 1000)}, when the proxy started.`,
      ),
    clients.map(({ client, items, reached, count, lastAt }) =>
      h(
        'section',
        { key: client, class: 'card' },
        h(
          'header',
          { class: 'card-head' },
          h('h3', null, client || 'Clients without a name'),
          h(
            'span',
            { class: `badge tone-${reached > 0 ? 'bad' : 'good'}` },
            `${reached > 0 ? `${counted(reached, '404')} reached it` : `kept from it ${counted(count, 'time')}`}, last ${ago(lastAt, now)}`,
          ),
        ),
        h(
          Scrolling,
          { label: `404s of ${client || 'clients without a name'}` },
          h(ClientTable, { items, today: dayAt(now) }),
        ),
        h(
          'p',
          { class: 'links' },
          h(
            'a',
            { href: placeHref('decisions', { client, notable: 'true' }) },
            `Notable decisions for ${client || 'it'}`,
          ),
        ),
      ),
    ),
  );
}

function ClientTable({
  items,
  today,
}: {
  readonly items: readonly Unexpected404[];
  readonly today: string;
}): ComponentChild {
  return h(
    'table',
    { class: 'client-404s' },
    // Widths are the style sheet's: tables of several clients are compared.
    h(
      'colgroup',
      null,
      [1, 2, 3, 4, 5, 6].map((column) => h('col', { key: column })),
    ),
    tableHead(['Resource', 'Server', 'Outcome', 'Count', 'Last', 'Last path'], ['Count']),
    h(
      'tbody',
      null,
      items.map((item) =>
        h(
          'tr',
          { key: `${groupVersion(item)}/${item.resource}/${item.server}/${item.outcome}` },
          h('th', { scope: 'row' }, item.resource, h('span', { class: 'muted' }, ` ${groupVersion(item)}`)),
          h('td', null, item.server || 'the proxy'),
          h('td', { class: hasReached(item) ? 'tone-bad-text' : undefined }, outcomeInWords(item.outcome)),
          h('td', { class: 'number' }, item.count.toLocaleString('en-US')),
          h('td', null, h(Time, { at: item.lastAt, today })),
          h(
            'td',
            null,
            h(
              'a',
              { class: 'code', href: placeHref('explain', questionFilters(aboutPath(item.lastPath))) },
              item.lastPath,
            ),
          ),
        ),
      ),
    ),
  );
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
