import { EXPLAINED, type MadeFault } from './fault-maker.ts';
import type { Anomaly, Report } from './load/tally.ts';

/** Connections break at the end of a fault too, and what was sent before it may still be on the way. */
const MARGIN_MS = 5_000;
/** Kept in full. */
const MAX_KEPT = 500;

/** Puts down each unusual end to the fault that explains it; what none explains is a violation. */
export class Verdicts {
  /** `KIND|PROTOCOL|OUTCOME` → how often, over the whole run. */
  readonly counts = new Map<string, number>();
  /** `OUTCOME|FAULT` → how often. */
  readonly explained = new Map<string, number>();
  readonly violations: string[] = [];
  violationCount = 0;
  bytes = 0;
  events = 0;
  readonly created: number[] = [];
  /** Creations that were answered 503 with Retry-After: none of them was executed. */
  readonly refused: number[] = [];
  readonly #faults: readonly MadeFault[];
  readonly #startedAt: number;

  readonly #report: (line: string) => void;

  /** `report` is told of each violation that is kept, when it is found. */
  constructor(faults: readonly MadeFault[], startedAt: number, report: (line: string) => void) {
    this.#faults = faults;
    this.#startedAt = startedAt;
    this.#report = report;
  }

  add({ counts, anomalies, bytes, events, created }: Report): void {
    for (const [key, count] of Object.entries(counts)) increase(this.counts, key, count);
    this.bytes += bytes;
    this.events += events;
    for (const id of created) this.created.push(id);
    for (const anomaly of anomalies) this.#judge(anomaly);
  }

  violation(what: string, at = Date.now()): void {
    this.violationCount += 1;
    if (this.violations.length >= MAX_KEPT) return;
    const violation = `${((at - this.#startedAt) / 1000).toFixed(1)} s: ${what}`;
    this.violations.push(violation);
    this.#report(`violation: ${violation}`);
  }

  #judge(anomaly: Anomaly): void {
    const { kind, protocol, outcome, id, server, detail, from, to } = anomaly;
    if (outcome === 'refused' && id !== undefined) this.refused.push(id);
    const fault = this.#faults.find((one) => explains(one, anomaly));
    if (fault !== undefined) {
      increase(this.explained, `${outcome}|${fault.kind}`, 1);
      return;
    }
    const during = this.#faults.filter((one) => one.from <= to && from <= one.to + MARGIN_MS);
    const faults = during.map((one) => `${one.server} ${one.kind}`).join('; ') || 'no fault';
    const after = ((to - from) / 1000).toFixed(2);
    const who = server === undefined ? '' : ` by ${server}`;
    this.violation(`${kind} over ${protocol}: ${outcome} after ${after} s${who} (${faults}): ${detail}`, to);
  }
}

/** By the moment at which it ended, and by the server where that is known. */
function explains(fault: MadeFault, { outcome, to, server }: Anomaly): boolean {
  if (to < fault.from || to > fault.to + MARGIN_MS) return false;
  if (server !== undefined && server !== fault.server) return false;
  return EXPLAINED[fault.kind].has(outcome);
}

function increase(counts: Map<string, number>, key: string, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}
