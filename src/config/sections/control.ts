import { z } from 'zod';
import { ACCESS_LOG_MODES } from '../../observe/journal/access-log.ts';
import { field, seconds } from '../field.ts';

export const discovery = field(
  z
    .strictObject({
      intervalSeconds: field(seconds(0.01).default(2), {
        flag: 'discovery-interval-seconds',
        argument: 'SECONDS',
        description:
          'Pause between two discovery fetches of one server. Unchanged documents answer 304, so a short interval is cheap; make it longer only for servers far away.',
      }),
      watch: field(z.boolean().default(true), {
        flag: 'discovery-watch',
        description:
          'Watches CustomResourceDefinitions, APIServices, API server Leases and the kubernetes EndpointSlice at each server, so that changes are merged at once. deploy/rbac.yaml grants what it takes; what a server does not let us watch is noticed at the next fetch. Turn it off only where such watches are not wanted.',
      }),
      timeoutSeconds: field(seconds(0.01).default(5), {
        flag: 'discovery-timeout-seconds',
        argument: 'SECONDS',
        description:
          'How long one discovery fetch may take. A fetch that fails removes nothing; the last good document stays. Raise it for servers with thousands of resource types.',
      }),
      staleAfterSeconds: field(seconds(0.01).default(10), {
        flag: 'discovery-stale-after-seconds',
        argument: 'SECONDS',
        description:
          'Age at which the group-versions of a server that cannot be fetched are marked Stale, unless a ready server confirms them. Must be longer than the interval.',
      }),
      expireAfterSeconds: field(seconds(0).default(0), {
        flag: 'discovery-expire-after-seconds',
        argument: 'SECONDS',
        description:
          'How long after its last reading a listed server that is not ready is forgotten, with all types that only it served. 0 never forgets: what it served stays listed as Stale and is answered 503 until it is back or taken off the list. Set it where servers die for good without anybody changing the list.',
      }),
      freshnessWindowSeconds: field(seconds(0).default(0), {
        description:
          'Age up to which discovery is believed when nobody seems to serve a resource. Older discovery is fetched again before the client is told that the resource does not exist. 0 believes none, so that a resource type can be used as soon as it was created; raise it only where clients ask for missing types all the time and servers are far away.',
      }),
      refreshSpacingSeconds: field(seconds(0.01).default(0.2), {
        description:
          'Pause between two fetches of discovery that requests cause. All requests that arrive in between share the next one, and wait for it a second at most, so that a flood of requests for missing types cannot burden the servers.',
      }),
      maxBytes: field(z.int().min(1024).default(16_777_216), {
        description:
          'Largest discovery document accepted from a server, in bytes, compressed or not. It bounds memory against a broken or hostile server and has room for about 25 000 resource types; raise it if discovery fails because a document is larger.',
      }),
    })
    .prefault({}),
  { title: 'Discovery', description: 'How the proxy learns what each server serves.' },
);

export const health = field(
  z
    .strictObject({
      intervalSeconds: field(seconds(0.01).default(1), {
        flag: 'health-interval-seconds',
        argument: 'SECONDS',
        description:
          'Pause between two health checks of one server; a quarter of a second at most while they fail. A hung server is left after interval + (fall - 1) × timeout / 2 + timeout at most.',
      }),
      timeoutSeconds: field(seconds(0.01).default(1), {
        flag: 'health-timeout-seconds',
        argument: 'SECONDS',
        description:
          'How long one health check may take; the next one begins after half of it. Also how long a connection to a server that does not answer may be silent. Raise it when busy or far servers are taken for dead.',
      }),
      fall: field(z.int().min(1).max(100).default(2), {
        flag: 'health-fall',
        argument: 'COUNT',
        description:
          'Unanswered checks in a row after which a server gets no new requests. An answer other than 200, and a request that finds the connection refused, count at once whatever this says.',
      }),
      rise: field(z.int().min(1).max(100).default(1), {
        flag: 'health-rise',
        argument: 'COUNT',
        description: 'Passed checks in a row after which a server gets requests again. Raise it for servers that flap.',
      }),
      path: field(
        z
          .string()
          .regex(/^\/[!-~]*$/, 'must begin with / and contain no spaces')
          .default('/readyz'),
        {
          flag: 'health-path',
          argument: 'PATH',
          description:
            'Path of the health check; 200 means ready. /readyz fails while a kube-apiserver shuts down, which is what lets it drain; change it only for servers that do not have it.',
        },
      ),
    })
    .prefault({}),
  { title: 'Health', description: 'How the proxy learns which servers are ready.' },
);

