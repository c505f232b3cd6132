import { type ComponentChild, h } from 'preact';
import { duration } from '../model/words.ts';
import type { Ui } from './ui.ts';

/** Says that the console is not current, and what it does about it; nothing while it is. */
export function LinkBanner({ state, retry }: Pick<Ui, 'state' | 'retry'>): ComponentChild {
  const { link, now } = state;
  if (link.kind === 'lost') {
    return h(
      'div',
      { class: 'link-banner tone-bad', role: 'status' },
      h('strong', null, 'Connection lost. '),
      h('span', { 'aria-hidden': 'true' }, `For ${duration((now - link.since) / 1000)}. `),
      'Trying again; everything is loaded anew when the proxy is back. ',
      h('button', { type: 'button', class: 'quiet', onClick: retry }, 'Try now'),
    );
  }
  const text = link.kind === 'polling' ? 'Live events cannot be had: the console asks every two seconds instead.' : '';
  return h('div', { class: text === '' ? 'visually-hidden' : 'link-banner tone-passing', role: 'status' }, text);
}
