import type { ExplainedServer, RequestExplanation } from '../admin/request-explanation.ts';
import type { OutcomeExplanation } from '../routing/explanation.ts';
import { type TerminalStyle, wrapText } from './terminal-style.ts';
import { textTable } from './text-table.ts';

const NO_PROXY =
  'No proxy was asked: this is what one does in front of these servers, all of them ready, with routing as it is by default.';

/** The explanation for people: how the URL is read, who serves it, and who answers why. */
export function explainText(explanation: RequestExplanation, style: TerminalStyle): string {
  const { method, path, request, refused, servers, outcomes, alone } = explanation;
  const lines = [style.paint(`${method} ${path}`, 'bold')];
  if (refused !== null) {
    const fact = `kube-apiserver and the proxy refuse this with ${refused.status}: ${refused.message}`;
    return `${[...lines, ...wrapText(fact, style.columns, 2)].join('\n')}\n`;
  }
  if (request !== null) lines.push(...wrapText(reading(request), style.columns, 2));
  const title = ['SERVER', 'VERSION', 'READ', 'GETS REQUESTS', ...(request?.isResourceRequest ? ['SERVES IT'] : [])];
  lines.push('', ...textTable([title, ...servers.map(serverRow)]));
  for (const { name, ready, condition } of servers) {
    if (!ready) lines.push('', ...wrapText(`${name} gets no requests: ${condition}`, style.columns, 0));
  }
  const merged = 'The proxy answers from its merged view, after a server has let the caller read this path.';
  const answers = explanation.merged ? [merged] : outcomes.map((outcome) => outcomeText(outcome, outcomes.length));
  if (explanation.preference !== '') answers.unshift(explanation.preference);
  if (alone !== null) answers.push(alone.text);
  if (servers.some(({ source }) => source !== 'proxy')) answers.push(NO_PROXY);
  for (const text of answers) lines.push('', ...wrapText(text, style.columns, 0));
  return `${lines.join('\n')}\n`;
}

function outcomeText({ preferred, text }: OutcomeExplanation, of: number): string {
  return of === 1 ? text : `If the client prefers ${preferred.join(' or ')}: ${text}`;
}

function reading(request: NonNullable<RequestExplanation['request']>): string {
  const { isResourceRequest, verb, apiGroup, apiVersion, namespace, resource, subresource, name } = request;
  if (!isResourceRequest) return `${verb} of a path that names no resource`;
  const what = [
    `verb ${verb || '(none)'}`,
    `group ${apiGroup || 'core'}`,
    `version ${apiVersion}`,
    `resource ${resource}`,
    subresource === '' ? '' : `subresource ${subresource}`,
    namespace === '' ? '' : `namespace ${namespace}`,
    name === '' ? '' : `name ${name}`,
  ];
  return what.filter((part) => part !== '').join(', ');
}

function serverRow(server: ExplainedServer): string[] {
  const { name, version, ready, discoveryAgeSeconds: age, capability, text } = server;
  const read = age === null ? (server.source === 'recording' ? 'recorded' : 'never') : `${age.toFixed(1)} s ago`;
  const row = [name, version, read, server.source !== 'proxy' ? 'assumed' : ready ? 'yes' : 'no'];
  switch (capability?.serves) {
    case undefined:
      return row;
    case 'yes':
      return [...row, 'yes'];
    case 'no':
      return [...row, `no: ${text}`];
    default:
      return [...row, `maybe: ${text}`];
  }
}
