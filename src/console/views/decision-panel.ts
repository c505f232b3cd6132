import { type ComponentChild, h } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { adminApi, failureText } from '../browser/admin-api.ts';
import type { Decision, Explanation } from '../model/answers.ts';
import { decisionSubject, questionOf } from '../model/decisions.ts';
import { placeHref } from '../model/place.ts';
import { questionFilters } from '../model/question.ts';
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
  const question = questionOf(decision);
  const [explanation, setExplanation] = useState<Explanation>();
  const [failure, setFailure] = useState('');
  useEffect(() => {
    if (question === undefined) return;
    let isOpen = true;
    adminApi.explain(question).then(
      (answer) => isOpen && setExplanation(answer),
      (error: unknown) => isOpen && setFailure(failureText(error)),
    );
    return () => {
      isOpen = false;
    };
  }, [question?.method, question?.path]);
  return h(
    Panel,
    { title: decisionSubject(decision), onClose },
    h('p', { class: 'code path' }, `${method} ${path}`),
    h(
      'dl',
      { class: 'facts-list' },
      facts(decision).map(([term, value]) => h('div', { key: term }, h('dt', null, term), h('dd', null, value))),
    ),
    question !== undefined && [
      h('h4', { key: 'title' }, 'What the proxy would do now, and why'),
      h(Failure, { key: 'failure', text: failure }),
      explanation === undefined
        ? failure === '' && h('p', { key: 'asking', class: 'muted' }, 'Asking …')
        : h(ExplanationText, { key: 'explanation', explanation }),
      h(
        'p',
        { key: 'links', class: 'links' },
        h('a', { href: placeHref('explain', questionFilters(question)) }, 'Open in Explain'),
      ),
    ],
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
