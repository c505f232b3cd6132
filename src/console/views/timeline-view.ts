import { type ComponentChild, h } from 'preact';
import { useState } from 'preact/hooks';
import { download } from '../browser/download.ts';
import { placeHref, withFilter } from '../model/place.ts';
import { upgradeReport } from '../model/report.ts';
import { htmlReport } from '../model/report-html.ts';
import { markdownReport } from '../model/report-markdown.ts';
import { verdictOf } from '../model/state.ts';
import { byDay, itemTone } from '../model/timeline.ts';
import { codeInWords, duration } from '../model/words.ts';
import { Choice, Empty, Failure, Time, ViewHeading } from './parts.ts';
import type { Ui } from './ui.ts';

const SHOWN_AT_FIRST = 200;

/** What happened to the control plane while the proxy looked on. */
export function TimelineView({ state, go }: Ui): ComponentChild {
  const { place, timeline, now } = state;
  const { server = '', type = '' } = place.filters;
  const [shown, setShown] = useState(SHOWN_AT_FIRST);
  const all = timeline.value?.items ?? [];
  const items = all.filter((item) => (server === '' || item.server === server) && (type === '' || item.type === type));
  const values = (of: 'server' | 'type') => [...new Set(all.map((item) => item[of]))].filter(Boolean).sort();
  const choose = (name: string) => (value: string) => go(withFilter(place, name, value));
  const since = timeline.value?.since;
  const isWhole = all.length === 0 || all.at(-1)?.id === 1;
  return h(
    'div',
    null,
    h(
      ViewHeading,
      { title: 'Timeline' },
      since === undefined
        ? 'The history of the upgrade.'
        : `What happened in the last ${duration((now - Date.parse(since)) / 1000)}${isWhole ? ', since the proxy started' : '; what was before is not kept'}.`,
    ),
    h(Failure, { text: timeline.failure }),
    h(
      'div',
      { class: 'toolbar' },
      h(Choice, { label: 'Server', any: 'any', values: values('server'), value: server, onChoose: choose('server') }),
      h(Choice, { label: 'What', any: 'anything', values: values('type'), value: type, onChoose: choose('type') }),
      h(
        'div',
        { class: 'toolbar-end' },
        (server !== '' || type !== '') &&
          h('a', { class: 'button quiet', href: placeHref('timeline') }, 'Clear filters'),
        h('button', { type: 'button', onClick: () => save(state, 'html') }, 'Save report'),
        h('button', { type: 'button', class: 'quiet', onClick: () => save(state, 'md') }, 'as Markdown'),
      ),
    ),
    items.length === 0 &&
      timeline.value !== undefined &&
      h(Empty, { title: all.length === 0 ? 'Nothing happened yet.' : 'Nothing passes the filters.' }),
    byDay(items.slice(0, shown)).map(({ day, items: own }) =>
      h(
        'section',
        { key: day },
        h('h3', { class: 'day' }, day),
        h(
          'ol',
          { class: 'timeline' },
          own.map((item) =>
            h(
              'li',
              { key: item.id, class: `tone-${itemTone(item)}` },
              h(Time, { at: item.at }),
              h('span', { class: 'dot', 'aria-hidden': 'true' }),
              h(
                'div',
                null,
                h('span', { class: 'item-type' }, [codeInWords(item.type), item.server].filter(Boolean).join(' · ')),
                h('span', { class: 'item-text' }, item.text),
              ),
            ),
          ),
        ),
      ),
    ),
    items.length > shown &&
      h('button', { type: 'button', class: 'quiet', onClick: () => setShown(shown + 400) }, 'Show more'),
  );
}

function save(state: Ui['state'], form: 'html' | 'md'): void {
  const report = upgradeReport({
    verdict: verdictOf(state),
    status: state.status.value,
    skew: state.skew.value,
    unexpected: state.unexpected.value,
    timeline: state.timeline.value,
    now: state.now,
  });
  const name = `upgrade-${new Date().toISOString().slice(0, 16).replace(':', '')}.${form}`;
  if (form === 'html') download(name, 'text/html', htmlReport(report));
  else download(name, 'text/markdown', markdownReport(report));
}
