import { type ComponentChild, h } from 'preact';
import { useState } from 'preact/hooks';
import type { Decision } from '../model/answers.ts';
import { KEPT_DECISIONS, seenValues } from '../model/decisions.ts';
import { placeHref, withFilter } from '../model/place.ts';
import { counted, dayAt } from '../model/words.ts';
import { DecisionPanel } from './decision-panel.ts';
import { DecisionRow } from './decision-row.ts';
import { Choice, Empty, Failure, tableHead, ViewHeading } from './parts.ts';
import type { Ui } from './ui.ts';

const SHOWN_AT_FIRST = 100;
const CODES = ['2xx', '3xx', '4xx', '404', '5xx', '503'];

/** What the proxy decided about requests, as it happens. */
export function DecisionsView(ui: Ui): ComponentChild {
  const { state, dispatch, go, reader } = ui;
  const { place, decisions, paused, held, leftOut, now } = state;
  const [opened, setOpened] = useState<Decision>();
  const [shown, setShown] = useState(SHOWN_AT_FIRST);
  const items = decisions.value ?? [];
  const filter = (name: string) => ({
    value: place.filters[name] ?? '',
    onChoose: (value: string) => go(withFilter(place, name, value)),
  });
  const servers = (state.status.value?.servers ?? []).map(({ name }) => name);
  const isFiltered = Object.keys(place.filters).length > 0;
  const pause = () => {
    dispatch({ kind: 'paused', paused: !paused });
    if (paused) void reader.decisions();
  };
  return h(
    'div',
    null,
    h(
      ViewHeading,
      { title: 'Decisions' },
      'Every request the proxy routed, newest first. Open one to see why it went where it did.',
    ),
    h(Failure, { text: decisions.failure }),
    h(
      'div',
      { class: 'toolbar' },
      h(Choice, { label: 'Server', any: 'any', values: servers, ...filter('server') }),
      h(Choice, {
        label: 'Decision',
        any: 'any',
        values: seenValues(items, ({ decision }) => decision),
        ...filter('reason'),
      }),
      h(Choice, {
        label: 'Client',
        any: 'any',
        values: seenValues(items, ({ client }) => client),
        ...filter('client'),
      }),
      h(Choice, { label: 'Code', any: 'any', values: CODES, ...filter('code') }),
      h(Choice, {
        label: 'Resource',
        any: 'any',
        values: seenValues(items, ({ resource }) => resource),
        ...filter('resource'),
      }),
      h(
        'label',
        { class: 'check' },
        h('input', {
          type: 'checkbox',
          checked: place.filters['notable'] === 'true',
          onChange: (event: Event) =>
            go(withFilter(place, 'notable', (event.currentTarget as HTMLInputElement).checked ? 'true' : '')),
        }),
        'Notable only',
      ),
      h(
        'div',
        { class: 'toolbar-end' },
        isFiltered && h('a', { class: 'button quiet', href: placeHref('decisions') }, 'Clear filters'),
        h('button', { type: 'button', 'aria-pressed': paused, onClick: pause }, paused ? 'Go on' : 'Pause'),
      ),
    ),
    paused &&
      h(
        'p',
        { class: 'note' },
        held.length === 0 ? 'Paused.' : `Paused. ${heldText(held.length)} came since; Go on shows them.`,
      ),
    leftOut > 0 &&
      h(
        'p',
        { class: 'note' },
        `${counted(leftOut, 'ordinary decision')} left out while they came faster than anybody reads; filters narrow the stream.`,
      ),
    items.length === 0
      ? decisions.value !== undefined &&
          h(
            Empty,
            { title: isFiltered ? 'No decision passes the filters.' : 'No request has come yet.' },
            'New ones appear here at once.',
          )
      : h(DecisionTable, { items: items.slice(0, shown), today: dayAt(now), onOpen: setOpened }),
    items.length > shown &&
      h('button', { type: 'button', class: 'quiet', onClick: () => setShown(shown + 200) }, 'Show more'),
    opened !== undefined && h(DecisionPanel, { decision: opened, onClose: () => setOpened(undefined) }),
  );
}

/** What is beyond those that are kept is not counted. */
function heldText(count: number): string {
  return `${count < KEPT_DECISIONS ? '' : 'At least '}${counted(count, 'decision')}`;
}

function DecisionTable({
  items,
  today,
  onOpen,
}: {
  readonly items: readonly Decision[];
  readonly today: string;
  readonly onOpen: (decision: Decision) => void;
}): ComponentChild {
  return h(
    'table',
    { class: 'decisions stacking' },
    h('caption', { class: 'visually-hidden' }, 'Decisions, newest first'),
    tableHead(['Time', 'Client', 'Request', 'Server', 'Decision', 'Code', 'Took'], ['Code', 'Took']),
    h(
      'tbody',
      null,
      items.map((decision) => h(DecisionRow, { key: decision.id, decision, today, onOpen })),
    ),
  );
}
