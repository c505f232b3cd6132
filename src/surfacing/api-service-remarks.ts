import { compareServerVersions } from '../kubernetes/kube-version.ts';
import { condition } from './cluster-objects.ts';
import { REASONS } from './reasons.ts';
import { type Case, releaseRange, remark, serversText, verb } from './remark.ts';
import { apiServiceOf } from './server-findings.ts';
import { groupVersion } from './sought-type.ts';
import type { Remark } from './surfacing-report.ts';

/** What the APIService object of the group-version, or its absence, means. */
export function apiServiceRemarks(found: Case): readonly Remark[] {
  return [...unavailable(found), ...missing(found)];
}

function unavailable({ sought, views }: Case): readonly Remark[] {
  const down = views.filter(({ findings }) => findings.get('apiService')?.state === 'stale');
  const object = down.map(({ evidence }) => apiServiceOf(evidence, sought)).find((each) => each !== undefined);
  if (object === undefined) return [];
  const name = `${sought.version}.${sought.group}`;
  const available = condition(object, 'Available');
  const what = object.service === '' ? 'its server' : `the extension server behind Service ${object.service}`;
  const effect = 'The group-version stays listed, as Stale, and requests for it are answered 503';
  const why = `(${available?.reason}: ${available?.message})`;
  return [
    remark(
      'APIServiceUnavailable',
      down,
      `The APIService ${name} is not Available ${why}: ${what} cannot be used. ${effect}.`,
      REASONS.APIServiceUnavailable.remedy.replace('NAME', name),
    ),
  ];
}

/**
 * A starting kube-apiserver deletes the APIServices of built-in group-versions that it does not know, for all servers,
 * and who knows them registers them only when it starts itself.
 */
function missing({ sought, views, having, lacking, merged }: Case): readonly Remark[] {
  const gone = views.filter(({ findings }) => findings.get('apiService')?.state === 'missing');
  if (gone.length === 0 || having.length === 0) return [];
  const text = groupVersion(sought);
  const isMerged = (['v2', 'v2beta1', 'root', 'group', 'version'] as const).every(
    (shape) => merged.get(shape)?.state === 'listed',
  );
  const misses = `Whoever reads unaggregated /apis from a server itself misses ${text}, whichever server that is.`;
  const effect = isMerged ? `${misses} The proxy lists it nevertheless, in every shape of discovery.` : misses;
  const serve = `${serversText(having)} ${verb(having, 'serves', 'serve')} ${text}`;
  const fact = `The APIService ${sought.version}.${sought.group} is missing although ${serve}.`;
  const [least] = releaseRange(having);
  const older = lacking.filter(
    ({ evidence: { server } }) =>
      least !== undefined && server.version !== undefined && compareServerVersions(server.version, least) < 0,
  );
  if (older.length === 0) return [remark('APIServiceMissing', gone, `${fact} ${effect}`)];
  const rule =
    'kube-apiserver removes, when it starts, the APIServices of built-in group-versions that it does not know';
  const cause = `A start of ${serversText(older)} deleted it: ${rule}, for all servers.`;
  const names = (views: Case['views']) => views.map(({ evidence }) => evidence.server.name).join(' or ');
  const remedy = `Restart ${names(having)}: a server that knows ${text} registers it again when it starts. Every later start of ${names(older)} deletes it again, until all are upgraded.`;
  return [remark('APIServiceDeletedByOlderServer', older, `${fact} ${cause} ${effect}`, remedy)];
}
