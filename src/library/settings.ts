import { describeIssue } from '../config/issue.ts';
import { formatPath, type Path } from '../config/path.ts';
import { mismatch, parseCertificates, parsePrivateKey } from '../config/pem.ts';
import { violations } from '../config/rules.ts';
import { API_VERSION, configurationSchema, KIND, type Settings } from '../config/schema.ts';
import { identityHeaderNames } from '../daemon/settings.ts';
import { ProxyError } from '../errors.ts';
import type { CertificateTrust } from '../identity/client-certificate.ts';
import type { IdentityHeaderNames } from '../identity/header-names.ts';
import { parseTrustAnchors } from '../identity/trust-anchors.ts';
import type { CollectorAccess } from '../observe/tracing/tracing.ts';
import type { ClientKeyPair, PeerTrust } from '../servers/peer-trust.ts';
import { ENGINE_VARIABLE, engineOfEnvironment } from '../wire/engine-name.ts';
import type {
  ClientTrustOptions,
  MixedVersionProxyOptions,
  RequestHeaderOptions,
  TracingOptions,
  TrustOptions,
} from './options.ts';

/** Where the options stand that the schema knows under other names. */
const OPTION_NAMES: readonly (readonly [Path, string])[] = [
  [['servers'], 'peers'],
  [['tracing', 'otlpCaFile'], 'tracing.otlpCa'],
  [['tracing', 'otlpHeadersFile'], 'tracing.otlpHeaders'],
  [['tracing'], 'tracing'],
  [['http2', 'engine'], `http2Engine (or ${ENGINE_VARIABLE} in the environment)`],
  [['authentication', 'requestHeader', 'allowedNames'], 'trust.allowedNames'],
  [['authentication', 'requestHeader', 'usernameHeaders'], 'trust.headers.username'],
  [['authentication', 'requestHeader', 'uidHeaders'], 'trust.headers.uid'],
  [['authentication', 'requestHeader', 'groupHeaders'], 'trust.headers.group'],
  [['authentication', 'requestHeader', 'extraHeaderPrefixes'], 'trust.headers.extraPrefix'],
];

/**
 * The options as a configuration of `mvproxy serve` would state them, so that there is one source of defaults and rules.
 * Throws `ProxyError` (MVP_CONFIG) that names every option that cannot be used.
 */
export function settingsOf({ local, peers, trust, tuning = {}, tracing, http2Engine }: SettingsOptions): Settings {
  const servers = peers.map(({ name, url, serverName }) => ({ name, url, serverName }));
  const engine = http2Engine ?? engineOfEnvironment();
  const settings = parse({
    servers,
    authentication: authenticationOf(trust),
    http2: { engine },
    ...tuning,
    tracing: tracingSection(tracing),
  });
  const problems = violations(settings)
    .filter(({ paths: [path] }) => isOfOptions(path))
    .map(({ paths: [path], message }) => `${nameOf(path)} ${message}`);
  const twin = peers.findIndex(({ name }) => name === local.name);
  if (twin !== -1) problems.push(`peers[${twin}].name is also the name of the local server; names must be unique`);
  if (settings.routing.writes !== 'any') {
    problems.push('tuning.routing.writes must be any: requests that the local server serves are its own');
  }
  if (problems.length > 0) throw unusable(problems);
  return settings;
}

/** The other rules are about what only a program has: a listener, flags, files, a local server at an address of its own. */
function isOfOptions([section, ...rest]: Path): boolean {
  return (
    section === 'discovery' ||
    section === 'limits' ||
    section === 'tracing' ||
    (section === 'servers' && rest.length > 0)
  );
}

type SettingsOptions = Pick<
  MixedVersionProxyOptions,
  'local' | 'peers' | 'trust' | 'tuning' | 'tracing' | 'http2Engine'
>;

/** Rules are about whether there are such files; nobody reads them. */
function tracingSection({ otlpCa, otlpHeaders, ...section }: TracingOptions = {}): object {
  return {
    ...section,
    otlpCaFile: otlpCa === undefined ? undefined : 'otlpCa',
    otlpHeadersFile: otlpHeaders === undefined ? undefined : 'otlpHeaders',
  };
}

