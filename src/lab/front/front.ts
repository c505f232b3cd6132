/** What clients of a lab connect to. */
export interface Front {
  /** `https://127.0.0.1:PORT` */
  readonly url: string;
  /** Of the one proxy there is, for the commands that ask it; undefined where there is none or several. */
  readonly adminUrl?: string;
  close(): Promise<void>;
}

/** How a balancer spreads: one choice for each connection, or for each request. */
export type Spread = 'connection' | 'request';
