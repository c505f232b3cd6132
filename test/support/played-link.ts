import { X509Certificate } from 'node:crypto';
import { discoveryContent, encodeDiscovery } from '../../src/discovery/representation.ts';
import type { ServerDiscovery } from '../../src/discovery/server-discovery.ts';
import { discoveryOf } from '../../src/discovery/testing/discovery-of.ts';
import { discoveryContentType } from '../../src/kubernetes/aggregated-discovery.ts';
import type { Check } from '../../src/preflight/check.ts';
import type { CheckCode } from '../../src/preflight/check-codes.ts';
import { type PreflightFacts, preflightFacts } from '../../src/preflight/preflight-facts.ts';
import type { PreflightSetting } from '../../src/preflight/preflight-setting.ts';
import { PROXY_RIGHTS } from '../../src/preflight/required-rights.ts';
import { ServerProbe } from '../../src/preflight/server-probe.ts';
import type { PeerTrust } from '../../src/servers/peer-trust.ts';
import { type Fields, fieldValue } from '../../src/wire/fields.ts';
import type { TlsProbe } from '../../src/wire/tls-probe.ts';
import { type Issued, TestCa } from './certificates.ts';
import { type ArrivedRequest, FakeUpstream } from './fake-upstream.ts';

const YEAR_MS = 365 * 86_400_000;

interface PlayedAnswer {
  readonly status: number;
  readonly fields?: Fields;
  readonly body?: string | object;
}

/** What certificates there are; made once for all tests of a file. */
export interface PlayedPki {
  readonly serving: TestCa;
  readonly frontProxy: TestCa;
  readonly unrelated: TestCa;
  readonly server: Issued;
  readonly client: Issued;
}

export async function playedPki(): Promise<PlayedPki> {
  const notAfter = new Date(Date.now() + YEAR_MS);
  const [serving, frontProxy, unrelated] = await Promise.all(
    ['serving-ca', 'front-proxy-ca', 'unrelated-ca'].map((name) => TestCa.create(name, notAfter)),
  );
  if (serving === undefined || frontProxy === undefined || unrelated === undefined) throw new TypeError('no authority');
  const dnsNames = ['kubernetes.default.svc'];
  return {
    serving,
    frontProxy,
    unrelated,
    server: await serving.issue({ commonName: 'kube-apiserver', dnsNames, notAfter }),
    client: await frontProxy.issue({ commonName: 'front-proxy-client', usage: 'client', notAfter }),
  };
}

/** One server as preflight sees it, without a socket; by default all is well with it. */
export class PlayedLink {
  readonly name: string;
  tls: TlsProbe;
  /** Whose client certificates it asks for. */
  clientIssuers: readonly Buffer[] | undefined;
  gitVersion = 'v1.37.2';
  discovery: ServerDiscovery = discoveryOf({ v1: { pods: ['get'] } });
  metrics = '';
  /** Rights, as `verb resource` or `verb /path`, that it does not grant. */
  denied: readonly string[] = [];
  /** Whom it takes us for; default: whom we say that we are. */
  user: string | undefined;
  /** Fields in which it believes who we say that somebody is. */
  believes: readonly ('group' | 'extra')[] = ['group', 'extra'];
  /** Answers in place of those above, by `METHOD /path`; `silent`: none ever comes. */
  readonly answers = new Map<string, PlayedAnswer | 'silent'>();
  readonly upstream = new FakeUpstream((request) => this.#serve(request));

  constructor(name: string, { server, serving }: PlayedPki) {
    this.name = name;
    this.tls = {
      kind: 'secured',
      protocol: 'TLSv1.3',
      alpn: 'h2',
      chain: [new X509Certificate(server.cert), new X509Certificate(serving.cert)],
      chainError: '',
      nameError: '',
    };
  }

  get asked(): string[] {
    return this.upstream.requests.map(({ head }) => `${head.method} ${head.target}`);
  }

  #serve(request: ArrivedRequest): void {
    const { method, target } = request.head;
    const answer = this.answers.get(`${method} ${target}`) ?? this.#answer(request);
    if (answer === 'silent') return;
    const { status, fields = [], body = '' } = answer;
    request.respond(status, fields, typeof body === 'string' ? body : JSON.stringify(body));
  }

