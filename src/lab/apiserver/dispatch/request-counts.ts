/** How many requests a server has answered, by verb and status: `/metrics` in its smallest form. */
export class RequestCounts {
  readonly #counts = new Map<string, number>();

  add(verb: string, status: number): void {
    const labels = `code="${status}",verb="${verb.replace(/[^\w]/g, '_').toUpperCase()}"`;
    this.#counts.set(labels, (this.#counts.get(labels) ?? 0) + 1);
  }

  /** Prometheus text (format 0.0.4) under kube-apiserver's metric name. */
  get text(): string {
    const name = 'apiserver_request_total';
    const lines = [...this.#counts].map(([labels, count]) => `${name}{${labels}} ${count}\n`);
    return `# HELP ${name} Counter of apiserver requests by verb and code.\n# TYPE ${name} counter\n${lines.join('')}`;
  }
}
