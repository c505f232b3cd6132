/** One sample of a Prometheus text exposition. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Exposition {
  readonly samples: readonly Sample[];
  /** Type of each metric, by name. */
  readonly types: ReadonlyMap<string, string>;
}

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/y;

/** Reads Prometheus text format 0.0.4 strictly: throws on anything that is not of it, and on a metric described twice. */
export function parseExposition(text: string): Exposition {
  const types = new Map<string, string>();
  const helps = new Set<string>();
  const samples: Sample[] = [];
  const seen = new Set<string>();
  for (const line of text.split('\n')) {
    if (line === '') continue;
    if (line.startsWith('#')) {
      const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
      if (kind === undefined) throw new SyntaxError(`no comment of the format: ${line}`);
      if (kind === 'HELP' ? helps.has(name) : types.has(name)) throw new SyntaxError(`described twice: ${line}`);
      if (kind === 'HELP') helps.add(name);
      else types.set(name, rest);
      continue;
    }
    const [, name, labelText = '', value = ''] = SAMPLE.exec(line) ?? [];
    if (name === undefined) throw new SyntaxError(`no sample: ${line}`);
    if (seen.has(`${name}{${labelText}}`)) throw new SyntaxError(`a series given twice: ${line}`);
    seen.add(`${name}{${labelText}}`);
    samples.push({ name, labels: readLabels(labelText), value: readValue(value) });
  }
  return { samples, types };
}

/** The histogram `name`, its buckets in the order given. */
export function histogramOf(text: string, name: string) {
  const { samples, types } = parseExposition(text);
  if (types.get(name) !== 'histogram') throw new SyntaxError(`${name} is no histogram`);
  const one = (suffix: string) => samples.find((sample) => sample.name === `${name}_${suffix}`)?.value ?? Number.NaN;
  const buckets = samples
    .filter((sample) => sample.name === `${name}_bucket`)
    .map(({ labels: { le = '' }, value }) => ({ bound: readValue(le), count: value }));
  return { buckets, sum: one('sum'), count: one('count') };
}

function readLabels(text: string): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const [, name, value = ''] = LABEL.exec(text) ?? [];
    if (name === undefined || name in labels) throw new SyntaxError(`no labels: ${text}`);
    labels[name] = value.replace(/\\(.)/g, (_, character) => (character === 'n' ? '\n' : character));
  }
  return labels;
}

function readValue(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  const value = Number(text);
  // Prometheus reads NaN in any case.
  if (text === '' || (Number.isNaN(value) && text.toLowerCase() !== 'nan')) throw new SyntaxError(`no value: ${text}`);
  return value;
}
