/**
 * The life of one server on the list, as we see it (product.md section 8); what left the list is a `DepartedServer`.
 * Each state carries only what is true in it.
 */
export type ServerState =
  /** Known by configuration; nothing was tried yet. */
  | { readonly kind: 'discovered' }
  /** Asked, no verdict yet. */
  | { readonly kind: 'probing' }
  /** Healthy, and its discovery was read (or refused) since it became so. */
  | { readonly kind: 'ready'; readonly failures: number }
  /** Healthy again; its tables date from before, so it gets no requests until they are read. */
  | { readonly kind: 'confirming'; readonly successes: number }
  | { readonly kind: 'unready'; readonly successes: number; readonly condition: string }
  /** Answers, but says it is going: open requests finish, new ones go elsewhere. */
  | { readonly kind: 'draining'; readonly condition: string };

/** What was learned about a server's health. */
export type Observation =
  | { readonly kind: 'asked' }
  | { readonly kind: 'healthy' }
  /** It answered the probe with something else than 200. */
  | { readonly kind: 'refused'; readonly condition: string }
  /** It did not answer the probe. */
  | { readonly kind: 'silent'; readonly condition: string }
  /** A request found nobody listening: no second opinion is needed. */
  | { readonly kind: 'unreachable'; readonly condition: string }
  /** Its connection broke and there is a new one: a process that restarted between two probes may be another binary. */
  | { readonly kind: 'replaced' }
  | { readonly kind: 'confirmed' };

/** Consecutive probes that change the verdict. */
export interface HealthPolicy {
  readonly fall: number;
  readonly rise: number;
}

/** The state after `observation`; the same object when nothing changed. */
export function nextState(state: ServerState, observation: Observation, policy: HealthPolicy): ServerState {
  switch (observation.kind) {
    case 'asked':
      return state.kind === 'discovered' ? { kind: 'probing' } : state;
    case 'confirmed':
      return state.kind === 'confirming' ? { kind: 'ready', failures: 0 } : state;
    case 'replaced':
      return state.kind === 'ready' ? { kind: 'confirming', successes: 0 } : state;
    case 'healthy':
      return healthier(state, policy);
    case 'unreachable':
      return { kind: 'unready', successes: 0, condition: observation.condition };
    case 'refused':
      if (state.kind === 'ready' || state.kind === 'draining') {
        return { kind: 'draining', condition: observation.condition };
      }
      return { kind: 'unready', successes: 0, condition: observation.condition };
    case 'silent':
      if (state.kind === 'ready' && state.failures + 1 < policy.fall) {
        return { kind: 'ready', failures: state.failures + 1 };
      }
      return { kind: 'unready', successes: 0, condition: observation.condition };
  }
}

function healthier(state: ServerState, policy: HealthPolicy): ServerState {
  switch (state.kind) {
    case 'ready':
      return state.failures === 0 ? state : { kind: 'ready', failures: 0 };
    case 'confirming':
      return state;
    case 'discovered':
    case 'probing':
    case 'draining':
      return { kind: 'confirming', successes: 1 };
    case 'unready':
      return state.successes + 1 < policy.rise
        ? { ...state, successes: state.successes + 1 }
        : { kind: 'confirming', successes: state.successes + 1 };
  }
}

/** Whether it is known if the server can serve. */
export function isDecided(state: ServerState): boolean {
  return state.kind === 'ready' || state.kind === 'unready' || state.kind === 'draining';
}

/** Why a server in this state gets no requests; '' when it does. */
export function conditionOf(state: ServerState): string {
  switch (state.kind) {
    case 'ready':
      return '';
    case 'discovered':
    case 'probing':
      return 'not probed yet';
    case 'confirming':
      return 'healthy, its discovery is being read';
    case 'unready':
    case 'draining':
      return state.condition;
  }
}
