import type { Path } from './path.ts';
import type { Settings } from './schema.ts';
import { serverEndpoints } from './server-endpoints.ts';
import type { Violation } from './violation.ts';

const at = (key: string): Path => ['publishing', key];

/** What publishing needs besides its own section, and what in it has no effect without the rest. */
export function* publishingViolations(settings: Settings): Generator<Violation> {
  const { publishing, peers, authentication, serving } = settings;
  yield* certificatePair(settings);
  if (publishing.etcdServers.length === 0) {
    for (const key of ['advertiseIP', 'advertisePort', 'leaseName', 'etcdCaFile', 'etcdCertFile'] as const) {
      if (publishing[key] === undefined) continue;
      yield {
        paths: [at(key), at('etcdServers')],
        message: 'has no effect without etcd; give --etcd-servers (publishing.etcdServers) too',
      };
    }
    return;
  }
  for (const url of publishing.etcdServers) {
    if (url.startsWith('http:') && !isLoopback(url)) {
      yield {
        paths: [at('etcdServers')],
        message: `contains ${url}: etcd holds every Secret of the cluster, so it is spoken to without TLS on loopback only; use https`,
      };
    }
  }
  if (publishing.etcdServers.some((url) => url.startsWith('https:')) && publishing.etcdCaFile === undefined) {
    yield {
      paths: [at('etcdCaFile'), at('etcdServers')],
      message: 'is required for https; give --etcd-cafile (publishing.etcdCaFile), the CA of the etcd servers',
    };
  }
  if (publishing.advertiseIP === undefined) {
    yield {
      paths: [at('advertiseIP'), at('etcdServers')],
      message:
        'is required: give --peer-advertise-ip (publishing.advertiseIP), the address under which the other API servers reach this proxy',
    };
  }
  if (publishing.advertisePort === undefined && serving.securePort === 0) {
    yield {
      paths: [at('advertisePort'), ['serving', 'securePort']],
      message:
        'is required because the proxy serves on any free port; give --peer-advertise-port or a fixed --secure-port',
    };
  }
  if (serverEndpoints(settings).filter(({ local }) => settings.localServer === undefined || local).length !== 1) {
    yield {
      paths: [at('etcdServers'), ['localServer'], ['servers']],
      message:
        'needs one server: other API servers take this proxy for a single server and are told what that one serves; give --local-server (localServer), or list one server only',
    };
  }
  if (authentication.requestHeader.clientCAFile === undefined) {
    yield {
      paths: [at('etcdServers'), ['authentication', 'requestHeader', 'clientCAFile']],
      message:
        'needs --requestheader-client-ca-file (authentication.requestHeader.clientCAFile): the users that other API servers assert would not be believed, and every request of theirs would be answered 401',
    };
  }
  if (peers.caFile === undefined || peers.proxyClientCertFile === undefined) {
    yield {
      paths: [at('etcdServers'), ['peers', 'caFile'], ['peers', 'proxyClientCertFile']],
      message:
        'needs --peer-ca-file and --proxy-client-cert-file (peers.caFile, peers.proxyClientCertFile): without them the users that other API servers assert cannot be asserted to the server behind this proxy',
    };
  }
}

function* certificatePair({ publishing: { etcdCertFile, etcdKeyFile } }: Settings): Generator<Violation> {
  if ((etcdCertFile === undefined) === (etcdKeyFile === undefined)) return;
  yield etcdKeyFile === undefined
    ? {
        paths: [at('etcdCertFile')],
        message: 'is given without its private key; give --etcd-keyfile (publishing.etcdKeyFile) too',
      }
    : {
        paths: [at('etcdKeyFile')],
        message: 'is given without its certificate; give --etcd-certfile (publishing.etcdCertFile) too',
      };
}

function isLoopback(url: string): boolean {
  return /^(localhost|127[.]\d+[.]\d+[.]\d+|\[::1\])$/.test(new URL(url).hostname);
}
