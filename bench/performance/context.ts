import { setTimeout as delay } from 'node:timers/promises';
import { atRest } from './load/at-rest.ts';
import { h2load } from './load/h2load.ts';
import { interleaved } from './load/interleaved.ts';
import type { RequestLoad, Sender } from './load/request-load.ts';
import type { RequestResult, RestResult } from './results.ts';
import type { Available } from './rivals/available.ts';
import { Fleet } from './rivals/fleet.ts';
import { ON_NODE, type Rival, type RivalName } from './rivals/rival.ts';
import { FastStage } from './stages/fast-stage.ts';
import { fixedAnswers } from './stages/fixed-answers.ts';
import { RealStage } from './stages/real-stage.ts';
import type { Stage } from './stages/stage.ts';

/** Requests after which code on Node is compiled; and those after which connections of any proxy are open. */
const WARM_UP = { node: 20_000, other: 2_000 };

/** Of a load that is too dear to warm up with. */
const LITTLE = 500;
const REST_SECONDS = 5;

export interface ContextOptions {
  readonly available: Available;
  readonly rounds: number;
  /** Of the number of requests, watches and bytes; 1 but for a quick look. */
  readonly share: number;
  readonly report: (line: string) => void;
}

export interface RequestsOptions {
  /** Default: h2load. */
  readonly send?: Sender;
  /** Default: `h2`. What is warm for one protocol is not for the other. */
  readonly protocol?: 'h2' | 'http/1.1';
  readonly warmUp?: RequestLoad;
}

/** Proxies of a stage with which requests are measured, all running side by side. */
export interface Field {
  readonly stage: Stage;
  readonly rivals: readonly Rival[];
}

/** What the parts of one run have in common: stages are started when first needed, and stopped with this. */
export class Context implements AsyncDisposable {
  readonly available: Available;
  readonly rounds: number;
  readonly share: number;
  readonly report: (line: string) => void;
  readonly #open = new AsyncDisposableStack();
  readonly #warmed = new Map<string, number>();
  #real: Promise<RealStage> | undefined;
  #fast: Promise<FastStage> | undefined;
  #realField: Promise<Field> | undefined;
  #fastField: Promise<Field> | undefined;

  constructor({ available, rounds, share, report }: ContextOptions) {
    this.available = available;
    this.rounds = rounds;
    this.share = share;
    this.report = report;
  }

  /** Two real kube-apiservers. */
  real(): Promise<RealStage> {
    this.#real ??= this.#started(() => RealStage.start());
    return this.#real;
  }

  /** A server that costs next to nothing. */
  fast(): Promise<FastStage> {
    if (this.available.absent.some(({ rival }) => rival === 'nginx')) {
      throw new Error('The fast server is an nginx, which is not installed here. Install it, or leave this part out.');
    }
    this.#fast ??= this.#started(() => FastStage.start(fixedAnswers));
    return this.#fast;
  }

  realField(): Promise<Field> {
    this.#realField ??= this.real().then((stage) => this.#field(stage));
    return this.#realField;
  }

  fastField(): Promise<Field> {
    this.#fastField ??= this.fast().then((stage) => this.#field(stage));
    return this.#fastField;
  }

  /** `count`, or less for a quick look, but never less than `least`. */
  scaled(count: number, least = 1): number {
    return Math.max(least, Math.round(count * this.share));
  }

  /** Measures loads through rivals, after a warm-up with the first of them, or with a cheaper load and a little of that. */
  async requests(
    { stage, rivals }: Field,
    loads: readonly RequestLoad[],
    { send = (url, load) => h2load(url, load, stage.directory), protocol, warmUp }: RequestsOptions = {},
  ): Promise<readonly (RequestResult | RestResult)[]> {
    const [first] = loads;
    if (first === undefined) return [];
    await this.warmUp(
      stage,
      rivals,
      { ...(warmUp ?? first), connections: 4, streams: 10 },
      { send, ...(protocol === undefined ? {} : { protocol }) },
    );
    if (warmUp !== undefined) {
      const little = { ...first, requests: this.scaled(LITTLE, first.connections * first.streams) };
      for (const { url } of rivals) await send(url, little);
    }
    const { rounds, report } = this;
    const proxies = rivals.flatMap(({ name, pid }) => (pid === undefined ? [] : [[name, pid] as const]));
    const named = [...Object.entries(stage.behind), ...proxies];
    const seconds = this.scaled(REST_SECONDS);
    const rest = await atRest(
      named.map(([, pid]) => pid),
      seconds,
    );
    const cpu = Object.fromEntries(named.map(([name, pid]) => [name, rest.get(pid) ?? 0]));
    report(`at rest, ms of CPU per second: ${JSON.stringify(cpu)}`);
    const results: (RequestResult | RestResult)[] = [{ kind: 'rest', cpu }];
    for (const load of loads) {
      const scaled = { ...load, requests: this.scaled(load.requests, load.connections * load.streams) };
      results.push(...(await interleaved(scaled, { rivals, behind: stage.behind, rest, rounds, send, report })));
    }
    return results;
  }

  /** Each rival gets so many requests that it is no slower than it will be; what it had before counts. */
  async warmUp(
    { directory }: Stage,
    rivals: readonly Rival[],
    load: RequestLoad,
    { send = (url, what) => h2load(url, what, directory), protocol = 'h2' }: RequestsOptions = {},
  ): Promise<void> {
    for (const { name, url } of rivals) {
      const key = `${protocol} ${url}`;
      const had = this.#warmed.get(key) ?? 0;
      const wanted = ON_NODE.has(name) ? this.scaled(WARM_UP.node) - had : 0;
      const requests = Math.max(this.scaled(WARM_UP.other, 100), wanted);
      this.report(`${requests} requests to warm up ${name}`);
      await send(url, { ...load, requests });
      this.#warmed.set(key, had + requests);
    }
    await delay(500);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#open.disposeAsync();
  }

  async #field(stage: Stage): Promise<Field> {
    const names: readonly RivalName[] = ['own', 'node', 'nginx', 'haproxy', 'undici'];
    const fleet = await this.#started(() => Fleet.start(stage, names, this.available));
    return { stage, rivals: fleet.rivals };
  }

  async #started<T extends AsyncDisposable>(start: () => Promise<T>): Promise<T> {
    return this.#open.use(await start());
  }
}
