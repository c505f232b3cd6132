import { Component, type ComponentChild, h } from 'preact';
import type { Decision } from '../model/answers.ts';
import { decisionSubject } from '../model/decisions.ts';
import { codeInWords } from '../model/words.ts';
import { Time } from './parts.ts';

interface DecisionRowProps {
  readonly decision: Decision;
  /** A `dayOf`. */
  readonly today: string;
  readonly onOpen: (decision: Decision) => void;
}

/** A decision never changes, so that it is drawn once a day. */
export class DecisionRow extends Component<DecisionRowProps> {
  override shouldComponentUpdate(next: DecisionRowProps): boolean {
    return next.decision !== this.props.decision || next.today !== this.props.today;
  }

  override render(): ComponentChild {
    const { decision, today, onOpen } = this.props;
    const { at, client, namespace, name, server, decision: reason, status, attempts, milliseconds, error } = decision;
    const object = [namespace, name].filter(Boolean).join('/');
    return h(
      'tr',
      { class: `code-${codeTone(decision)}`, onClick: () => onOpen(decision) },
      h(
        'td',
        null,
        h(
          'button',
          {
            type: 'button',
            class: 'link',
            'aria-haspopup': 'dialog',
            // The row listens, too.
            onClick: (event: Event) => {
              event.stopPropagation();
              onOpen(decision);
            },
          },
          h(Time, { at, today }),
          h('span', { class: 'visually-hidden' }, ', explain'),
        ),
      ),
      h('td', { 'data-label': 'Client' }, client || '–'),
      h(
        'td',
        { 'data-label': 'Request' },
        h('span', { class: 'request' }, decisionSubject(decision)),
        object !== '' && h('span', { class: 'muted object' }, ` ${object}`),
      ),
      h('td', { 'data-label': 'Server' }, server || 'none'),
      h('td', { 'data-label': 'Decision' }, codeInWords(reason), attempts > 1 && ` · ${attempts} attempts`),
      h(
        'td',
        { 'data-label': 'Code', class: 'number' },
        h('span', { class: 'code-badge' }, status === 0 ? error || '–' : status),
      ),
      h('td', { 'data-label': 'Took', class: 'number' }, took(milliseconds)),
    );
  }
}

function codeTone({ status, error, unknownType }: Decision): string {
  if (status >= 500 || unknownType?.outcome === 'relayed') return 'bad';
  if (unknownType !== null || error !== '') return 'passing';
  return 'plain';
}

/** `4 ms`, `1.2 s`. */
function took(milliseconds: number): string {
  if (milliseconds < 10) return `${milliseconds.toFixed(1)} ms`;
  return milliseconds < 1_000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1_000).toFixed(1)} s`;
}
