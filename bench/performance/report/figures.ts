import { median } from '../load/quantile.ts';
import type { RequestResult, RequestRound, Result } from '../results.ts';
import type { RivalName } from '../rivals/rival.ts';

/** A median of rounds and their extremes. */
export interface Figure {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export function figure(values: readonly number[]): Figure {
  return { value: median(values), low: Math.min(...values), high: Math.max(...values) };
}

/** Of the same measurement of two rivals, round by round, as they took turns. */
export function ratio<Round>(
  ours: readonly Round[] | undefined,
  theirs: readonly Round[] | undefined,
  of: (round: Round) => number,
  ofTheirs: (round: Round) => number = of,
): Figure | undefined {
  if (ours === undefined || theirs === undefined) return undefined;
  const ratios = ours.flatMap((round, i) => {
    const other = theirs[i];
    return other === undefined ? [] : [of(round) / ofTheirs(other)];
  });
  return ratios.length === 0 ? undefined : figure(ratios);
}

/** `104 (98–120)`, or `104` of a single round. */
export function figureText({ value, low, high }: Figure, digits: number): string {
  const text = (number: number): string => number.toFixed(digits);
  return text(low) === text(high) ? text(value) : `${text(value)} (${text(low)}–${text(high)})`;
}

export function requestRounds(
  results: readonly Result[],
  load: string,
  rival: RivalName,
): readonly RequestRound[] | undefined {
  return results
    .filter((each): each is RequestResult => each.kind === 'requests')
    .find((each) => each.load === load && each.rival === rival)?.rounds;
}

/** Microseconds of processor time for one request: of what forwards, of the servers that answer, of etcd, of all. */
export interface RequestCost {
  readonly hop: number;
  readonly servers: number;
  readonly etcd: number;
  readonly all: number;
}

/** In the native feature the preferred server is what forwards. */
export function requestCost(rival: RivalName, { cpuMs, requests }: RequestRound): RequestCost {
  const each = (ms: number | undefined): number => ((ms ?? 0) / requests) * 1_000;
  const [preferred, other, etcd] = [each(cpuMs.preferred), each(cpuMs.other), each(cpuMs.etcd)];
  const hop = rival === 'native' ? preferred : each(cpuMs.proxy);
  const servers = rival === 'native' ? other : preferred + other;
  return { hop, servers, etcd, all: hop + servers + etcd };
}
