import type { Discovered } from '../client/discovery-client.ts';
import type { Measurements } from './measurements.ts';
import type { DiscoveryFindings } from './result.ts';
import { type ServedHistory, typeName } from './served-history.ts';

const EXAMPLES = 20;
const NAMED_TYPES = 4;

interface Seen {
  readonly types: ReadonlySet<string>;
  readonly askedAt: number;
}

/** Judges whole discovery answers by what servers served meanwhile. */
export class DiscoveryJudge {
  readonly #served: ServedHistory;
  readonly #measurements: Measurements;
  readonly #settleMs: number;
  readonly #last = new Map<string, Seen>();
  readonly #distinct = new Map<string, Set<string>>();
  readonly #examples: string[] = [];
  #answers = 0;
  #vanished = 0;

  constructor(served: ServedHistory, measurements: Measurements, settleMs: number) {
    this.#served = served;
    this.#measurements = measurements;
    this.#settleMs = settleMs;
  }

  /** `series` is who asks, and in which form: answers of one series are compared with each other. */
  judge(series: string, discovered: Discovered, askedAt: number): void {
    const answeredAt = Date.now();
    const types = new Set([...discovered.resources.values()].flat().map(typeName));
    this.#answers += 1;
    this.#judgeCompleteness(series, types, askedAt, answeredAt);
    this.#judgeChange(series, types, askedAt, answeredAt);
    const phase = this.#measurements.phases.findLast(({ at }) => at <= askedAt)?.name ?? '';
    const distinct = this.#distinct.get(phase) ?? new Set();
    this.#distinct.set(phase, distinct.add([...types].sort().join()));
  }

  findings(): DiscoveryFindings {
    const { phases } = this.#measurements;
    const distinct = phases.flatMap(({ name, at }, index) => {
      const answers = this.#distinct.get(name)?.size;
      if (answers === undefined) return [];
      const until = phases[index + 1]?.at ?? Date.now();
      return [{ phase: name, answers, expected: this.#served.statesBetween(at - this.#settleMs, until) }];
    });
    return {
      answers: this.#answers,
      incomplete: this.#measurements.incompleteDiscovery,
      vanished: this.#vanished,
      distinct,
      examples: this.#examples,
    };
  }

  #judgeCompleteness(series: string, types: ReadonlySet<string>, askedAt: number, answeredAt: number): void {
    const due = this.#served.typesThroughout(askedAt - this.#settleMs, answeredAt);
    const lacking = [...due].filter((type) => !types.has(type));
    if (lacking.length === 0) return;
    this.#measurements.incomplete();
    this.#example(`${series}: lacks ${named(lacking)}`);
  }

  #judgeChange(series: string, types: ReadonlySet<string>, askedAt: number, answeredAt: number): void {
    const last = this.#last.get(series);
    this.#last.set(series, { types, askedAt });
    if (last === undefined) return;
    const served = this.#served.typesThroughout(last.askedAt, answeredAt);
    const gone = [...last.types].filter((type) => !types.has(type) && served.has(type));
    if (gone.length === 0) return;
    this.#vanished += 1;
    this.#example(`${series}: ${named(gone)} vanished`);
  }

  #example(text: string): void {
    if (this.#examples.length < EXAMPLES) this.#examples.push(text);
  }
}

function named(types: readonly string[]): string {
  const more = types.length - NAMED_TYPES;
  return `${types.slice(0, NAMED_TYPES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
