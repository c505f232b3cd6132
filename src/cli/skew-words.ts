import { SKEW_CODE_NAMES, type SkewCode } from '../skew/skew-codes.ts';
import type { SkewCell, SkewFinding, SkewReport } from '../skew/skew-report.ts';
import type { SkewFold } from './skew-folds.ts';

/** What a code means, beside the row that has it. */
const NOTES: Readonly<Record<SkewCode, string>> = {
  ScopeConflict: 'scope differs',
  KindConflict: 'kind differs',
  StorageVersionDiffers: 'stored differently',
  StorageVersionUnknown: 'storage not known',
  OnlyOlderReleases: 'goes with upgrade',
  ServersDiffer: 'not explained by release',
  VerbsDiffer: 'verbs differ',
  Stale: 'Stale',
  ServerNotRead: 'not read',
  OnlyNewerReleases: 'comes with upgrade',
  PreferredVersionDiffers: 'preference differs',
};

/** What to do, by the gravest finding. */
const ADVICE: Readonly<Record<SkewCode, string>> = {
  ScopeConflict: 'Do not upgrade before the contradiction is gone: find out who serves the other one.',
  KindConflict: 'Do not upgrade before the contradiction is gone: find out who serves the other one.',
  StorageVersionDiffers:
    'Upgrade all servers first; start no storage migration before this command says that it is safe.',
  StorageVersionUnknown: 'Start no storage migration before every server has said as which version it writes.',
  OnlyOlderReleases: 'Before you upgrade, see with mvproxy preflight who still uses what goes away, and move them.',
  ServersDiffer: 'Find out why servers differ that should not, before you go on: mvproxy verify GROUP.',
  VerbsDiffer: 'Have the proxy in front of these servers while they differ, and look for verbs that go away.',
  Stale: 'Bring the extension servers back before you go on: kubectl get apiservices.',
  ServerNotRead: 'Compare again when every server was read: mvproxy status.',
  OnlyNewerReleases: 'Nothing to do behind mvproxy: requests for what only newer servers have are sent to them.',
  PreferredVersionDiffers: 'Nothing to do behind mvproxy: it publishes one order of versions.',
};

export function foldNote({ codes }: SkewFold): string {
  return codes.map((code) => NOTES[code]).join(', ');
}

/** As which version the server writes it, where that matters. */
export function storedText({ storedAs, storageVersionHash }: SkewCell): string {
  return storedAs ?? storageVersionHash ?? '';
}

/** `121 resources and subresources on 3 servers: 15 differ.` */
export function skewTitle({ summary, servers, findings }: SkewReport): string {
  // No subresource is alone.
  const what = summary.rows === 1 ? '1 resource' : `${summary.rows} resources and subresources`;
  const compared = `${what} on ${counted(servers.length, 'server')}`;
  if (summary.differing > 0)
    return `${compared}: ${summary.differing} ${summary.differing === 1 ? 'differs' : 'differ'}.`;
  return findings.length === 0 ? `${compared}: all the same.` : `${compared}: the same wherever it is known.`;
}

/** What to do now, in one sentence. */
export function skewAdvice({ findings, servers, storage }: SkewReport): string {
  const gravest = SKEW_CODE_NAMES.find((code) => findings.some((finding) => finding.code === code));
  if (gravest !== undefined) return ADVICE[gravest];
  if (servers.length < 2) return 'There is one server only, and nothing to compare it with.';
  return storage === null
    ? 'Nothing to do. Whether storage migration is safe says --storage.'
    : 'Nothing to do: the servers serve and store the same.';
}

/** Findings by code, the gravest first. */
export function findingsByCode(findings: readonly SkewFinding[]): readonly [SkewCode, readonly SkewFinding[]][] {
  return SKEW_CODE_NAMES.flatMap((code) => {
    const same = findings.filter((finding) => finding.code === code);
    return same.length === 0 ? [] : [[code, same] as const satisfies [SkewCode, readonly SkewFinding[]]];
  });
}

export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
