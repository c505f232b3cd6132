import type { Timeline } from '../result.ts';
import { escapeHtml } from './html-text.ts';

/** One curve of a plot: a value for every second of the timeline; undefined leaves a hole. */
export interface Curve {
  readonly name: string;
  /** CSS class that gives the colour. */
  readonly style: string;
  readonly values: readonly (number | undefined)[];
}

export interface PlotSize {
  /** Seconds and value at the far ends of the axes, shared by plots that are compared. */
  readonly seconds: number;
  readonly top: number;
  /** Logarithmic from 1 on, for values that differ by orders of magnitude. */
  readonly scale: 'linear' | 'logarithmic';
}

const WIDTH = 860;
const HEIGHT = 150;
const LEFT = 48;
const RIGHT = 8;
const TOP = 8;
const BOTTOM = 22;

/** An SVG picture of the curves over time, with the phases of the timeline behind them. */
export function plotSvg(
  title: string,
  timeline: Timeline,
  curves: readonly Curve[],
  { seconds, top, scale }: PlotSize,
): string {
  const x = (second: number) => LEFT + (second / Math.max(seconds, 1)) * (WIDTH - LEFT - RIGHT);
  const { share, levels } = scale === 'linear' ? linear(top) : logarithmic(top);
  const y = (value: number) => HEIGHT - BOTTOM - share(value) * (HEIGHT - TOP - BOTTOM);
  return [
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(title)}">`,
    ...phaseBands(timeline, x),
    ...axes(seconds, levels, x, y),
    ...eventMarks(timeline, x),
    ...curves.map(({ style, values }) => `<path class="curve ${style}" d="${path(values, x, y)}"/>`),
    '</svg>',
  ].join('');
}

function path(
  values: readonly (number | undefined)[],
  x: (second: number) => number,
  y: (value: number) => number,
): string {
  let pen = 'M';
  let d = '';
  values.forEach((value, second) => {
    if (value === undefined) {
      pen = 'M';
      return;
    }
    d += `${pen}${x(second + 0.5).toFixed(1)} ${y(value).toFixed(1)}`;
    pen = 'L';
  });
  return d;
}

function secondOf({ startedAt }: Timeline, at: number): number {
  return (at - startedAt) / 1000;
}

function phaseBands(timeline: Timeline, x: (second: number) => number): string[] {
  const phases = timeline.marks.filter(({ kind }) => kind === 'phase');
  return phases.map(({ at, text }, index) => {
    const from = x(secondOf(timeline, at));
    const next = phases[index + 1];
    const to = x(next === undefined ? timeline.seconds.length : secondOf(timeline, next.at));
    const box = `x="${from.toFixed(1)}" y="${TOP}" width="${Math.max(to - from, 0).toFixed(1)}" height="${HEIGHT - TOP - BOTTOM}"`;
    return `<rect class="phase ${index % 2 === 0 ? 'even' : 'odd'}" ${box}><title>${escapeHtml(text)}</title></rect>`;
  });
}

function eventMarks(timeline: Timeline, x: (second: number) => number): string[] {
  const events = timeline.marks.filter(
    ({ kind }) => kind === 'server' || kind === 'definition' || kind === 'controllers',
  );
  return events.map(({ at, text }) => {
    const position = x(secondOf(timeline, at)).toFixed(1);
    return `<line class="mark" x1="${position}" x2="${position}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"><title>${escapeHtml(text)}</title></line>`;
  });
}

interface Scale {
  /** Of the height, from 0 to 1. */
  readonly share: (value: number) => number;
  /** Where the axis is labelled. */
  readonly levels: readonly number[];
}

function linear(top: number): Scale {
  return { share: (value) => value / Math.max(top, 1), levels: [0, top / 2, top] };
}

function logarithmic(top: number): Scale {
  const decades = Math.max(1, Math.ceil(Math.log10(Math.max(top, 1))));
  return {
    share: (value) => Math.log10(Math.max(value, 1)) / decades,
    levels: Array.from({ length: decades + 1 }, (_, decade) => 10 ** decade),
  };
}

function axes(
  seconds: number,
  levels: readonly number[],
  x: (second: number) => number,
  y: (value: number) => number,
): string[] {
  const base = HEIGHT - BOTTOM;
  const step = tickStep(seconds);
  const ticks: string[] = [];
  for (let second = 0; second <= seconds; second += step) {
    ticks.push(
      `<text class="tick" text-anchor="middle" x="${x(second).toFixed(1)}" y="${base + 15}">${second} s</text>`,
    );
  }
  const lines = levels.map(
    (value) =>
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(value).toFixed(1)}" y2="${y(value).toFixed(1)}"/>` +
      `<text class="tick" text-anchor="end" x="${LEFT - 6}" y="${(y(value) + 4).toFixed(1)}">${round(value)}</text>`,
  );
  return [...lines, ...ticks];
}

/** At most about ten ticks, at round seconds. */
function tickStep(seconds: number): number {
  return [1, 2, 5, 10, 15, 30, 60, 120, 300, 600].find((step) => seconds / step <= 10) ?? 3_600;
}

function round(value: number): string {
  return value >= 10 ? value.toFixed(0) : value.toFixed(1).replace(/\.0$/, '');
}
