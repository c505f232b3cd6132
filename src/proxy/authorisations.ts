import { createHash } from 'node:crypto';
import { decidesCaller } from './clean.ts';
import type { PreparedRequest } from './prepared-request.ts';

/** Longest time a caller keeps access to discovery after a server would have begun to refuse it. */
const REMEMBERED_MS = 3_000;
const MOST_CALLERS = 10_000;

/**
 * Which callers a server has let read a discovery path a moment ago. Holds digests only. Impersonation is part of the
 * key because it changes who is asking.
 */
export class Authorisations {
  readonly #until = new Map<string, number>();

  remember(caller: string, now: number): void {
    this.#until.delete(caller);
    this.#until.set(caller, now + REMEMBERED_MS);
    if (this.#until.size > MOST_CALLERS) {
      const oldest = this.#until.keys().next();
      if (!oldest.done) this.#until.delete(oldest.value);
    }
  }

  has(caller: string, now: number): boolean {
    const until = this.#until.get(caller);
    return until !== undefined && now < until;
  }
}

/** A digest of everything by which a server decides whether this request may read `path`. */
export function callerKey(path: string, { credential, fields }: PreparedRequest): string {
  const hash = createHash('sha256');
  const add = (...values: readonly string[]) => {
    for (const value of values) hash.update(`${value.length}\0${value}`);
  };
  // Lists are preceded by their length: nobody's groups must read like another's extra.
  const addAll = (values: readonly string[]) => add(String(values.length), ...values);
  add(path, credential.kind);
  if (credential.kind === 'asserted') {
    const { name, uid, groups, extra } = credential.user;
    add(name, uid);
    addAll(groups);
    add(String(extra.length));
    for (const [key, values] of extra) {
      add(key);
      addAll(values);
    }
  }
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] ?? '';
    if (decidesCaller(name)) add(name, fields[i + 1] ?? '');
  }
  return hash.digest('base64');
}
