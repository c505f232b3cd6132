import { type ComponentChild, h } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { adminApi, failureText } from '../browser/admin-api.ts';
import { placeHref } from '../model/place.ts';
import { type Question, questionFilters, questionIn } from '../model/question.ts';
import { ExplanationText } from './explanation-text.ts';
import { Choice, Empty, Failure, Field, ViewHeading } from './parts.ts';
import type { Ui } from './ui.ts';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'];

/** Which server would answer a request, and why. The question is in the address, so that the answer can be shared. */
export function ExplainView({ state, dispatch, go }: Ui): ComponentChild {
  const asked = questionIn(state.place.filters);
  const { method, path, server, client } = asked;
  const [draft, setDraft] = useState(asked);
  useEffect(() => {
    const question = { method, path, server, client };
    setDraft(question);
    if (path === '') return dispatch({ kind: 'explained', explaining: { kind: 'idle' } });
    return ask(question, dispatch);
  }, [method, path, server, client, dispatch]);
  const { explaining } = state;
  // Nobody prefers a server that left.
  const servers = (state.status.value?.servers ?? []).flatMap((each) => (each.state === 'gone' ? [] : each.name));
  return h(
    'div',
    null,
    h(
      ViewHeading,
      { title: 'Explain' },
      'How a URL is read, who serves it, which server would answer and why. No server is asked.',
    ),
    h(
      'form',
      {
        class: 'toolbar',
        onSubmit: (event: Event) => {
          event.preventDefault();
          const question = { ...draft, path: draft.path.trim(), client: draft.client.trim() };
          const href = placeHref('explain', questionFilters(question));
          // The same question again is a new one: servers may have changed.
          if (question.path !== '' && href === placeHref('explain', questionFilters(asked))) ask(question, dispatch);
          else go(href);
        },
      },
      h(
        Field,
        { label: 'Method' },
        h(
          'select',
          {
            value: draft.method,
            onChange: (event: Event) =>
              setDraft({ ...draft, method: (event.currentTarget as HTMLSelectElement).value }),
          },
          [...new Set([...METHODS, draft.method])].map((each) => h('option', { key: each }, each)),
        ),
      ),
      h(
        Field,
        { label: 'Path' },
        h('input', {
          type: 'text',
          class: 'wide code',
          value: draft.path,
          required: true,
          spellcheck: false,
          autocomplete: 'off',
          placeholder: '/apis/apps/v1/namespaces/default/deployments',
          onInput: (event: Event) => setDraft({ ...draft, path: (event.currentTarget as HTMLInputElement).value }),
        }),
      ),
      h(Choice, {
        label: 'Preferred server',
        any: 'whichever',
        values: servers,
        value: draft.server,
        onChoose: (chosen) => setDraft({ ...draft, server: chosen }),
      }),
      h(
        Field,
        { label: 'Client (its User-Agent)' },
        h('input', {
          type: 'text',
          value: draft.client,
          spellcheck: false,
          autocomplete: 'off',
          placeholder: 'any, or kubelet/v1.36.3',
          onInput: (event: Event) => setDraft({ ...draft, client: (event.currentTarget as HTMLInputElement).value }),
        }),
      ),
      h('button', { type: 'submit', class: 'primary' }, 'Explain'),
    ),
    h(
      'div',
      { role: 'status' },
      explaining.kind === 'asking' && h('p', { class: 'muted' }, 'Asking …'),
      explaining.kind === 'failed' && h(Failure, { text: explaining.message }),
      explaining.kind === 'answered' &&
        h(
          'section',
          { class: 'card' },
          h('h3', null, `${explaining.explanation.method} ${explaining.explanation.path}`),
          h(ExplanationText, { explanation: explaining.explanation }),
        ),
      explaining.kind === 'idle' &&
        h(Empty, { title: 'Ask about a request.' }, 'Paste a path from a log or an audit event; its query may stay.'),
    ),
  );
}

/** Returns how to stop caring for the answer. */
function ask(question: Question, dispatch: Ui['dispatch']): () => void {
  let isWanted = true;
  dispatch({ kind: 'explained', explaining: { kind: 'asking', question } });
  adminApi.explain(question).then(
    (explanation) =>
      isWanted && dispatch({ kind: 'explained', explaining: { kind: 'answered', question, explanation } }),
    (error: unknown) => {
      const message = failureText(error);
      if (isWanted) dispatch({ kind: 'explained', explaining: { kind: 'failed', question, message } });
    },
  );
  return () => {
    isWanted = false;
  };
}
