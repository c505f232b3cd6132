import { membershipViolations } from './membership-rules.ts';
import type { Path } from './path.ts';
import { publishingViolations } from './publishing-rules.ts';
import { routingViolations } from './routing-rules.ts';
import type { Settings } from './schema.ts';
import { LOCAL_SERVER_NAME } from './server-endpoints.ts';
import { tracingViolations } from './tracing-rules.ts';
import type { Violation } from './violation.ts';

/** Checks what the schema cannot: fields against each other. */
export function violations(settings: Settings): Violation[] {
  return [
    ...servingCertificate(settings),
    ...membershipViolations(settings),
    ...serverList(settings),
    ...proxyClientCertificate(settings),
    ...frontProxyTrust(settings),
    ...routingViolations(settings),
    ...adminListener(settings),
    ...limits(settings),
    ...publishingViolations(settings),
    ...tracingViolations(settings),
  ];
}

function* servingCertificate({ serving }: Settings): Generator<Violation> {
  const paths: Violation['paths'] = [
    ['serving', 'tlsCertFile'],
    ['serving', 'tlsPrivateKeyFile'],
  ];
  if (serving.tlsCertFile === undefined && serving.tlsPrivateKeyFile === undefined) {
    yield {
      paths,
      message:
        'is required: give --tls-cert-file and --tls-private-key-file (serving.tlsCertFile and serving.tlsPrivateKeyFile), a certificate that clients trust for the name under which they reach the proxy',
    };
  } else if (serving.tlsCertFile === undefined) {
    yield {
      paths: [['serving', 'tlsPrivateKeyFile']],
      message: 'is given without its certificate; give --tls-cert-file (serving.tlsCertFile) too',
    };
  } else if (serving.tlsPrivateKeyFile === undefined) {
    yield {
      paths: [['serving', 'tlsCertFile']],
      message: 'is given without its private key; give --tls-private-key-file (serving.tlsPrivateKeyFile) too',
    };
  }
}

function* serverList({ servers, localServer }: Settings): Generator<Violation> {
  const names = new Map<string, number>();
  const origins = new Map<string, number>();
  for (const [index, { name, url }] of servers.entries()) {
    const path: Path = ['servers', index];
    const sameName = names.get(name);
    if (sameName !== undefined) {
      yield {
        paths: [[...path, 'name']],
        message: `is also the name of server ${sameName + 1} in the list (${JSON.stringify(name)}); names must be unique`,
      };
    }
    names.set(name, sameName ?? index);
    const origin = new URL(url).origin;
    const sameOrigin = origins.get(origin);
    if (sameOrigin !== undefined) {
      yield {
        paths: [[...path, 'url']],
        message: `is also the address of server ${sameOrigin + 1} in the list (${origin}); list every server once`,
      };
    }
    origins.set(origin, sameOrigin ?? index);
  }
  const named = names.get(LOCAL_SERVER_NAME);
  if (localServer !== undefined && named !== undefined && !origins.has(new URL(localServer).origin)) {
    yield {
      paths: [['servers', named, 'name'], ['localServer']],
      message: `is the name of the local server (${localServer}), which is not in the list; rename this one or list the local server`,
    };
  }
}

function* proxyClientCertificate({ peers }: Settings): Generator<Violation> {
  if (peers.proxyClientCertFile !== undefined && peers.proxyClientKeyFile === undefined) {
    yield {
      paths: [['peers', 'proxyClientCertFile']],
      message: 'is given without its private key; give --proxy-client-key-file (peers.proxyClientKeyFile) too',
    };
  }
  if (peers.proxyClientCertFile === undefined && peers.proxyClientKeyFile !== undefined) {
    yield {
      paths: [['peers', 'proxyClientKeyFile']],
      message: 'is given without its certificate; give --proxy-client-cert-file (peers.proxyClientCertFile) too',
    };
  }
}

