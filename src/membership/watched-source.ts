import type { Logger } from '../observe/logger.ts';
import { Repeater } from '../servers/repeater.ts';
import type { Member, Proposal } from './member.ts';
import { type MemberSource, MOST_MEMBERS } from './member-source.ts';
import { SourceError, type SourceFailure } from './source-error.ts';

/** What is known of a source. Members stay whatever fails later. */
type SourceState =
  | { readonly kind: 'unread' }
  | { readonly kind: 'up'; readonly members: readonly Member[]; readonly answeredAt: number }
  | {
      readonly kind: 'failing';
      readonly members: readonly Member[];
      /** Of the last answer; undefined: there never was one. */
      readonly answeredAt: number | undefined;
      readonly code: SourceFailure;
      readonly reason: string;
    };

/** A source as `/status` and the metrics show it. */
export interface SourceStatus {
  readonly source: string;
  readonly up: boolean;
  /** Why it cannot be read; '' when it can. */
  readonly condition: string;
  /** How many members its last answer has. */
  readonly members: number;
  /** Age of that answer; undefined: there never was one. */
  readonly ageSeconds: number | undefined;
}

export interface WatchedSourceOptions {
  readonly source: MemberSource;
  /** From the beginning of one reading to the next. */
  readonly intervalMs: number;
  readonly logger: Logger;
  /** Milliseconds that never step back. */
  readonly clock: () => number;
  /** Its members may be others now, or it was read for the first time. */
  readonly changed: () => void;
}

const LEAST_RETRY_MS = 500;

/**
 * Reads one source again and again and keeps its last answer: a source that fails, or has nobody all of a sudden, takes no
 * server away. That is how an outage of DNS or of the API, or an object deleted by mistake, would end a control plane.
 */
export class WatchedSource {
  readonly #options: WatchedSourceOptions;
  readonly #repeater: Repeater;
  #state: SourceState = { kind: 'unread' };
  #failures = 0;
  /** What the log knows of it. */
  #said: SourceFailure | 'servers' | 'nobody' = 'servers';

  constructor(options: WatchedSourceOptions) {
    this.#options = options;
    const retry = () => Math.min(options.intervalMs, LEAST_RETRY_MS * 2 ** Math.min(10, this.#failures));
    this.#repeater = new Repeater(() => this.#read(), options.intervalMs, retry);
  }

  get name(): string {
    return this.#options.source.name;
  }

  get intervalMs(): number {
    return this.#options.intervalMs;
  }

  get proposal(): Proposal {
    const { name, kind } = this.#options.source;
    return { source: name, kind, members: this.#members };
  }

  /** It has answered, or failed for a reason of its own: that no server is ready yet says nothing. */
  get isTried(): boolean {
    const state = this.#state;
    if (state.kind === 'failing') return state.code !== 'no-server' || state.answeredAt !== undefined;
    return state.kind === 'up';
  }

  status(now: number): SourceStatus {
    const state = this.#state;
    const answeredAt = state.kind === 'unread' ? undefined : state.answeredAt;
    return {
      source: this.name,
      up: state.kind === 'up',
      condition: conditionOf(state),
      members: this.#members.length,
      ageSeconds: answeredAt === undefined ? undefined : Math.max(0, now - answeredAt) / 1000,
    };
  }

  start(): void {
    this.#repeater.start();
  }

  /** Reads it from the beginning: a reading under way may have seen what was before. */
  async again(): Promise<void> {
    await this.#repeater.again();
  }

  stop(): void {
    this.#repeater.stop();
  }

  get #members(): readonly Member[] {
    return this.#state.kind === 'unread' ? [] : this.#state.members;
  }

  async #read(): Promise<boolean> {
    const { source, clock } = this.#options;
    try {
      const members = await source.read();
      if (members.length > MOST_MEMBERS) throw tooMany(members.length);
      if (members.length === 0 && this.#members.length > 0) {
        throw new SourceError('empty', 'it has no servers any more');
      }
      this.#failures = 0;
      this.#enter({ kind: 'up', members, answeredAt: clock() });
      return true;
    } catch (error) {
      const { code, message } = error instanceof SourceError ? error : new SourceError('unanswered', String(error));
      if (code !== 'no-server') this.#failures++;
      const state = this.#state;
      const answeredAt = state.kind === 'unread' ? undefined : state.answeredAt;
      this.#enter({ kind: 'failing', members: this.#members, answeredAt, code, reason: message });
      return false;
    }
  }

  #enter(next: SourceState): void {
    this.#state = next;
    this.#say(next);
    this.#options.changed();
  }

  /** Once for each change of cause. That no server is ready is said by those who watch servers. */
  #say(state: SourceState): void {
    const { logger } = this.#options;
    const code = state.kind === 'failing' ? state.code : this.#members.length === 0 ? 'nobody' : 'servers';
    if (code === this.#said || code === 'no-server') return;
    const before = this.#said;
    this.#said = code;
    const fields = { source: this.name, servers: this.#members.length };
    if (state.kind === 'failing') {
      const message = 'a source of membership cannot be read; the servers of its last answer stay in use';
      logger.warn(message, { ...fields, reason: state.reason });
    } else if (code === 'nobody') logger.warn('a source of membership names no servers', fields);
    else if (before === 'nobody') logger.info('a source of membership names servers now', fields);
    else logger.info('a source of membership can be read again', fields);
  }
}

function conditionOf(state: SourceState): string {
  switch (state.kind) {
    case 'unread':
      return 'not read yet';
    case 'failing':
      return state.reason;
    case 'up':
      return state.members.length === 0 ? 'it answers, and names no servers' : '';
  }
}

function tooMany(count: number): SourceError {
  return new SourceError('too-many', `it has ${count} servers, more than the ${MOST_MEMBERS} that are believed`);
}
