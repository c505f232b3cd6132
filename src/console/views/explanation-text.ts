import { type ComponentChild, h } from 'preact';
import type { Explanation } from '../model/answers.ts';
import { secondsAgo } from '../model/words.ts';
import { Scrolling, tableHead } from './parts.ts';

/** How the URL is read, who serves it, and who answers why. */
export function ExplanationText({ explanation }: { readonly explanation: Explanation }): ComponentChild {
  const { request, refused, servers, merged, outcomes, preference, alone } = explanation;
  if (refused !== null) {
    return h('p', null, `kube-apiserver and the proxy refuse this with ${refused.status}: ${refused.message}`);
  }
  const answers = merged
    ? ['The proxy answers from its merged view, after a server has let the caller read this path.']
    : outcomes.map(({ preferred, text }) =>
        outcomes.length === 1 ? text : `If the client prefers ${preferred.join(' or ')}: ${text}`,
      );
  if (preference !== '') answers.unshift(preference);
  if (alone !== null) answers.push(alone.text);
  return h(
    'div',
    { class: 'explanation' },
    h(
      'ul',
      { class: 'answers' },
      answers.map((text) => h('li', { key: text }, text)),
    ),
    request !== null && h('p', { class: 'muted' }, reading(request)),
    servers.length > 0 &&
      h(
        Scrolling,
        { label: 'Servers' },
        h(
          'table',
          null,
          tableHead(['Server', 'Version', 'Read', 'Gets requests', 'Serves it']),
          h(
            'tbody',
            null,
            servers.map(({ name, version, ready, condition, discoveryAgeSeconds: age, capability, text }) =>
              h(
                'tr',
                { key: name },
                h('th', { scope: 'row' }, name),
                h('td', null, version),
                h('td', null, age === null ? 'never' : secondsAgo(age)),
                h('td', null, ready ? 'yes' : `no: ${condition}`),
                h(
                  'td',
                  null,
                  capability === null ? '' : capability.serves === 'yes' ? 'yes' : `${capability.serves}: ${text}`,
                ),
              ),
            ),
          ),
        ),
      ),
  );
}

function reading(request: NonNullable<Explanation['request']>): string {
  const { isResourceRequest, verb, apiGroup, apiVersion, namespace, resource, subresource, name } = request;
  if (!isResourceRequest) return `${verb} of a path that names no resource`;
  const what = [
    `Read as verb ${verb || '(none)'}`,
    `group ${apiGroup || 'core'}`,
    `version ${apiVersion}`,
    `resource ${resource}`,
    subresource && `subresource ${subresource}`,
    namespace && `namespace ${namespace}`,
    name && `name ${name}`,
  ];
  return what.filter(Boolean).join(', ');
}
