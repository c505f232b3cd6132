import type { Settings } from '../config/schema.ts';
import type { ExchangeRecord } from '../observe/exchange-record.ts';
import type { Logger } from '../observe/logger.ts';
import type { ClientKeyPair } from '../servers/peer-trust.ts';
import type { EngineName } from '../wire/engine-name.ts';
import type { ExchangeHandler } from '../wire/exchange.ts';

export interface MixedVersionProxyOptions {
  /** The API server that this is built into. */
  readonly local: LocalServer;
  /** All other servers of the control plane. */
  readonly peers: readonly Peer[];
  readonly trust: TrustOptions;
  /** What differs from the defaults, which are those of `mvproxy serve` (docs/reference/configuration.md). */
  readonly tuning?: Tuning;
  /**
   * Which implementation of HTTP/2 speaks with peers (`--http2-engine`); `listen` has an option for clients. Default: `own`, or what
   * the environment variable MVPROXY_HTTP2_ENGINE says.
   */
  readonly http2Engine?: EngineName | undefined;
  /** Default: warnings and errors become warnings of the process. */
  readonly logger?: Logger;
  /** Default: no spans, and no header that explains. */
  readonly tracing?: TracingOptions | undefined;
  /** Gets every request that the proxy answered. Must not throw. */
  readonly onExchange?: (record: ExchangeRecord) => void;
}

/**
 * The section `tracing` of the configuration of `mvproxy serve`, with the same defaults: `otlpEndpoint` turns spans on,
 * `explainHeader` the header X-Mvproxy-Explain.
 */
export interface TracingOptions extends Partial<Omit<Settings['tracing'], 'otlpCaFile' | 'otlpHeadersFile'>> {
  /** Signs the certificate of the collector, PEM. Default: the CAs that Node trusts. */
  readonly otlpCa?: string | undefined;
  /** Of every request to the collector. */
  readonly otlpHeaders?: Readonly<Record<string, string>> | undefined;
}

export interface LocalServer {
  /** Unique among all servers; used in metrics and messages. */
  readonly name: string;
  /**
   * The server as it would be without the proxy: health under `/readyz`, discovery, its resources. It has to believe the
   * X-Remote-* headers of connections that present the proxy client certificate, as every peer does.
   */
  readonly handler: ExchangeHandler;
}

export interface Peer {
  readonly name: string;
  /** `https://host:port` of one server, never of a load balancer. */
  readonly url: string;
  /** The name its certificate must contain. Default: `kubernetes.default.svc`. */
  readonly serverName?: string | undefined;
}

/** Whom to believe what; certificates and keys are PEM. */
export interface TrustOptions extends ClientTrustOptions {
  /** Signs the servers' serving certificates (`--peer-ca-file`). Without it every client sees the local server alone. */
  readonly peerCa?: string | undefined;
  /** With it users are asserted to the servers (`--proxy-client-cert-file`). Without it, likewise. */
  readonly proxyClientCertificate?: ClientKeyPair | undefined;
}

/** How clients are recognised; the same settings as of kube-apiserver. */
export interface ClientTrustOptions {
  /** Signs users' client certificates (`--client-ca-file`). */
  readonly clientCa?: string | undefined;
  /** Signs front proxies (`--requestheader-client-ca-file`). */
  readonly requestHeaderCa?: string | undefined;
  /** Common names of trusted front proxies; empty (the default): every name. */
  readonly allowedNames?: readonly string[] | undefined;
  /** In which headers a front proxy states a user. Default: X-Remote-User, -Uid, -Group and -Extra-. */
  readonly headers?: RequestHeaderOptions | undefined;
}

export interface RequestHeaderOptions {
  readonly username?: readonly string[] | undefined;
  readonly uid?: readonly string[] | undefined;
  readonly group?: readonly string[] | undefined;
  readonly extraPrefix?: readonly string[] | undefined;
}

/** Sections of the configuration of `mvproxy serve`, units in the names of the fields. */
export interface Tuning {
  readonly discovery?: Partial<Settings['discovery']>;
  readonly health?: Partial<Settings['health']>;
  readonly routing?: Partial<Settings['routing']>;
  readonly limits?: Partial<
    Pick<Settings['limits'], 'replayBytesPerRequest' | 'replayBytesTotal' | 'upstreamConnectionsPerServer'>
  >;
}