  #userInfo(fields: Fields): object {
    const said = new Map<string, string[]>();
    for (let at = 0; at < fields.length; at += 2) {
      const name = (fields[at] ?? '').toLowerCase();
      said.set(name, [...(said.get(name) ?? []), fields[at + 1] ?? '']);
    }
    const prefix = 'x-remote-extra-';
    const extra = [...said].flatMap(([name, values]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), values] as const] : [],
    );
    return {
      username: this.user ?? fieldValue(fields, 'x-remote-user'),
      groups: this.believes.includes('group') ? said.get('x-remote-group') : ['system:authenticated'],
      ...(this.believes.includes('extra') && { extra: Object.fromEntries(extra) }),
    };
  }

  #answer({ head: { target, fields }, body }: ArrivedRequest): PlayedAnswer {
    switch (target) {
      case '/apis/authentication.k8s.io/v1/selfsubjectreviews':
        return { status: 201, body: { status: { userInfo: this.#userInfo(fields) } } };
      case '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews':
        return { status: 201, body: { status: { allowed: !this.denied.includes(rightOf(body?.text ?? '')) } } };
      case '/readyz?verbose':
        return { status: 200, fields: ['date', new Date().toUTCString()], body: '[+]ping ok\nreadyz check passed\n' };
      case '/version':
        return { status: 200, body: { gitVersion: this.gitVersion } };
      case '/metrics':
        return { status: 200, body: this.metrics };
      case '/api':
      case '/apis': {
        const groups = this.discovery[target === '/api' ? 'api' : 'apis'];
        const type = ['content-type', discoveryContentType('v2'), 'etag', `"${groups.length}"`];
        const content = Buffer.from(encodeDiscovery(discoveryContent(groups), 'v2')).toString('utf8');
        return { status: 200, fields: type, body: content };
      }
      default:
        return { status: 404, body: { kind: 'Status', message: 'the server could not find the requested resource' } };
    }
  }
}

function rightOf(review: string): string {
  const { resourceAttributes, nonResourceAttributes } = JSON.parse(review).spec;
  const { verb, resource, path } = resourceAttributes ?? nonResourceAttributes;
  return `${verb} ${resource ?? path}`;
}

export interface PlayedSetting extends Partial<Omit<PreflightSetting, 'servers' | 'trust'>> {
  readonly readyPath?: string;
  readonly trust?: Partial<PeerTrust>;
}

/** What a check is run with: these servers, and a proxy with which all is well. */
export function playedFacts(
  pki: PlayedPki,
  links: readonly PlayedLink[],
  overrides: PlayedSetting = {},
): PreflightFacts {
  const trust: PeerTrust = {
    ca: pki.serving.cert,
    isConfigured: true,
    frontProxy: pki.client,
    control: undefined,
    ...overrides.trust,
  };
  const now = overrides.now ?? Date.now;
  const servers = links.map((link) => {
    const spec = {
      kind: 'network',
      name: link.name,
      host: `${link.name}.example`,
      port: 6443,
      servername: 'kubernetes.default.svc',
      local: false,
    } as const;
    const wire = {
      probeTls: () => Promise.resolve(link.tls),
      probeClientIssuers: () => Promise.resolve(link.clientIssuers),
      openUpstream: () => link.upstream,
    };
    return new ServerProbe(spec, { trust, now, wire, readyPath: overrides.readyPath });
  });
  return preflightFacts({
    certificates: [],
    knowsClients: true,
    configuration: () => Promise.resolve([]),
    membership: { failing: [], empty: [], refused: [] },
    rights: PROXY_RIGHTS,
    usage: undefined,
    target: undefined,
    ...overrides,
    servers,
    trust,
    now,
  });
}

export type Verdict = readonly [server: string, status: string, text: string, fix: string];

/** What a check found, in short. */
export async function verdictsOf(check: Check, facts: PreflightFacts): Promise<readonly Verdict[]> {
  const found = await check.run(facts);
  return found.map(({ server, status, text, fix }) => [server, status, text, fix]);
}

/** The finding of a check that another one has to pass before. */
export function waitingFor(code: CheckCode, server: string): Verdict {
  return [server, 'unknown', `Not proved before ${code} passes.`, ''];
}
