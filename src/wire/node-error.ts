import { authorityOf, type Endpoint } from './endpoint.ts';
import type { ResetReason } from './exchange.ts';
import type { UpstreamFailure } from './upstream.ts';

/** The server a failure is about, as operators know it. */
export interface Target extends Endpoint {
  readonly servername: string;
}

interface Translation {
  readonly cause: UpstreamFailure['cause'];
  readonly reason: ResetReason;
  readonly sentence: string;
}

/**
 * The one place that knows Node's error codes: turns what went wrong while a connection to `target` was being set up into
 * a failure with a sentence that says what happened, what it means and what to do. Nothing was sent, hence `processed: 'no'`.
 */
export function connectFailure(error: unknown, target: Target): UpstreamFailure {
  const { cause, reason, sentence } = translate(error, target);
  return { processed: 'no', reason, cause, message: sentence };
}

/** A connection to `target` that was lost while a request was open on it. */
export function lostConnection(error: unknown, target: Target): UpstreamFailure {
  const code = codeOf(error);
  if (code === 'ERR_WIRE_ANSWER_TIMEOUT') {
    return {
      processed: 'unknown',
      reason: 'timeout',
      cause: 'connection',
      message: `${authorityOf(target)} accepted the request to switch protocols but did not answer it in time, so it was given up; whether the server acted on it is unknown; is the server, an admission webhook or the node it dials hung?`,
    };
  }
  const how =
    code === 'ERR_WIRE_PING_TIMEOUT'
      ? ': it no longer answers (PING timed out)'
      : code === undefined
        ? ''
        : ` (${code})`;
  // Our own HTTP/2, or nghttp2, found the server's frames wrong; a GOAWAY with an error has a code of its own.
  const broke = code === 'ERR_HTTP2_CONNECTION' || code === 'ERR_HTTP2_ERROR';
  return {
    processed: 'unknown',
    reason: broke ? 'protocol' : 'connection-lost',
    cause: broke ? 'protocol' : 'connection',
    message: `the connection to ${authorityOf(target)} was lost${how}, before the response was complete; whether the server acted on the request is unknown`,
  };
}

/** The first code along the chain of causes, e.g. `ECONNREFUSED`; of an AggregateError the one that tells most. */
export function codeOf(error: unknown): string | undefined {
  let current: unknown = error;
  for (let depth = 0; depth < 8 && typeof current === 'object' && current !== null; depth += 1) {
    const errors: unknown = Reflect.get(current, 'errors');
    if (Array.isArray(errors)) return mostTelling(errors.map(ownCode));
    const code = ownCode(current);
    if (code !== undefined) return code;
    current = Reflect.get(current, 'cause');
  }
  return undefined;
}

function ownCode(error: unknown): string | undefined {
  const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' ? code : undefined;
}

/**
 * A name with several addresses fails once per address. One that may only be slow outweighs a refusal; what a host without
 * IPv6 says of an IPv6 address (no route, no local address) says nothing of the server.
 */
function mostTelling(codes: readonly (string | undefined)[]): string | undefined {
  const known = codes.filter((code) => code !== undefined);
  const slow = known.find((code) => code === 'ETIMEDOUT');
  return slow ?? known.find((code) => !OF_THE_HOST.has(code)) ?? known[0];
}

const OF_THE_HOST = new Set(['EADDRNOTAVAIL', 'EHOSTUNREACH', 'ENETUNREACH']);

function translate(error: unknown, target: Target): Translation {
  const code = codeOf(error) ?? '';
  const at = authorityOf(target);
  const connect = (sentence: string): Translation => ({ cause: 'connect', reason: 'refused', sentence });
  const shortage = (what: string, remedy: string): Translation => ({
    cause: 'overloaded',
    reason: 'refused',
    sentence: `this proxy, not the server, is short of ${what} (${code}): it cannot open a connection to ${at}; ${remedy}`,
  });
  const tls = (sentence: string): Translation => ({ cause: 'tls', reason: 'refused', sentence });
  switch (code) {
    case 'ECONNREFUSED':
      return connect(`connection refused: nothing listens on ${at}; is the server running?`);
    case 'ETIMEDOUT':
    case 'ERR_WIRE_CONNECT_TIMEOUT':
      return {
        cause: 'timeout',
        reason: 'timeout',
        sentence: `${at} did not complete TCP and TLS set-up in time; is it overloaded, or does a firewall drop packets?`,
      };
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EHOSTDOWN':
      return connect(
        `${at} is unreachable (${code}); check routes and network policies between this host and the server`,
      );
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_FAIL':
      return {
        cause: 'name',
        reason: 'refused',
        sentence: `the name ${target.host} does not resolve (${code}); check the configured server address and DNS`,
      };
    case 'EMFILE':
      return shortage('open files', "raise the limit of open files of the proxy's process (ulimit -n, LimitNOFILE=)");
    case 'ENFILE':
      return shortage('open files', 'raise fs.file-max of its host, or find what holds so many files open there');
    case 'EADDRNOTAVAIL':
      return shortage(
        'local addresses or ports',
        'widen net.ipv4.ip_local_port_range of its host, and check that the host has an address of that family',
      );
    case 'ENOBUFS':
    case 'ENOMEM':
      return shortage('memory', "give it more memory, or check its host's limits on socket buffers");
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return tls(
        `the certificate of ${at} is not valid for the expected name "${target.servername}"; add that name to the serving certificate or configure the server name it carries`,
      );
    case 'CERT_HAS_EXPIRED':
      return tls(`the certificate of ${at} (or one that issued it) has expired; renew it`);
    case 'CERT_NOT_YET_VALID':
      return tls(`the certificate of ${at} is not valid yet; check the clocks of both hosts`);
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'CERT_SIGNATURE_FAILURE':
    case 'CERT_UNTRUSTED':
    case 'INVALID_CA':
      return tls(
        `the certificate of ${at} was not issued by the configured CA (${code}); check the CA bundle for this server`,
      );
    case 'INVALID_PURPOSE':
      return tls(`the certificate of ${at} may not be used by a server; its extended key usage lacks serverAuth`);
    case 'ERR_WIRE_NO_HTTP2':
    case 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL':
      return {
        cause: 'protocol',
        reason: 'http-1.1-required',
        sentence: `${at} does not offer HTTP/2 in TLS (ALPN); remove --disable-http2-serving from the server, HTTP/1.1-only servers are not supported`,
      };
    case 'ECONNRESET':
    case 'EPIPE':
    case 'ERR_WIRE_CLOSED':
    case 'ERR_STREAM_PREMATURE_CLOSE':
      return tls(`${at} closed the connection during set-up (${code}); is it starting, stopping, or not a TLS port?`);
    default:
      if (code.startsWith('ERR_HTTP2')) {
        return {
          cause: 'protocol',
          reason: 'protocol',
          sentence: `${at} broke HTTP/2 during set-up (${code}); is it a Kubernetes API server?`,
        };
      }
      return isTlsCode(code)
        ? tls(
            `TLS with ${at} failed (${code}); does the port speak TLS 1.2 or newer, and does the server accept our client certificate?`,
          )
        : tls(`the connection to ${at} failed (${code === '' ? describe(error) : code})`);
  }
}

function isTlsCode(code: string): boolean {
  return code.startsWith('ERR_SSL') || code.startsWith('ERR_TLS') || code.startsWith('CERT_') || code === 'EPROTO';
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
