import type { GroupVersionResource } from '../api-object.ts';
import { asClientError } from '../client/client-error.ts';
import { type Controllers, type ControllersOptions, startControllers } from '../controllers/controllers.ts';
import type { Front } from '../front/front.ts';
import type { LabPlane } from '../plane/lab-plane.ts';
import type { RehearsalBounds } from './bounds.ts';
import { DiscoveryJudge } from './discovery-judge.ts';
import { type FinalFindings, finalFindings, NO_FINDINGS } from './final-findings.ts';
import { Measurements } from './measurements.ts';
import { seededRandom } from './random.ts';
import type { ColumnResult, RehearsalProgress, Wrong404 } from './result.ts';
import { Scenario } from './scenario.ts';
import { ServedHistory } from './served-history.ts';
import { Stage } from './stage.ts';

/** One way to front the servers. */
export interface RehearsalColumn {
  readonly name: string;
  /** Repeats rounds until damage shows, within `bounds.maxRounds`; the other columns then run as many. */
  readonly untilHarm: boolean;
  /** One server for each of `versions`; `upgrades` are started later. */
  startPlane(versions: readonly string[], upgrades: readonly string[]): Promise<LabPlane>;
  startFront(plane: LabPlane): Promise<Front>;
  /** Other controllers than the lab's own, such as a real kube-controller-manager. Called for every restart. */
  startControllers?(plane: LabPlane, options: ControllersOptions): Promise<Controllers>;
}

export interface ColumnRunOptions {
  readonly column: RehearsalColumn;
  readonly from: string;
  readonly to: string;
  readonly seed: number;
  readonly bounds: RehearsalBounds;
  readonly wrong404?: Wrong404 | undefined;
  /** Rounds in the first phase of mixed versions. */
  readonly firstRounds: number;
  readonly onProgress: (progress: RehearsalProgress) => void;
  readonly signal: AbortSignal;
}

export interface ColumnRun {
  readonly result: ColumnResult;
  readonly firstRounds: number;
  readonly skew: readonly GroupVersionResource[];
}

const PROGRESS_MS = 1000;
/** kube-controller-manager looks every 30 s; a rehearsal is shorter than an upgrade by about that factor. */
const SYNC_PERIOD_MS = 2000;
const NAMESPACE_DELAY_MS = 300;

/** Runs the scenario in one column, and takes everything down. Rejects only when plane or front cannot be started. */
export async function runColumn(options: ColumnRunOptions): Promise<ColumnRun> {
  const { column, from, to, bounds } = options;
  const plane = await column.startPlane(new Array<string>(bounds.servers).fill(from), [to]);
  try {
    const front = await column.startFront(plane);
    try {
      return await rehearseOn(plane, front, options);
    } finally {
      await front.close();
    }
  } finally {
    await plane.close();
  }
}

async function rehearseOn(plane: LabPlane, front: Front, options: ColumnRunOptions): Promise<ColumnRun> {
  const { column, to, seed, bounds, wrong404, firstRounds, onProgress, signal } = options;
  const { name, untilHarm } = column;
  const served = new ServedHistory();
  const measurements = new Measurements(served, (mark) => onProgress({ kind: 'mark', column: name, mark }));
  const random = seededRandom(seed);
  const stage = new Stage({ plane, url: front.url, bounds, random, measurements, served, stopped: signal });
  const judge = new DiscoveryJudge(served, measurements, bounds.settleMs);
  const controllers = controllersOptions(plane, front, bounds, measurements);
  const scenario = new Scenario(stage, judge, {
    to,
    firstRounds,
    untilHarm,
    wrong404,
    adminUrl: front.adminUrl,
    startControllers: async () => column.startControllers?.(plane, controllers) ?? startControllers(controllers),
  });
  const timer = setInterval(() => onProgress(countsOf(name, measurements)), PROGRESS_MS);
  let failure: string | undefined;
  let findings: FinalFindings = NO_FINDINGS;
  try {
    await scenario.run();
    findings = await finalFindings(scenario);
  } catch (error) {
    failure = signal.aborted ? 'The rehearsal was stopped.' : asClientError(error).message;
  }
  clearInterval(timer);
  onProgress(countsOf(name, measurements));
  const result: ColumnResult = {
    name,
    plane: plane.kind,
    builtIn: plane.builtIn,
    startedAt: measurements.startedAt,
    durationMs: Date.now() - measurements.startedAt,
    rounds: scenario.rounds,
    requests: measurements.requests,
    false404s: measurements.false404Findings(),
    discovery: judge.findings(),
    ...findings,
    failedRequests: measurements.failureFindings(),
    latency: measurements.latency(),
    timeline: measurements.timeline(),
    unmet: measurements.unmet,
    ...(failure !== undefined && { failure }),
  };
  await stage.close();
  await scenario.close();
  return { result, firstRounds: scenario.firstRounds, skew: scenario.skewed?.types ?? [] };
}

function controllersOptions(
  plane: LabPlane,
  { url }: Front,
  { requestMs }: RehearsalBounds,
  { record }: Measurements,
): ControllersOptions {
  return {
    url,
    ca: plane.pki.servingCa.cert,
    token: plane.adminToken,
    version: plane.servers[0]?.version,
    onRecord: record,
    syncPeriodMs: SYNC_PERIOD_MS,
    namespaceDelayMs: NAMESPACE_DELAY_MS,
    timeoutMs: requestMs,
  };
}

function countsOf(column: string, measurements: Measurements): RehearsalProgress {
  const { requests, false404s, failed, incompleteDiscovery, collected, leakedNamespaces } = measurements;
  const false404sBy = measurements.false404Counts();
  const counts = { requests, false404s, false404sBy, failed, incompleteDiscovery, collected, leakedNamespaces };
  return { kind: 'counts', column, ...counts };
}
