import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { conditionOf, isDecided, nextState, type Observation, type ServerState } from './server-state.ts';

const POLICY = { fall: 2, rise: 2 };
const WHY = { condition: 'why' };

const STATES = {
  discovered: { kind: 'discovered' },
  probing: { kind: 'probing' },
  ready: { kind: 'ready', failures: 0 },
  'ready after a failure': { kind: 'ready', failures: 1 },
  confirming: { kind: 'confirming', successes: 1 },
  unready: { kind: 'unready', successes: 0, condition: 'before' },
  'unready after a success': { kind: 'unready', successes: 1, condition: 'before' },
  draining: { kind: 'draining', condition: 'before' },
} as const satisfies Record<string, ServerState>;
type Name = keyof typeof STATES;

const OBSERVATIONS = {
  asked: { kind: 'asked' },
  healthy: { kind: 'healthy' },
  refused: { kind: 'refused', ...WHY },
  silent: { kind: 'silent', ...WHY },
  unreachable: { kind: 'unreachable', ...WHY },
  confirmed: { kind: 'confirmed' },
} as const satisfies Record<string, Observation>;

const OUT: ServerState = { kind: 'unready', successes: 0, ...WHY };
const DRAINING: ServerState = { kind: 'draining', ...WHY };
const CONFIRMING: ServerState = { kind: 'confirming', successes: 1 };

/** What is not in the row stays as it is. With `fall` and `rise` 2. */
const TRANSITIONS: Readonly<Record<Name, Partial<Record<keyof typeof OBSERVATIONS, ServerState>>>> = {
  discovered: {
    asked: { kind: 'probing' },
    healthy: CONFIRMING,
    refused: OUT,
    silent: OUT,
    unreachable: OUT,
  },
  probing: { healthy: CONFIRMING, refused: OUT, silent: OUT, unreachable: OUT },
  ready: { refused: DRAINING, silent: { kind: 'ready', failures: 1 }, unreachable: OUT },
  'ready after a failure': {
    healthy: { kind: 'ready', failures: 0 },
    refused: DRAINING,
    silent: OUT,
    unreachable: OUT,
  },
  confirming: { confirmed: { kind: 'ready', failures: 0 }, refused: OUT, silent: OUT, unreachable: OUT },
  unready: {
    healthy: { kind: 'unready', successes: 1, condition: 'before' },
    refused: OUT,
    silent: OUT,
    unreachable: OUT,
  },
  'unready after a success': {
    healthy: { kind: 'confirming', successes: 2 },
    refused: OUT,
    silent: OUT,
    unreachable: OUT,
  },
  draining: { healthy: CONFIRMING, refused: DRAINING, silent: OUT, unreachable: OUT },
};

for (const [name, state] of Object.entries(STATES)) {
  for (const [seen, observation] of Object.entries(OBSERVATIONS)) {
    const expected = TRANSITIONS[name as Name][seen as keyof typeof OBSERVATIONS];
    test(`${name}, ${seen}: ${expected === undefined ? 'stays' : JSON.stringify(expected)}`, () => {
      const next = nextState(state, observation, POLICY);
      if (expected === undefined) assert.equal(next, state);
      else assert.deepEqual(next, expected);
    });
  }
}

test('a server goes out after as many silent probes as the policy says, and not after one less', () => {
  for (const fall of [1, 2, 3, 10]) {
    let state: ServerState = STATES.ready;
    for (let probe = 1; probe < fall; probe++) {
      state = nextState(state, OBSERVATIONS.silent, { fall, rise: 1 });
      assert.equal(state.kind, 'ready');
    }
    assert.equal(nextState(state, OBSERVATIONS.silent, { fall, rise: 1 }).kind, 'unready');
  }
});

test('a server comes back after as many passed probes as the policy says, once its tables were read', () => {
  for (const rise of [1, 2, 3, 10]) {
    let state: ServerState = OUT;
    for (let probe = 1; probe < rise; probe++) {
      state = nextState(state, OBSERVATIONS.healthy, { fall: 2, rise });
      assert.equal(state.kind, 'unready');
    }
    state = nextState(state, OBSERVATIONS.healthy, { fall: 2, rise });
    assert.equal(state.kind, 'confirming');
    assert.equal(nextState(state, OBSERVATIONS.confirmed, { fall: 2, rise }).kind, 'ready');
  }
});

test('failures and successes count in a row only', () => {
  const policy = { fall: 2, rise: 2 };
  const after = (state: ServerState, ...seen: readonly (keyof typeof OBSERVATIONS)[]) =>
    seen.reduce<ServerState>((current, name) => nextState(current, OBSERVATIONS[name], policy), state);
  assert.equal(after(STATES.ready, 'silent', 'healthy', 'silent', 'healthy', 'silent').kind, 'ready');
  assert.equal(after(OUT, 'healthy', 'silent', 'healthy', 'refused', 'healthy').kind, 'unready');
});

const observation = fc.constantFrom(...Object.values(OBSERVATIONS));

test('no server becomes ready but from confirming, and nobody is ready and has a condition', () => {
  const policy = fc.record({ fall: fc.integer({ min: 1, max: 3 }), rise: fc.integer({ min: 1, max: 3 }) });
  fc.assert(
    fc.property(fc.array(observation, { maxLength: 30 }), policy, (seen, limits) => {
      let state: ServerState = { kind: 'discovered' };
      for (const one of seen) {
        const next = nextState(state, one, limits);
        if (next.kind === 'ready' && state.kind !== 'ready')
          assert.deepEqual([state.kind, one.kind], ['confirming', 'confirmed']);
        assert.equal(conditionOf(next) === '', next.kind === 'ready');
        assert.equal(isDecided(next), ['ready', 'unready', 'draining'].includes(next.kind));
        state = next;
      }
    }),
  );
});

test('the condition is that of the last bad probe', () => {
  assert.equal(conditionOf(OUT), 'why');
  assert.equal(conditionOf(DRAINING), 'why');
});
