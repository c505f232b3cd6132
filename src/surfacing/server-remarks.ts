import { CONTROL_USER } from '../servers/control-identity.ts';
import type { Answer } from './answer.ts';
import { remark, verb } from './remark.ts';
import { type ServerEvidence, silenceOf } from './server-evidence.ts';
import type { Remark } from './surfacing-report.ts';

/** What the proxy has to be allowed to do, as RBAC names it. */
const RULES = {
  discovery: {
    unchecked: 'what it serves',
    rule: 'get on the paths /api, /apis, /openapi and below (ClusterRole system:discovery)',
  },
  definitions: {
    unchecked: 'CustomResourceDefinitions',
    rule: 'list customresourcedefinitions in apiextensions.k8s.io',
  },
  apiServices: { unchecked: 'APIServices', rule: 'list apiservices in apiregistration.k8s.io' },
} as const;

type What = keyof typeof RULES;

/** What is wrong with the servers themselves, whatever is looked for. */
export function serverRemarks(servers: readonly ServerEvidence[]): readonly Remark[] {
  return [...servers.flatMap(ofOne), ...forbidden(servers)];
}

function ofOne(evidence: ServerEvidence): readonly Remark[] {
  const { server } = evidence;
  const named = [{ evidence }];
  if (server.state === 'gone') {
    const fact = `${server.name} ${server.condition}. What only it served stays listed, as Stale, for the departure grace.`;
    return [remark('ServerGone', named, fact)];
  }
  const silence = silenceOf(evidence);
  if (silence !== undefined) {
    const isNews = server.condition !== '' && server.condition !== silence.message;
    const known = isNews ? `; its state is ${server.state}: ${server.condition}` : '';
    return silence.reason === 'silent'
      ? [remark('ServerHung', named, `${server.name} does not answer (${silence.message}${known}).`)]
      : [remark('ServerUnreachable', named, `${server.name} cannot be reached (${silence.message}${known}).`)];
  }
  const remarks: Remark[] = [];
  if (server.condition !== '') {
    const fact = `${server.name} answers and is ${server.state} (${server.condition}), so that it gets no requests.`;
    remarks.push(remark('ServerNotReady', named, fact));
  }
  if (server.discoveryFailure !== '') {
    const kept = server.tables === undefined ? 'Nothing is known of it.' : 'The last good document is kept.';
    const fact = `The discovery of ${server.name} cannot be read: ${server.discoveryFailure}. ${kept}`;
    remarks.push(remark('DiscoveryFailing', named, fact));
  }
  // What an extension server that is down has is no question to the server in front of it.
  const relayed = new Set<Answer<unknown>>([...evidence.lists.values()].filter(isUnavailable));
  const failed = answersOf(evidence).flatMap(([, answer]) =>
    answer.kind === 'failed' && answer.reason !== 'forbidden' && !relayed.has(answer) ? [answer.message] : [],
  );
  if (failed.length > 0) {
    const fact = `${server.name} did not answer everything it was asked: ${[...new Set(failed)].join('; ')}.`;
    remarks.push(remark('LookingFailed', named, fact));
  }
  return remarks;
}

function isUnavailable(answer: Answer<unknown>): boolean {
  return answer.kind === 'failed' && answer.reason === 'unavailable';
}

/** One remark for servers that refuse the same. */
function forbidden(servers: readonly ServerEvidence[]): readonly Remark[] {
  const refusals = new Map<string, { readonly whats: readonly What[]; readonly by: ServerEvidence[] }>();
  for (const evidence of servers) {
    const refused = answersOf(evidence).filter(
      ([, answer]) => answer.kind === 'failed' && answer.reason === 'forbidden',
    );
    const whats = [...new Set(refused.map(([what]) => what))];
    const same = refusals.get(whats.join()) ?? { whats, by: [] };
    refusals.set(whats.join(), same);
    same.by.push(evidence);
  }
  return [...refusals.values()].flatMap(({ whats, by }): readonly Remark[] => {
    if (whats.length === 0) return [];
    const names = by.map(({ server }) => server.name).join(', ');
    const unchecked = whats.map((what) => RULES[what].unchecked).join(' and ');
    const rules = whats.map((what) => RULES[what].rule).join('; ');
    const fact = `${names} ${verb(by, 'does', 'do')} not let the proxy look, so that ${unchecked} could not be checked.`;
    const named = by.map((evidence) => ({ evidence }));
    return [remark('LookingForbidden', named, `${fact} Its user, by default ${CONTROL_USER}, needs: ${rules}.`)];
  });
}

function answersOf(evidence: ServerEvidence): readonly (readonly [What, Answer<unknown>])[] {
  const { v2, v2beta1, root, openapiV3, group, lists, definitionNames, definitions, apiServices } = evidence;
  return [
    ...[v2, v2beta1, root, openapiV3, group, ...lists.values()].map((answer) => ['discovery', answer] as const),
    ...[definitionNames, ...definitions.values()].map((answer) => ['definitions', answer] as const),
    ['apiServices', apiServices],
  ];
}
