import { versionText } from '../kubernetes/kube-version.ts';
import { type Check, type Finding, finding, listed, listedBriefly } from './check.ts';
import { CHECKS } from './check-list.ts';
import { type PreflightFacts, preflightFacts } from './preflight-facts.ts';
import type { CheckStatus, PreflightCheck, PreflightReport, PreflightServer } from './preflight-report.ts';
import type { PreflightSetting } from './preflight-setting.ts';
import { typeText } from './type-changes.ts';
import { usedTypes } from './used-types.ts';

/** For one check and all servers. Every question has a shorter bound of its own; three of them may follow each other. */
const DEADLINE_MS = 20_000;

/**
 * Runs all checks at once and says what they found. Never rejects, and ends within seconds whatever servers do. The servers'
 * connections are closed at the end.
 */
export async function runPreflight(setting: PreflightSetting, deadlineMs = DEADLINE_MS): Promise<PreflightReport> {
  const facts = preflightFacts(setting);
  try {
    const [found, servers, types] = await Promise.all([
      Promise.all(CHECKS.map((check) => runCheck(check, facts, deadlineMs))),
      Promise.all(setting.servers.map((server) => within(deadlineMs, describeServer(server), unknownServer(server)))),
      within(deadlineMs, changedTypes(facts), NO_TYPES),
    ]);
    return preflightReport({ checks: found.flat(), now: setting.now(), to: setting.target?.name, servers, types });
  } finally {
    await Promise.all(setting.servers.map((server) => server.close()));
  }
}

interface ReportParts {
  readonly checks: readonly PreflightCheck[];
  /** Epoch milliseconds. */
  readonly now: number;
  readonly to: string | undefined;
  readonly servers?: PreflightReport['servers'];
  readonly types?: PreflightReport['types'];
}

const NO_TYPES = { appearing: [], vanishing: [] };

/** The report of checks that were run. */
export function preflightReport({ checks, now, to, servers = [], types = NO_TYPES }: ReportParts): PreflightReport {
  const counts = { pass: 0, warn: 0, fail: 0, unknown: 0 };
  for (const { status } of checks) counts[status]++;
  return {
    kind: 'PreflightReport',
    generatedAt: new Date(now).toISOString(),
    verdict: counts.fail > 0 ? 'fail' : counts.warn + counts.unknown > 0 ? 'warn' : 'pass',
    summary: summaryOf(checks, counts),
    to: to ?? '',
    servers,
    counts,
    checks,
    types,
  };
}

async function runCheck(check: Check, facts: PreflightFacts, deadlineMs: number): Promise<PreflightCheck[]> {
  const late = [finding('unknown', `No verdict within ${deadlineMs / 1000} s.`, 'Ask again.')];
  const found = await within<readonly Finding[]>(
    deadlineMs,
    check
      .run(facts)
      .catch((error: unknown) => [
        finding('unknown', `The check failed for a defect of the proxy: ${String(error)}`, 'Please report it.'),
      ]),
    late,
  );
  return found.map((one) => ({ code: check.code, ...one }));
}

async function describeServer(server: PreflightFacts['servers'][number]): Promise<PreflightServer> {
  const version = await server.version();
  return { ...unknownServer(server), version: version.kind === 'read' ? versionText(version.value) : '' };
}

function unknownServer({ name, address }: PreflightFacts['servers'][number]): PreflightServer {
  return { name, address, version: '' };
}

async function changedTypes(facts: PreflightFacts): Promise<PreflightReport['types']> {
  const [{ appearing, vanishing }, used] = await Promise.all([facts.changes(), usedTypes(facts)]);
  const usage = new Map(used.map((each) => [typeText(each.type), each.usage]));
  return { appearing, vanishing: vanishing.map((type) => ({ ...type, usage: usage.get(typeText(type)) ?? [] })) };
}

function summaryOf(checks: readonly PreflightCheck[], counts: Readonly<Record<CheckStatus, number>>): string {
  const codesWith = (status: CheckStatus) => [
    ...new Set(checks.filter((check) => check.status === status).map(({ code }) => code)),
  ];
  const sentences = [
    counts.fail === 0 ? 'No link is broken.' : `Broken: ${listed(codesWith('fail'))}.`,
    counts.unknown === 0 ? '' : `Not proved: ${listedBriefly(codesWith('unknown'))}.`,
    counts.warn === 0 ? '' : `To be known: ${listedBriefly(codesWith('warn'))}.`,
  ].filter((sentence) => sentence !== '');
  return counts.pass === checks.length ? 'Every link is proved.' : sentences.join(' ');
}

async function within<T>(milliseconds: number, promise: Promise<T>, late: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(late), milliseconds);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