/** How spans reach the collector. Throws `ProxyError` (MVP_CONFIG) for what is no certificate. */
export function collectorAccess({ otlpCa, otlpHeaders = {} }: TracingOptions): CollectorAccess {
  return { ca: otlpCa === undefined ? undefined : certificates('tracing.otlpCa', otlpCa).pem, headers: otlpHeaders };
}

/** In which headers front proxies state users. Throws `ProxyError` (MVP_CONFIG) for what is no name of a header. */
export function headerNames(trust: ClientTrustOptions): IdentityHeaderNames {
  return identityHeaderNames(parse({ authentication: authenticationOf(trust) }));
}

function parse(sections: object): Settings {
  const input = { apiVersion: API_VERSION, kind: KIND, ...sections };
  const result = configurationSchema.safeParse(input, { reportInput: true });
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap(describeIssue);
  throw unusable(problems.map(({ path, message }) => `${nameOf(path)} ${message}`));
}

/** Throws `ProxyError` (MVP_CONFIG) for a bundle that is none, and for one CA that would let every user act as any other. */
export function clientTrust({ clientCa, requestHeaderCa, allowedNames = [] }: ClientTrustOptions): CertificateTrust {
  if (requestHeaderCa !== undefined && requestHeaderCa === clientCa && allowedNames.length === 0) {
    throw unusable([
      'trust.requestHeaderCa is also the CA of ordinary clients, so that every user with a certificate could act as any other user; use a CA of its own, or name the front proxies in trust.allowedNames',
    ]);
  }
  if (requestHeaderCa === undefined && allowedNames.length > 0) {
    throw unusable([
      'trust.allowedNames has no effect without the CA that signs those names; give trust.requestHeaderCa too',
    ]);
  }
  const anchors = (option: string, pem: string | undefined) =>
    pem === undefined ? [] : parseTrustAnchors(certificates(option, pem).pem);
  return {
    clientCa: anchors('trust.clientCa', clientCa),
    requestHeaderCa: anchors('trust.requestHeaderCa', requestHeaderCa),
    allowedNames,
  };
}

/** Throws `ProxyError` (MVP_CONFIG) for what is no certificate, and for a key of another one. */
export function peerTrust({ peerCa, proxyClientCertificate }: TrustOptions): PeerTrust {
  return {
    ca: peerCa === undefined ? undefined : certificates('trust.peerCa', peerCa).pem,
    isConfigured: peerCa !== undefined,
    frontProxy: proxyClientCertificate === undefined ? undefined : keyPair(proxyClientCertificate),
    control: undefined,
  };
}

function keyPair({ cert, key }: ClientKeyPair): ClientKeyPair {
  const chain = certificates('trust.proxyClientCertificate.cert', cert);
  const parsed = parsePrivateKey(key);
  const option = 'trust.proxyClientCertificate.key';
  if (!parsed.ok) throw unusable([`${option} ${parsed.problem}`]);
  const problem = mismatch(parsed.value.key, chain);
  if (problem !== undefined) throw unusable([`${option} ${problem}`]);
  return { cert: chain.pem, key: parsed.value.pem };
}

function certificates(option: string, pem: string) {
  const parsed = parseCertificates(pem);
  if (parsed.ok) return parsed.value;
  throw unusable([`${option} ${parsed.problem}`]);
}

function authenticationOf({ allowedNames, headers = {} }: ClientTrustOptions): object {
  return { requestHeader: { allowedNames: allowedNames?.slice(), ...headerLists(headers) } };
}

function headerLists({ username, uid, group, extraPrefix }: RequestHeaderOptions): object {
  return {
    usernameHeaders: username?.slice(),
    uidHeaders: uid?.slice(),
    groupHeaders: group?.slice(),
    extraHeaderPrefixes: extraPrefix?.slice(),
  };
}

function nameOf(path: Path): string {
  for (const [known, option] of OPTION_NAMES) {
    if (known.every((part, index) => part === path[index])) return option + suffix(path.slice(known.length));
  }
  return `tuning.${formatPath(path)}`;
}

function suffix(path: Path): string {
  const text = formatPath(path);
  return text === '' || text.startsWith('[') ? text : `.${text}`;
}

function unusable(problems: readonly string[]): ProxyError {
  return new ProxyError('MVP_CONFIG', `The options cannot be used: ${problems.join('; ')}.`);
}
