/** What clients of a lab connect to. */
export interface Front {
  /** `https://127.0.0.1:PORT` */
  readonly url: string;
  close(): Promise<void>;
}

/** How a balancer spreads: one choice for each connection, or for each request. */
export type Spread = 'connection' | 'request';
