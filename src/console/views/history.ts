import { useEffect, useState } from 'preact/hooks';
import { adminApi, failureText } from '../browser/admin-api.ts';
import type { ServerStatus, ServerTransition } from '../model/answers.ts';

/** The states that a server went through. */
export interface History {
  /** Newest first; undefined: not read yet. */
  readonly value: readonly ServerTransition[] | undefined;
  /** Why it could not be read last; '' when it could. */
  readonly failure: string;
}

/** Reads the history of a server, again whenever its state is another one, and at every `now` while it cannot be read. */
export function useHistory({ name, state, since }: ServerStatus, now: number): History {
  const [history, setHistory] = useState<History>({ value: undefined, failure: '' });
  const attempt = history.failure === '' ? 0 : now;
  useEffect(() => {
    let isWanted = true;
    adminApi.history(name).then(
      (value) => isWanted && setHistory({ value, failure: '' }),
      (error: unknown) => isWanted && setHistory(({ value }) => ({ value, failure: failureText(error) })),
    );
    return () => {
      isWanted = false;
    };
  }, [name, state, since, attempt]);
  return history;
}
