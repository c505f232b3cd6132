import { type CertificateTrust, type CertificateVerdict, judgeCertificate } from '../identity/client-certificate.ts';
import type { Credential } from '../identity/credential.ts';
import type { ClientConnection } from '../wire/exchange.ts';

/** What a server decides by whether somebody may read, and its digest. */
export interface KnownCaller {
  readonly credential: Credential;
  /** Fields that say who asks. */
  readonly fields: readonly string[];
  readonly digest: string;
}

/** What is remembered between the requests of one client connection. */
export interface ClientState {
  readonly verdict: CertificateVerdict;
  /** Name of the server its requests go to when nothing else decides. */
  preferred: string | undefined;
  /** Name of the server for those of its senders to whom `preferred` is too old. */
  preferredNewer?: string | undefined;
  /** Milliseconds of the clock at which `preferred` is compared with others next. */
  reconsiderAt?: number | undefined;
  /** In [0, 1); decides between equals, so that one client comes to the same server again. */
  draw?: number | undefined;
  /** Who asked for permission last. */
  caller?: KnownCaller | undefined;
  /** The last Authorization value that a server did not answer with 401. */
  proven: string | undefined;
}

interface Remembered extends ClientState {
  readonly trust: CertificateTrust;
}

/** The state of every live client connection; forgotten with the connection. */
export class ClientStates {
  readonly #states = new WeakMap<ClientConnection, Remembered>();

  /** Judges the certificate once, and again when the trusted CAs changed or the certificate expired since. */
  of(connection: ClientConnection, trust: CertificateTrust, now: number): ClientState {
    const known = this.#states.get(connection);
    if (known !== undefined && known.trust === trust && now <= known.verdict.validUntil) return known;
    const verdict = judgeCertificate(connection.certificate, trust, now);
    const state: Remembered = { preferred: undefined, proven: undefined, ...known, verdict, trust };
    this.#states.set(connection, state);
    return state;
  }
}
