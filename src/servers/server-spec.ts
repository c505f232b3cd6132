/** One server as membership proposes it; TLS proves it. */
export interface ServerSpec {
  /** Unique; used in metrics, messages and the order of equals. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** The name its certificate must carry. */
  readonly servername: string;
  /** The server this proxy belongs to (sidecar topology). */
  readonly local: boolean;
}
