import { median } from '../load/quantile.ts';
import { ALONE, BUSY, LISTING, SINGLES, TITLE } from '../load/titles.ts';
import type { DecisionsResult, Result, UpgradeResult, WatchResult } from '../results.ts';
import type { RivalName } from '../rivals/rival.ts';
import { type Figure, figure, ratio, requestCost, requestRounds } from './figures.ts';

/** What was to be reached, and what was. */
export interface Goal {
  readonly what: string;
  /** With its unit where it is no ratio: `KiB`. */
  readonly unit: string;
  readonly atMost: number;
  readonly digits: number;
  /** Nothing was measured of it: undefined. */
  readonly reached: Figure | undefined;
}

const WATCHES = { h2: 10_000, 'http/1.1': 1_000 } as const;
const TYPES = 5_000;
const SERVERS = 100;
const MOST_SERVERS = 500;
/** What repeated measurements of the same differ by. */
const NO_GROWTH = 1.25;

/** Every goal, by what was measured. */
export function goals(results: readonly Result[]): readonly Goal[] {
  const cpu = (load: string, rival: RivalName): Figure | undefined =>
    ratio(
      requestRounds(results, load, 'own'),
      requestRounds(results, load, rival),
      (round) => requestCost('own', round).hop,
    );
  const forwarded = [BUSY, SINGLES, ALONE].map((shape) => TITLE.forwarded(shape));
  const [busy = '', singles = '', alone = ''] = forwarded;
  const inBusy = 'c=4 m=10';
  return [
    goal(`processor time of our hop / of native’s, forwarded GET, ${inBusy}`, 0.15, hopAgainstNative(results, busy)),
    ...forwarded.map((load) =>
      goal(`processor time of the whole system / with native, ${load}`, 0.45, systemAgainstNative(results, load)),
    ),
    ...forwarded.flatMap((load) => [
      goal(`p50 / native’s, ${load}`, 0.45, latencyAgainstNative(results, load, 'p50Ms')),
      goal(`p99 / native’s, ${load}`, 0.6, latencyAgainstNative(results, load, 'p99Ms')),
    ]),
    goal(`processor time / nginx’s, ${busy}`, 1, cpu(busy, 'nginx')),
    goal(`processor time / haproxy’s, ${busy}`, 1.3, cpu(busy, 'haproxy')),
    ...[singles, alone].flatMap((load) => [
      goal(`processor time / nginx’s, ${load}`, 1.15, cpu(load, 'nginx')),
      goal(`processor time / haproxy’s, ${load}`, 1.15, cpu(load, 'haproxy')),
    ]),
    addedLatency(results),
    goal(`processor time / haproxy’s, ${TITLE.large(BUSY)}`, 1, cpu(TITLE.large(BUSY), 'haproxy')),
    goal(`processor time / nginx’s, ${TITLE.list(100, LISTING)}`, 1.1, cpu(TITLE.list(100, LISTING), 'nginx')),
    goal(
      'processor time / kube-apiserver’s, merged discovery, gzip',
      0.06,
      hopAgainstNative(results, TITLE.discoveryGzip),
    ),
    goal(
      'processor time / kube-apiserver’s, merged discovery, not modified',
      0.05,
      hopAgainstNative(results, TITLE.discoveryUnchanged),
    ),
    memory(results, 'h2', 6),
    memory(results, 'http/1.1', 60),
    lastDelivery(results),
    ...(['down', 'up'] as const).map((direction) =>
      goal(
        `processor time per MiB / nginx’s, stream after a switch, ${direction}`,
        1,
        upgradeAgainstNginx(results, direction),
      ),
    ),
    ...decisions(results),
  ];
}

function goal(what: string, atMost: number, reached: Figure | undefined, unit = '', digits = 2): Goal {
  return { what, unit, atMost, digits, reached };
}

function hopAgainstNative(results: readonly Result[], load: string): Figure | undefined {
  const [ours, theirs] = [requestRounds(results, load, 'own'), requestRounds(results, load, 'native')];
  return ratio(
    ours,
    theirs,
    (round) => requestCost('own', round).hop,
    (round) => requestCost('native', round).hop,
  );
}

