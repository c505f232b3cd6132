import { type ApiAnswer, type Credentials, H2Client } from '../support/api-client.ts';
import { WatchLines } from '../support/watch-lines.ts';
import type { ContractTarget } from './contract-target.ts';
import { isObject } from './json.ts';
import { NormalForm } from './normal-form.ts';

/** What a server said, in a form that is the same in every run. */
export interface Utterance {
  readonly request: string;
  readonly status?: number;
  readonly type?: string;
  readonly fields?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly events?: readonly unknown[];
}

export interface Said {
  readonly status: number;
  readonly headers: ApiAnswer['headers'];
  readonly text: string;
  /** The body as JSON; undefined when it is none. */
  readonly json: unknown;
}

export interface Question {
  readonly method?: string;
  readonly path: string;
  /** Text is sent as it is, anything else as JSON. */
  readonly body?: unknown;
  readonly type?: string;
  readonly accept?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly as?: 'admin' | 'stranger' | 'nobody' | { readonly token: string };
}

interface Remembering {
  /** What of the answer counts. Default: status, content type and body. */
  readonly keep?: (said: Said) => unknown;
  /** Response header fields to compare. */
  readonly fields?: readonly string[];
}

/** Talks to a server and remembers what it said. Every case has one, and a namespace of its own. */
export class Conversation {
  readonly namespace: string;
  readonly version: string;
  readonly transcript: Utterance[] = [];
  readonly #clients: Clients;
  readonly #normal = new NormalForm();

  constructor(clients: Clients, version: string, namespace: string) {
    this.#clients = clients;
    this.version = version;
    this.namespace = namespace;
  }

  /** The path of objects of a namespaced type in this case's namespace: `in('apps/v1', 'deployments', 'x')`. */
  in(groupVersion: string, ...rest: readonly string[]): string {
    const root = groupVersion.includes('/') ? '/apis' : '/api';
    return [root, groupVersion, 'namespaces', this.namespace, ...rest].join('/');
  }

  /** Asks, and remembers the answer. */
  async ask(question: Question, { keep, fields }: Remembering = {}): Promise<Said> {
    const said = await this.quietly(question);
    const { status, headers, text, json } = said;
    const type = headers['content-type'];
    this.transcript.push({
      request: this.#normal.text(`${question.method ?? 'GET'} ${shortened(question.path)}`),
      status,
      ...(type !== undefined && { type }),
      ...(fields !== undefined && { fields: this.#fields(headers, fields) }),
      body: keep === undefined ? this.#normal.json(json ?? text) : this.#normal.json(keep(said)),
    });
    return said;
  }

  /** Asks without remembering. */
  async quietly({ method = 'GET', path, body, type, accept, headers, as = 'admin' }: Question): Promise<Said> {
    const client = await this.#clients.of(as);
    const {
      status,
      headers: received,
      text,
    } = await client.request({
      method,
      path,
      headers: {
        accept: accept ?? 'application/json',
        'user-agent': 'contract',
        ...(body !== undefined && { 'content-type': type ?? 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body }),
    });
    return { status, headers: received, text, json: parsed(text) };
  }

  /** Creates objects, and resolves when the cache from which watches begin has them, too: it is a moment behind. */
  async createCached(
    path: string,
    ...objects: readonly { readonly metadata: { readonly name: string } }[]
  ): Promise<void> {
    for (const body of objects) await this.quietly({ method: 'POST', path, body });
    const names = objects.map(({ metadata }) => `"name":"${metadata.name}"`);
    await this.eventually({ path: `${path}?resourceVersion=0` }, ({ text }) =>
      names.every((name) => text.includes(name)),
    );
  }

  /** Asks until the answer is right; for what a server needs time for. */
  async eventually(question: Question, isRight: (said: Said) => boolean): Promise<Said> {
    const deadline = performance.now() + 90_000;
    for (;;) {
      const said = await this.quietly(question);
      if (isRight(said)) return said;
      if (performance.now() > deadline) throw new Error(`${question.path} still answers ${said.status}: ${said.text}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Watches while `act` runs, until `count` events have come, and remembers them. */
  async watch(
    path: string,
    count: number,
    act: () => Promise<void> = async () => {},
    accept = 'application/json',
  ): Promise<readonly unknown[]> {
    const client = await this.#clients.of('admin');
    const open = await client.open({ path, headers: { accept, 'user-agent': 'contract' } });
    const lines = new WatchLines(open.body);
    await act();
    await lines.until(count);
    open.cancel();
    const events = lines.lines.slice(0, count).map((line): unknown => JSON.parse(line));
    this.transcript.push({
      request: this.#normal.text(`WATCH ${shortened(path)}`),
      status: open.status,
      type: open.headers['content-type'] ?? '',
      events: events.map((event) => this.#normal.json(event)),
    });
    return events;
  }

  #fields(headers: ApiAnswer['headers'], names: readonly string[]): Record<string, string> {
    const present = names.filter((name) => headers[name] !== undefined);
    return Object.fromEntries(present.map((name) => [name, this.#normal.text(String(headers[name]))]));
  }
}

/** Connections to one server, one for each user. */
export class Clients {
  readonly #target: ContractTarget;
  readonly #open = new Map<string, Promise<H2Client>>();

  constructor(target: ContractTarget) {
    this.#target = target;
  }

  /** kube-apiserver closes connections on which somebody was refused for his credentials: those are not kept. */
  async of(user: NonNullable<Question['as']>): Promise<H2Client> {
    const key = typeof user === 'string' ? user : `token ${user.token}`;
    const known = this.#open.get(key);
    if (known !== undefined && user === 'admin') {
      const client = await known;
      if (!client.session.closed && !client.session.destroyed) return client;
    }
    (await known)?.close();
    const client = H2Client.connect(this.#target.url, this.#credentials(user));
    this.#open.set(key, client);
    return client;
  }

  async close(): Promise<void> {
    for (const client of this.#open.values()) (await client).close();
  }

  #credentials(user: NonNullable<Question['as']>): Credentials {
    const { ca, token, stranger } = this.#target;
    if (user === 'admin') return { ca, token };
    if (user === 'stranger') return { ca, ...stranger };
    return user === 'nobody' ? { ca } : { ca, token: user.token };
  }
}

function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) || Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Continue tokens and revisions in a query differ from run to run. */
function shortened(path: string): string {
  return path
    .replace(/([?&]continue=)(?!bad)[^&]+/, '$1<continue>')
    .replace(/([?&]resourceVersion=)(?!0(?:&|$)|9{6})\d+/, '$1<revision>');
}
