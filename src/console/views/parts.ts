import { type ComponentChild, type ComponentChildren, h } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { stateTone } from '../model/server-history.ts';
import { momentOf, timeOfDay } from '../model/words.ts';

/** A state of a server, told by colour, shape and word. */
export function StateBadge({ state }: { readonly state: string }): ComponentChild {
  return h(
    'span',
    { class: `badge tone-${stateTone(state)}` },
    h('span', { class: 'dot', 'aria-hidden': 'true' }),
    state,
  );
}

/** Time of day, of other days than `today` (a `dayOf`) with the day, and the whole of it in UTC on demand. */
export function Time({ at, today }: { readonly at: string; readonly today?: string }): ComponentChild {
  return h('time', { dateTime: at, title: at }, today === undefined ? timeOfDay(at) : momentOf(at, today));
}

/** The head of a table; columns of `numbers` are aligned as numbers are. */
export function tableHead(titles: readonly string[], numbers: readonly string[] = []): ComponentChild {
  const cells = titles.map((title) =>
    h('th', { key: title, scope: 'col', class: numbers.includes(title) ? 'number' : undefined }, title),
  );
  return h('thead', null, h('tr', null, cells));
}

/** Said where a list has nothing in it. */
export function Empty({
  title,
  children,
}: {
  readonly title: string;
  readonly children?: ComponentChildren;
}): ComponentChild {
  return h('div', { class: 'empty' }, h('p', { class: 'empty-title' }, title), h('p', null, children));
}

/** Why a page shows old facts or none; nothing while all is well. */
export function Failure({ text }: { readonly text: string }): ComponentChild {
  return text === '' ? null : h('p', { class: 'failure', role: 'alert' }, text);
}

/** The heading that gets the focus when its view is entered. */
export function ViewHeading({
  title,
  children,
}: {
  readonly title: string;
  readonly children?: ComponentChildren;
}): ComponentChild {
  return h(
    'header',
    { class: 'view-heading' },
    h('h2', { tabIndex: -1, id: 'view-heading' }, title),
    h('p', { class: 'muted' }, children),
  );
}

/** A labelled control. */
export function Field({
  label,
  children,
}: {
  readonly label: string;
  readonly children?: ComponentChildren;
}): ComponentChild {
  return h('label', { class: 'field' }, h('span', { class: 'field-label' }, label), children);
}

/** A choice among values that were seen; the chosen one stays among them. */
export function Choice(props: {
  readonly label: string;
  readonly value: string;
  readonly values: readonly string[];
  readonly any: string;
  readonly onChoose: (value: string) => void;
}): ComponentChild {
  const { label, value, values, any, onChoose } = props;
  const all = value === '' || values.includes(value) ? values : [value, ...values];
  return h(
    Field,
    { label },
    h(
      'select',
      { value, onChange: (event: Event) => onChoose((event.currentTarget as HTMLSelectElement).value) },
      h('option', { value: '' }, any),
      all.map((each) => h('option', { key: each, value: each }, each)),
    ),
  );
}

/** A panel above the page; Escape, the button and a click beside it close it, and the focus goes back to where it was. */
export function Panel(props: {
  readonly title: string;
  readonly onClose: () => void;
  readonly children?: ComponentChildren;
}): ComponentChild {
  const { title, onClose, children } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  // At once, so that the focus is nowhere else between.
  useLayoutEffect(() => {
    const { current } = dialog;
    const before = document.activeElement;
    current?.showModal();
    return () => {
      current?.close();
      // A row of a live list may be gone by now.
      const after = before?.isConnected ? before : document.getElementById('view-heading');
      if (after instanceof HTMLElement) after.focus();
    };
  }, []);
  return h(
    'dialog',
    {
      ref: dialog,
      class: 'panel',
      'aria-labelledby': 'panel-title',
      onCancel: (event: Event) => {
        event.preventDefault();
        onClose();
      },
      onClick: (event: Event) => {
        if (event.target === dialog.current) onClose();
      },
    },
    h(
      'div',
      { class: 'panel-content' },
      h(
        'header',
        { class: 'panel-head' },
        h('h3', { id: 'panel-title' }, title),
        h('button', { type: 'button', class: 'quiet', onClick: onClose }, 'Close'),
      ),
      children,
    ),
  );
}

/** A table that scrolls within itself where the page is narrow. */
export function Scrolling({
  label,
  children,
}: {
  readonly label: string;
  readonly children?: ComponentChildren;
}): ComponentChild {
  return h('section', { class: 'scrolling', 'aria-label': label, tabIndex: 0 }, children);
}