function systemAgainstNative(results: readonly Result[], load: string): Figure | undefined {
  const [ours, theirs] = [requestRounds(results, load, 'own'), requestRounds(results, load, 'native')];
  return ratio(
    ours,
    theirs,
    (round) => requestCost('own', round).all,
    (round) => requestCost('native', round).all,
  );
}

function latencyAgainstNative(results: readonly Result[], load: string, which: 'p50Ms' | 'p99Ms'): Figure | undefined {
  return ratio(requestRounds(results, load, 'own'), requestRounds(results, load, 'native'), (round) => round[which]);
}

/** The bound is what haproxy adds in the same rounds. */
function addedLatency(results: readonly Result[]): Goal {
  const load = TITLE.preferred(ALONE);
  const direct = requestRounds(results, load, 'direct') ?? [];
  const added = (rival: RivalName): Figure | undefined => {
    const rounds = requestRounds(results, load, rival);
    if (rounds === undefined || direct.length === 0) return undefined;
    return figure(rounds.map(({ p50Ms }, i) => p50Ms - (direct[i]?.p50Ms ?? Number.NaN)));
  };
  const bound = added('haproxy')?.value ?? Number.NaN;
  return goal(`added p50, ${load} (bound: what haproxy adds)`, bound, added('own'), ' ms', 3);
}

function watchRounds(
  results: readonly Result[],
  protocol: WatchResult['protocol'],
  rival: RivalName,
): WatchResult | undefined {
  return results
    .filter((each): each is WatchResult => each.kind === 'watches')
    .find((each) => each.protocol === protocol && each.rival === rival);
}

function memory(results: readonly Result[], protocol: WatchResult['protocol'], atMost: number): Goal {
  const found = watchRounds(results, protocol, 'own');
  const reached =
    found === undefined ? undefined : figure(found.rounds.map(({ bytes }) => bytes / found.watches / 1_024));
  const watches = (found?.watches ?? WATCHES[protocol]).toLocaleString('en');
  return goal(`memory per watch after events, ${watches} watches, ${protocol}`, atMost, reached, ' KiB', 1);
}

/** Of the events after the first, for which code is compiled and memory is asked for. */
function lastDelivery(results: readonly Result[]): Goal {
  const [ours, direct] = [watchRounds(results, 'h2', 'own'), watchRounds(results, 'h2', 'direct')];
  const reached = ratio(ours?.rounds, direct?.rounds, ({ lastMs }) => median(lastMs.slice(1)));
  const watches = (ours?.watches ?? WATCHES.h2).toLocaleString('en');
  return goal(`last delivery of one event / direct, ${watches} watches, h2`, 1.3, reached);
}

function upgradeAgainstNginx(results: readonly Result[], direction: UpgradeResult['direction']): Figure | undefined {
  const of = (rival: RivalName) =>
    results
      .filter((each): each is UpgradeResult => each.kind === 'upgrade')
      .find((each) => each.direction === direction && each.rival === rival)?.rounds;
  return ratio(of('own'), of('nginx'), ({ cpuMs, mebibytes }) => cpuMs / mebibytes);
}

function decisions(results: readonly Result[]): readonly Goal[] {
  const found = results.find((each): each is DecisionsResult => each.kind === 'decisions')?.decisions ?? [];
  const of = (servers: number) => found.find((each) => each.servers === servers && each.types === TYPES);
  const [at, most] = [of(SERVERS), of(MOST_SERVERS)];
  const slowest = at === undefined ? undefined : Math.max(at.preferredNs, at.peerNs, at.nobodyNs);
  const growth = at === undefined || most === undefined ? undefined : most.peerNs / at.peerNs;
  const one = (value: number | undefined): Figure | undefined => (value === undefined ? undefined : figure([value]));
  return [
    goal(`routing decision, ${TYPES.toLocaleString('en')} types × ${SERVERS} servers`, 300, one(slowest), ' ns', 0),
    goal(
      `the same, ${MOST_SERVERS} servers / ${SERVERS} servers (no growth, within what repeats differ by)`,
      NO_GROWTH,
      one(growth),
    ),
  ];
}
