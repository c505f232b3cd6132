import type { Answer } from './answer.ts';
import { remark, verb } from './remark.ts';
import { type ServerEvidence, silenceOf } from './server-evidence.ts';
import type { Remark } from './surfacing-report.ts';

/** What the proxy has to be allowed to do, as RBAC names it. */
const RULES = {
  discovery: 'get on the non-resource URLs /api, /apis, /openapi and below (ClusterRole system:discovery)',
  definitions: 'list customresourcedefinitions in apiextensions.k8s.io',
  apiServices: 'list apiservices in apiregistration.k8s.io',
} as const;

/** What is wrong with the servers themselves, whatever is looked for. */
export function serverRemarks(servers: readonly ServerEvidence[]): readonly Remark[] {
  return [...servers.flatMap(ofOne), ...forbidden(servers)];
}

function ofOne(evidence: ServerEvidence): readonly Remark[] {
  const { server } = evidence;
  const named = [{ evidence }];
  const silence = silenceOf(evidence);
  if (silence !== undefined) {
    const known = `${server.condition && `; its state is ${server.state}: ${server.condition}`}`;
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
  const failed = answersOf(evidence).flatMap(([, answer]) =>
    answer.kind === 'failed' && answer.reason !== 'forbidden' ? [answer.message] : [],
  );
  if (failed.length > 0) {
    const fact = `${server.name} did not answer everything it was asked: ${[...new Set(failed)].join('; ')}.`;
    remarks.push(remark('LookingFailed', named, fact));
  }
  return remarks;
}

function forbidden(servers: readonly ServerEvidence[]): readonly Remark[] {
  return (['discovery', 'definitions', 'apiServices'] as const).flatMap((what): readonly Remark[] => {
    const refusing = servers.filter((evidence) =>
      answersOf(evidence).some(
        ([about, answer]) => about === what && answer.kind === 'failed' && answer.reason === 'forbidden',
      ),
    );
    if (refusing.length === 0) return [];
    const names = refusing.map(({ server }) => server.name).join(', ');
    const unchecked = {
      discovery: 'what it serves',
      definitions: 'CustomResourceDefinitions',
      apiServices: 'APIServices',
    }[what];
    const fact = `${names} ${verb(refusing, 'does', 'do')} not let the proxy look, so that ${unchecked} could not be checked. The user system:mixed-version-proxy needs: ${RULES[what]}.`;
    return [
      remark(
        'LookingForbidden',
        refusing.map((evidence) => ({ evidence })),
        fact,
      ),
    ];
  });
}

function answersOf(evidence: ServerEvidence): readonly (readonly [keyof typeof RULES, Answer<unknown>])[] {
  const { v2, v2beta1, root, openapiV3, group, lists, definitionNames, definitions, apiServices } = evidence;
  return [
    ...[v2, v2beta1, root, openapiV3, group, ...lists.values()].map((answer) => ['discovery', answer] as const),
    ...[definitionNames, ...definitions.values()].map((answer) => ['definitions', answer] as const),
    ['apiServices', apiServices],
  ];
}
