import { reduce } from '../model/reduce.ts';
import type { Action, ConsoleState } from '../model/state.ts';

/** The one state of the page. */
export interface Store {
  readonly state: ConsoleState;
  dispatch(action: Action): void;
  /** Returns how to stop listening. */
  subscribe(listener: () => void): () => void;
}

export function createStore(initial: ConsoleState): Store {
  let state = initial;
  const listeners = new Set<() => void>();
  return {
    get state() {
      return state;
    },
    dispatch(action) {
      const next = reduce(state, action);
      if (next === state) return;
      state = next;
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
