import { type ComponentChild, h } from 'preact';
import type { Timeline } from '../model/answers.ts';
import { stateSpans, stateTone } from '../model/server-history.ts';
import { duration, timeOfDay } from '../model/words.ts';

/** Units of the drawing. */
const WIDTH = 1_000;
const HEIGHT = 14;
/** A state that passed at once is still to be seen. */
const LEAST = 4;

/** The states of one server over the time that is known, as a bar, with the same in words. */
export function HistoryBar(props: {
  readonly timeline: Timeline;
  readonly server: string;
  readonly now: number;
}): ComponentChild {
  const { timeline, server, now } = props;
  const spans = stateSpans(timeline, server, now);
  const from = spans[0]?.from;
  if (from === undefined) return null;
  const scale = WIDTH / Math.max(1, now - from);
  const words = spans.map(({ state, from: at, to }) => `${state} for ${duration((to - at) / 1000)}`).join(', ');
  return h(
    'figure',
    { class: 'history' },
    h(
      'svg',
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': `States: ${words}` },
      spans.map(({ state, from: at, to }) =>
        h(
          'rect',
          {
            key: at,
            class: `span-${stateTone(state)}`,
            x: (at - from) * scale,
            y: 0,
            width: Math.max(LEAST, (to - at) * scale),
            height: HEIGHT,
          },
          h('title', null, `${state} from ${timeOfDay(new Date(at).toISOString())} for ${duration((to - at) / 1000)}`),
        ),
      ),
    ),
    h(
      'figcaption',
      { class: 'muted' },
      h('span', null, timeOfDay(new Date(from).toISOString())),
      h('span', null, 'now'),
    ),
  );
}
