import type { Upstream, UpstreamFailure } from '../wire/upstream.ts';

/** Stands for a server that must not be dialled: every request fails with the reason. */
function failingUpstream(failure: UpstreamFailure): Upstream {
  return {
    request(_head, _bodyless, receiver) {
      let open = true;
      queueMicrotask(() => {
        if (open) receiver.failed(failure);
      });
      return {
        body: undefined,
        reset: () => {
          open = false;
        },
      };
    },
    upgrade: () => Promise.resolve({ kind: 'failed', failure }),
    inFlight: 0,
    received: 0,
    suspect: () => {},
    turnAway: () => {},
    close: () => Promise.resolve(),
  };
}

/** A server that cannot be verified for want of a CA. */
export const UNVERIFIABLE_UPSTREAM = failingUpstream({
  processed: 'no',
  reason: 'refused',
  cause: 'tls',
  message:
    'there is no CA to verify it with, and nothing is ever sent to an unverified server; start the proxy with --peer-ca-file.',
});

/** A server that membership dropped. No decision names it, so that this message is for a defect. */
export const DEPARTED_UPSTREAM = failingUpstream({
  processed: 'no',
  reason: 'refused',
  cause: 'connect',
  message: 'it is no longer among the servers of the control plane.',
});
