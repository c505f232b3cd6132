import { type ComponentChild, h } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { adminApi } from '../browser/admin-api.ts';
import type { Decision, Explanation } from '../model/answers.ts';
import { decisionSubject } from '../model/decisions.ts';
import { placeHref } from '../model/place.ts';
import { codeInWords, listed } from '../model/words.ts';
import { ExplanationText } from './explanation-text.ts';
import { Failure, Panel } from './parts.ts';

/** What was decided about one request, and what would be decided now. */
export function DecisionPanel({
  decision,
  onClose,
}: {
  readonly decision: Decision;
  readonly onClose: () => void;
}): ComponentChild {
  const { method, path } = decision;
  const [explanation, setExplanation] = useState<Explanation>();
  const [failure, setFailure] = useState('');
  useEffect(() => {
    let isOpen = true;
    adminApi.explain({ method, path, server: '' }).then(
      (answer) => isOpen && setExplanation(answer),
      (error: unknown) => isOpen && setFailure(error instanceof Error ? error.message : String(error)),
    );
    return () => {
      isOpen = false;
    };
  }, [method, path]);
  return h(
    Panel,
    { title: decisionSubject(decision), onClose },
    h('p', { class: 'code path' }, `${method} ${path}`),
    h(
      'dl',
      { class: 'facts-list' },
      facts(decision).map(([term, value]) => h('div', { key: term }, h('dt', null, term), h('dd', null, value))),
    ),
    h('h4', null, 'What the proxy would do now, and why'),
    h(Failure, { text: failure }),
    explanation === undefined
      ? failure === '' && h('p', { class: 'muted' }, 'Asking …')
      : h(ExplanationText, { explanation }),
    h('p', { class: 'links' }, h('a', { href: placeHref('explain', { method, path }) }, 'Open in Explain')),
  );
}

function facts(decision: Decision): [string, string][] {
  const { at, client, server, status, attempts, milliseconds, error, unknownType, traceId } = decision;
  const pairs: [string, string][] = [
    ['At', at],
    ['Client', client],
    ['Decision', codeInWords(decision.decision)],
    ['Answered by', server === '' ? 'the proxy' : server],
    ['Code', status === 0 ? 'none' : String(status)],
    ['Attempts', String(attempts)],
    ['Took', `${milliseconds} ms`],
  ];
  if (error !== '') pairs.push(['Error', error]);
  if (unknownType !== null) {
    const { outcome, denying } = unknownType;
    pairs.push([
      'Unknown type',
      `${codeInWords(outcome)}${denying.length === 0 ? '' : `; denied by ${listed(denying)}`}`,
    ]);
  }
  if (traceId !== '') pairs.push(['Trace', traceId]);
  return pairs;
}
