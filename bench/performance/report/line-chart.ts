import { document, escaped, text } from './svg.ts';

export interface LineChart {
  readonly title: string;
  readonly unit: string;
  /** `x` above 0, drawn by its logarithm. */
  readonly points: readonly { readonly x: number; readonly y: number }[];
  readonly digits: number;
}

const WIDTH = 760;
const HEIGHT = 260;
const LEFT = 40;
const RIGHT = 720;
const TOP = 70;
const BOTTOM = 225;

/** A line over a logarithmic axis, with the value of each point beside it. */
export function lineChart({ title, unit, points, digits }: LineChart): string {
  const [first, last] = [Math.min, Math.max].map((most) => Math.log10(most(...points.map(({ x }) => x)))) as [
    number,
    number,
  ];
  const highest = Math.max(...points.map(({ y }) => y), 0);
  const at = ({ x, y }: { readonly x: number; readonly y: number }) => ({
    left: LEFT + ((Math.log10(x) - first) / (last - first)) * (RIGHT - LEFT),
    top: BOTTOM - (Math.max(0, y) / highest) * (BOTTOM - TOP),
  });
  const path = points.map(at).map(({ left, top }) => `${left.toFixed(1)},${top.toFixed(1)}`);
  const parts = [
    text(0, 18, title, 'title'),
    text(0, 38, unit, 'note'),
    `<line class="axis" x1="${LEFT}" y1="${BOTTOM}" x2="${RIGHT}" y2="${BOTTOM}"/>`,
    `<polyline class="line" points="${path.join(' ')}"/>`,
  ];
  for (const point of points) {
    const { left, top } = at(point);
    parts.push(
      `<circle class="dot" cx="${left.toFixed(1)}" cy="${top.toFixed(1)}" r="4"/>`,
      text(left - 14, top - 10, point.y.toFixed(digits), 'value'),
      text(left - 14, BOTTOM + 18, point.x.toLocaleString('en'), 'value'),
    );
  }
  return document(WIDTH, HEIGHT, escaped(title), parts);
}
