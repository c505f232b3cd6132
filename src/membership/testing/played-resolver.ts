import type { NameResolver, ServiceRecord } from '../name-resolver.ts';

/** What a question is answered with: addresses or records, or 'fails'. */
type Answer<T> = readonly T[] | 'fails';

/** Name servers that a test plays. What is not there has no records. */
export class PlayedResolver implements NameResolver {
  /** By `4 NAME` or `6 NAME`. */
  readonly records = new Map<string, Answer<string>>();
  readonly srv = new Map<string, Answer<ServiceRecord>>();
  /** /etc/hosts and the like. */
  readonly hosts = new Map<string, Answer<string>>();
  /** Every question, in order. */
  readonly asked: string[] = [];

  addresses(name: string, family: 4 | 6): Promise<readonly string[]> {
    return this.#answer(`${family} ${name}`, this.records.get(`${family} ${name}`));
  }

  services(name: string): Promise<readonly ServiceRecord[]> {
    return this.#answer(`SRV ${name}`, this.srv.get(name));
  }

  lookup(host: string): Promise<readonly string[]> {
    return this.#answer(host, this.hosts.get(host));
  }

  #answer<T>(question: string, answer: Answer<T> = []): Promise<readonly T[]> {
    this.asked.push(question);
    if (answer !== 'fails') return Promise.resolve(answer);
    return Promise.reject(Object.assign(new Error(question), { code: 'ESERVFAIL' }));
  }
}
