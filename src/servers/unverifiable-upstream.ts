import type { Upstream, UpstreamFailure } from '../wire/upstream.ts';

const FAILURE: UpstreamFailure = {
  processed: 'no',
  reason: 'refused',
  cause: 'tls',
  message:
    'there is no CA to verify it with, and nothing is ever sent to an unverified server; start the proxy with --peer-ca-file.',
};

/** Stands for a server that cannot be verified for want of a CA: never dials, fails every request with the reason. */
export const UNVERIFIABLE_UPSTREAM: Upstream = {
  request(_head, _bodyless, receiver) {
    let open = true;
    queueMicrotask(() => {
      if (open) receiver.failed(FAILURE);
    });
    return {
      body: undefined,
      reset: () => {
        open = false;
      },
    };
  },
  upgrade: () => Promise.resolve({ kind: 'failed', failure: FAILURE }),
  inFlight: 0,
  close: () => Promise.resolve(),
};
