import { type ComponentChild, h } from 'preact';
import type { ServerTransition } from '../model/answers.ts';
import { barsOf, stateSpans, stateTone } from '../model/server-history.ts';
import { dayAt, duration, momentOf } from '../model/words.ts';

/** Units of the drawing. */
const WIDTH = 1_000;
const HEIGHT = 14;
const LEAST = 4;
/** Spans that are read out; the list of changes has all. */
const SAID = 8;

/** The states of one server over the time that is known, as a bar, with the last of them in words. */
export function HistoryBar(props: {
  readonly history: readonly ServerTransition[];
  readonly now: number;
}): ComponentChild {
  const { history, now } = props;
  const spans = stateSpans(history, now);
  const [first] = spans;
  if (first === undefined) return null;
  const today = dayAt(now);
  const moment = (time: number) => momentOf(new Date(time).toISOString(), today);
  const words = spans.slice(-SAID).map(({ state, from, to }) => `${state} for ${duration((to - from) / 1000)}`);
  return h(
    'figure',
    { class: 'history' },
    h(
      'svg',
      {
        viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
        preserveAspectRatio: 'none',
        role: 'img',
        'aria-label': `States: ${words.join(', ')}`,
      },
      barsOf(spans, WIDTH, LEAST).map(({ span: { state, from, to }, x, width }, at) =>
        h(
          'rect',
          { key: at, class: `span-${stateTone(state)}`, x, y: 0, width, height: HEIGHT },
          h('title', null, `${state} from ${moment(from)} for ${duration((to - from) / 1000)}`),
        ),
      ),
    ),
    h('figcaption', { class: 'muted' }, h('span', null, moment(first.from)), h('span', null, 'now')),
  );
}
