import type { ExchangeHandler } from '../wire/exchange.ts';

/** One server as membership proposes it. */
export type ServerSpec = NetworkServer | InProcessServer;

interface NamedServer {
  /** Unique; used in metrics, messages and the order of equals. */
  readonly name: string;
  /** The server this proxy belongs to (sidecar and library topology). */
  readonly local: boolean;
}

/** TLS proves it. */
export interface NetworkServer extends NamedServer {
  readonly kind: 'network';
  readonly host: string;
  readonly port: number;
  /** The name its certificate must carry. */
  readonly servername: string;
}

/** A handler of this process (library topology), which needs no proof. */
export interface InProcessServer extends NamedServer {
  readonly kind: 'in-process';
  readonly handler: ExchangeHandler;
}

/** Where a server is, for operators. */
export function addressOf(spec: ServerSpec): string {
  return spec.kind === 'network' ? `${spec.host}:${spec.port}` : 'in this process';
}

/**
 * Equal for specs of the same server: what was learned of one holds for the other, which may have got another name, for a
 * more explicit source knows it now.
 */
export function identityOf(spec: ServerSpec): unknown {
  return spec.kind === 'network' ? addressOf(spec) : spec.handler;
}