export const routing = field(
  z
    .strictObject({
      departureGraceSeconds: field(seconds(0).default(300), {
        flag: 'departure-grace-seconds',
        argument: 'SECONDS',
        description:
          'How long the types of a server that left the list, and built-in types that a server restarted without, stay listed, as Stale, and are answered 503 with Retry-After where no other server has them; and how long after the start of the proxy a type that nobody lists is answered so while a listed server has not been seen yet. Make it longer than the slowest restart of a server.',
      }),
      retryBudgetPercent: field(z.number().min(0).max(100).default(10), {
        flag: 'retry-budget-percent',
        argument: 'PERCENT',
        description:
          'Repetitions on another server after a failure, as a percentage of all requests, so that a failing control plane is not flooded. What no server took up moves without it, and so do, once, the reads under way on a server that ends. 0: only what no server took up is repeated.',
      }),
      clientVersionAffinity: field(z.boolean().default(true), {
        flag: 'client-version-affinity',
        description:
          'Whether kubelet, kube-controller-manager, kube-scheduler, kube-proxy and kubectl of v1.N, by their User-Agent, prefer ready servers that are not older: an older one may not know fields and selectors that they send. Where none is ready they get the newest. Only without a local server.',
      }),
      writes: field(z.enum(['any', 'newest', 'oldest']).default('any'), {
        flag: 'writes',
        argument: 'any|newest|oldest',
        description:
          'Which of the ready servers that serve a resource get requests that change it. any: the preferred server of the client. newest: those of the newest version, so that no older server drops fields that it does not know when it rewrites an object. oldest: those of the oldest, so that nothing is stored that could not be read after going back. Not allowed with a local server.',
      }),
      rebalanceSeconds: field(seconds(0).default(300), {
        flag: 'rebalance-seconds',
        argument: 'SECONDS',
        description:
          'Least time between two looks at whether the preferred server of a client connection has more than twice as many open requests as another one, as after a restart; new requests of some connections then go to the other, and open watches stay. 0 never moves a client. Only without a local server.',
      }),
    })
    .prefault({}),
  { title: 'Routing', description: 'Which server a request goes to when servers differ or fail.' },
);

export const shutdown = field(
  z
    .strictObject({
      delaySeconds: field(seconds(0).default(5), {
        flag: 'shutdown-delay-duration',
        argument: 'DURATION',
        duration: true,
        description:
          'How long the proxy goes on serving after SIGTERM while /readyz already fails. Make it longer than the time balancers take to notice, or new connections are refused in between; 0 where nothing asks for readiness. A server of Kubernetes has 0 by default.',
      }),
      watchTerminationSeconds: field(seconds(0).default(10), {
        flag: 'shutdown-watch-termination-grace-period',
        argument: 'DURATION',
        duration: true,
        description:
          'Window after that delay in which watches are ended one after the other, cleanly, so that their clients resume elsewhere and not all at once. It takes nine tenths of drainSeconds at most; with 0 they are cut off at the end of the drain. Make it longer for thousands of clients.',
      }),
      drainSeconds: field(seconds(0).default(20), {
        flag: 'shutdown-drain-seconds',
        argument: 'SECONDS',
        description:
          'How long requests in progress may go on after the delay; then exec, attach, port-forward, logs and whatever else is left are cut off. Keep it and the delay together below the terminationGracePeriodSeconds of the pod (30 by default).',
      }),
    })
    .prefault({}),
  { title: 'Shutdown', description: 'How the proxy ends without failing requests.' },
);

export const logging = field(
  z
    .strictObject({
      verbosity: field(z.int().min(0).max(10).default(0), {
        flag: 'v',
        shortFlag: 'v',
        argument: 'LEVEL',
        description:
          'Log verbosity. 0 logs what operators need; 4 and more add details for finding a fault. The log goes to standard error, as JSON unless that is a terminal.',
      }),
      accessLog: field(z.enum(ACCESS_LOG_MODES).default('none'), {
        flag: 'access-log',
        argument: 'WHICH',
        description:
          'Which requests get a line in the log: none, notable or all. Notable are those that went to a peer, were sent again, met an unexpected 404, waited for a type, or were answered by an error of ours. Lines have no query strings, tokens or names of Secrets. Turn all on where an audit of every request is wanted here and not only at the servers; under heavy load lines are left out rather than requests delayed.',
      }),
    })
    .prefault({}),
  { title: 'Logging', description: 'What is written to the log.' },
);