function* frontProxyTrust({ authentication: { clientCAFile, requestHeader } }: Settings): Generator<Violation> {
  if (requestHeader.clientCAFile === undefined && requestHeader.allowedNames.length > 0) {
    yield {
      paths: [
        ['authentication', 'requestHeader', 'allowedNames'],
        ['authentication', 'requestHeader', 'clientCAFile'],
      ],
      message:
        'has no effect without the CA that signs those names; give --requestheader-client-ca-file (authentication.requestHeader.clientCAFile) too',
    };
  }
  if (
    requestHeader.clientCAFile !== undefined &&
    requestHeader.clientCAFile === clientCAFile &&
    requestHeader.allowedNames.length === 0
  ) {
    yield {
      paths: [
        ['authentication', 'requestHeader', 'clientCAFile'],
        ['authentication', 'clientCAFile'],
        ['authentication', 'requestHeader', 'allowedNames'],
      ],
      message:
        'is also the CA of ordinary clients, so that every user with a certificate could act as any other user; use a CA of its own, or name the front proxies with --requestheader-allowed-names (authentication.requestHeader.allowedNames)',
    };
  }
}

function* adminListener(settings: Settings): Generator<Violation> {
  const { admin, serving } = settings;
  if (!admin.enabled) return;
  if (admin.clientCAFile === undefined && !isLoopback(admin.bindAddress)) {
    yield {
      paths: [
        ['admin', 'bindAddress'],
        ['admin', 'clientCAFile'],
      ],
      message: `is no loopback address (${admin.bindAddress}), where everybody who reaches the admin listener could read it; give --admin-client-ca-file (admin.clientCAFile) too, so that callers need a certificate of that CA, or an address such as 127.0.0.1`,
    };
  }
  if (admin.clientCAFile === undefined && admin.allowedNames.length > 0) {
    yield {
      paths: [
        ['admin', 'allowedNames'],
        ['admin', 'clientCAFile'],
      ],
      message:
        'has no effect without a CA whose certificates have those names; give --admin-client-ca-file (admin.clientCAFile) too',
    };
  }
  const sharesAddress = [admin.bindAddress, '0.0.0.0', '::'].includes(serving.bindAddress);
  if (admin.port !== 0 && admin.port === serving.securePort && sharesAddress) {
    yield {
      paths: [
        ['admin', 'port'],
        ['serving', 'securePort'],
      ],
      message: `is also the port on which clients are served (${admin.port}); give the admin listener another one`,
    };
  } else if (admin.port !== 0 && serving.workers > 0) {
    yield* workersAdminPorts(settings, sharesAddress);
  }
}

/** The admin listeners of workers take one port each, from `admin.port` on. */
function* workersAdminPorts({ admin, serving }: Settings, sharesAddress: boolean): Generator<Violation> {
  const last = admin.port + serving.workers - 1;
  const range = `each worker has an admin port of its own, here ${admin.port} to ${last}`;
  const paths: Violation['paths'] = [
    ['admin', 'port'],
    ['serving', 'workers'],
    ['serving', 'securePort'],
  ];
  if (last > 65_535) {
    yield { paths, message: `is too high for ${serving.workers} workers: ${range}; give a lower one` };
  } else if (sharesAddress && serving.securePort > admin.port && serving.securePort <= last) {
    yield {
      paths,
      message: `is too near the port on which clients are served (${serving.securePort}): ${range}; give the admin listener another one`,
    };
  }
}

function* limits({ discovery, limits: { replayBytesPerRequest, replayBytesTotal } }: Settings): Generator<Violation> {
  if (discovery.staleAfterSeconds <= discovery.intervalSeconds) {
    yield {
      paths: [
        ['discovery', 'staleAfterSeconds'],
        ['discovery', 'intervalSeconds'],
      ],
      message: `must be longer than discovery.intervalSeconds (${discovery.intervalSeconds}), not ${discovery.staleAfterSeconds}: everything would be stale between two fetches`,
    };
  }
  if (replayBytesPerRequest > replayBytesTotal) {
    yield {
      paths: [
        ['limits', 'replayBytesPerRequest'],
        ['limits', 'replayBytesTotal'],
      ],
      message: `must not exceed limits.replayBytesTotal (${replayBytesTotal}), the budget of all requests together`,
    };
  }
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}
