import { type ComponentChild, h } from 'preact';
import { verdictOf } from '../model/state.ts';
import type { Verdict } from '../model/verdict.ts';
import type { Ui } from './ui.ts';

const SHOWN_REASONS = 5;

const TONE: Readonly<Record<Verdict['kind'], string>> = {
  yes: 'tone-good',
  wait: 'tone-passing',
  no: 'tone-bad',
  unknown: 'tone-gone',
};

const SIGN: Readonly<Record<Verdict['kind'], string>> = { yes: '✓', wait: '…', no: '✕', unknown: '?' };

/** The first thing to see: whether the next server can be upgraded, and if not, why. */
export function VerdictBanner({ state }: Pick<Ui, 'state'>): ComponentChild {
  const { kind, title, reasons, facts } = verdictOf(state);
  const more = reasons.length - SHOWN_REASONS;
  return h(
    'section',
    { class: `verdict ${TONE[kind]}`, 'aria-labelledby': 'verdict-question' },
    h('span', { class: 'verdict-sign', 'aria-hidden': 'true' }, SIGN[kind]),
    h(
      'div',
      { class: 'verdict-text' },
      h(
        'div',
        { role: 'status' },
        h('h1', { id: 'verdict-question' }, 'Is it safe to go on?'),
        h('p', { class: 'verdict-title' }, title),
      ),
      reasons.length > 0 &&
        h(
          'ul',
          { class: 'reasons' },
          reasons.slice(0, SHOWN_REASONS).map(({ text, href }) => h('li', { key: text }, h('a', { href }, text))),
          more > 0 && h('li', null, `and ${more} more`),
        ),
      facts.length > 0 && h('p', { class: 'facts' }, facts.join(' · ')),
    ),
  );
}
