import type { Discovered } from '../client/discovery-client.ts';
import type { Measurements } from './measurements.ts';
import type { DiscoveryFindings } from './result.ts';
import { type ServedHistory, typeName } from './served-history.ts';

const EXAMPLES = 20;
const NAMED_TYPES = 4;

/** How the client asked. */
export type DiscoveryForm = 'aggregated' | 'unaggregated';

interface Seen {
  readonly types: ReadonlySet<string>;
  readonly askedAt: number;
}

/** Judges whole discovery answers by what servers served meanwhile. */
export class DiscoveryJudge {
  readonly #served: ServedHistory;
  readonly #measurements: Measurements;
  readonly #settleMs: number;
  readonly #last = new Map<DiscoveryForm, Seen>();
  readonly #unaggregated = { answers: 0, incomplete: 0, vanished: 0 };
  readonly #distinct = new Map<string, Set<string>>();
  readonly #examples: string[] = [];
  #answers = 0;
  #vanished = 0;

  constructor(served: ServedHistory, measurements: Measurements, settleMs: number) {
    this.#served = served;
    this.#measurements = measurements;
    this.#settleMs = settleMs;
  }

  /** Answers in one form are compared with each other, too. */
  judge(form: DiscoveryForm, discovered: Discovered, askedAt: number): void {
    const answeredAt = Date.now();
    const types = new Set([...discovered.resources.values()].flat().map(typeName));
    const isComplete = this.#isComplete(form, types, askedAt, answeredAt);
    const isSteady = this.#isSteady(form, types, askedAt, answeredAt);
    this.#answers += 1;
    if (!isComplete) this.#measurements.incomplete();
    if (!isSteady) this.#vanished += 1;
    if (form === 'unaggregated') {
      this.#unaggregated.answers += 1;
      if (!isComplete) this.#unaggregated.incomplete += 1;
      if (!isSteady) this.#unaggregated.vanished += 1;
    }
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
      unaggregated: this.#unaggregated,
      distinct,
      examples: this.#examples,
    };
  }

  #isComplete(form: DiscoveryForm, types: ReadonlySet<string>, askedAt: number, answeredAt: number): boolean {
    const due = this.#served.typesThroughout(askedAt - this.#settleMs, answeredAt);
    const lacking = [...due].filter((type) => !types.has(type));
    if (lacking.length > 0) this.#example(`${form}: lacks ${named(lacking)}`);
    return lacking.length === 0;
  }

  #isSteady(form: DiscoveryForm, types: ReadonlySet<string>, askedAt: number, answeredAt: number): boolean {
    const last = this.#last.get(form);
    this.#last.set(form, { types, askedAt });
    if (last === undefined) return true;
    const served = this.#served.typesThroughout(last.askedAt - this.#settleMs, answeredAt);
    const gone = [...last.types].filter((type) => !types.has(type) && served.has(type));
    if (gone.length > 0) this.#example(`${form}: ${named(gone)} vanished`);
    return gone.length === 0;
  }

  #example(text: string): void {
    const seconds = ((Date.now() - this.#measurements.startedAt) / 1000).toFixed(1);
    if (this.#examples.length < EXAMPLES) this.#examples.push(`${text} (${seconds} s)`);
  }
}

function named(types: readonly string[]): string {
  const more = types.length - NAMED_TYPES;
  return `${types.slice(0, NAMED_TYPES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
