import { createHash } from 'node:crypto';
import type { Credential } from '../identity/credential.ts';
import { type Fields, withoutFields } from '../wire/fields.ts';
import { decidesCaller } from './clean.ts';
import type { KnownCaller } from './client-state.ts';
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

/**
 * Stands for everything by which a server decides whether this request may read `path`. Clients say the same with every
 * request, so that it is digested once, and then compared with what it was made of.
 */
export function callerKey(path: string, { credential, client, fields }: PreparedRequest): string {
  if (client.caller === undefined || !isCaller(client.caller, credential, fields)) {
    client.caller = callerOf(credential, fields);
  }
  return `${client.caller.digest} ${path}`;
}

function isCaller(known: KnownCaller, credential: Credential, fields: Fields): boolean {
  if (known.credential.kind !== credential.kind) return false;
  // The user of a certificate is one object for all of its connection; whom a front proxy states is digested each time.
  if (credential.kind === 'asserted' && known.credential !== credential) return false;
  let at = 0;
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] ?? '';
    if (!decidesCaller(name)) continue;
    if (known.fields[at] !== name || known.fields[at + 1] !== fields[i + 1]) return false;
    at += 2;
  }
  return at === known.fields.length;
}

function callerOf(credential: Credential, fields: Fields): KnownCaller {
  const hash = createHash('sha256');
  const add = (...values: readonly string[]) => {
    for (const value of values) hash.update(`${value.length}\0${value}`);
  };
  // Lists are preceded by their length: nobody's groups must read like another's extra.
  const addAll = (values: readonly string[]) => add(String(values.length), ...values);
  add(credential.kind);
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
  const deciding = withoutFields(fields, (name) => !decidesCaller(name));
  add(...deciding);
  return { credential, fields: deciding, digest: hash.digest('base64') };
}
