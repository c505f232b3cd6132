/** One measured quantity over time. */
export interface Curve {
  readonly name: string;
  readonly unit: string;
  /** Seconds, and value. */
  readonly points: readonly (readonly [at: number, value: number])[];
}

/** What a curve does in its last two thirds; the first third warms up. */
export interface Trend {
  readonly mean: number;
  /** By the line of least squares, over the whole of the two thirds. */
  readonly growth: number;
  /** Standard error of the growth: what goes up and down by itself has a large one. */
  readonly error: number;
}

const WIDTH = 90;
const HEIGHT = 8;

export function trendOf({ points }: Curve): Trend {
  const part = points.slice(Math.floor(points.length / 3));
  const mean = average(part.map(([, value]) => value));
  const middle = average(part.map(([at]) => at));
  let covariance = 0;
  let variance = 0;
  for (const [at, value] of part) {
    covariance += (at - middle) * (value - mean);
    variance += (at - middle) ** 2;
  }
  const span = (part.at(-1)?.[0] ?? 0) - (part[0]?.[0] ?? 0);
  const slope = variance === 0 ? 0 : covariance / variance;
  const rest = part.reduce((sum, [at, value]) => sum + (value - mean - slope * (at - middle)) ** 2, 0);
  const freedom = Math.max(1, part.length - 2);
  const error = variance === 0 ? 0 : Math.sqrt(rest / freedom / variance);
  return { mean, growth: slope * span, error: error * span };
}

/** The curve in text: each column holds the highest value of its time. */
export function plot({ name, unit, points }: Curve): string {
  const end = points.at(-1)?.[0] ?? 1;
  const columns = Array.from({ length: WIDTH }, () => Number.NaN);
  for (const [at, value] of points) {
    const column = Math.min(WIDTH - 1, Math.floor((at / end) * WIDTH));
    columns[column] = Math.max(value, columns[column] || 0);
  }
  let last = points[0]?.[1] ?? 0;
  const filled = columns.map((value) => {
    if (!Number.isNaN(value)) last = value;
    return last;
  });
  const top = Math.max(1, ...filled);
  const rows = Array.from({ length: HEIGHT }, (_, i) => {
    const level = ((HEIGHT - i - 0.5) / HEIGHT) * top;
    const label = i === 0 ? top.toFixed(0) : '';
    return `${label.padStart(7)} │${filled.map((value) => (value >= level ? '█' : ' ')).join('')}`.trimEnd();
  });
  const axis = `${'0'.padStart(7)} └${'─'.repeat(WIDTH)}`;
  const times = `${' '.repeat(9)}0${`${(end / 60).toFixed(1)} min`.padStart(WIDTH - 1)}`;
  return [`${name} (${unit})`, ...rows, axis, times].join('\n');
}

function average(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
