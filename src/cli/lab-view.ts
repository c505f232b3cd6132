import { styleText } from 'node:util';
import type { LabEvent } from '../lab/lab-event.ts';
import type { LabEvents } from '../lab/lab-events.ts';
import type { LabPlane } from '../lab/plane/lab-plane.ts';
import type { LabServerState } from '../lab/plane/lab-server.ts';
import type { CliIo } from './io.ts';
import { LiveRegion } from './live-region.ts';
import { textTable } from './text-table.ts';

const REDRAW_MS = 250;
const DECISIONS = 10;

type Style = Parameters<typeof styleText>[0];
type Paint = (style: Style, text: string) => string;

const STATE_STYLES: Readonly<Record<LabServerState, Style>> = {
  ready: 'green',
  starting: 'yellow',
  draining: 'yellow',
  hung: 'red',
  stopped: 'red',
};

/** Servers and the latest decisions, drawn anew while something changes; nothing where the output is no terminal. */
export class LabView {
  readonly #region: LiveRegion;
  readonly #plane: LabPlane;
  readonly #events: LabEvents;
  readonly #paint: Paint;
  #timer: NodeJS.Timeout | undefined;
  #shown = '';

  constructor({ stdout, environment }: Pick<CliIo, 'stdout' | 'environment'>, plane: LabPlane, events: LabEvents) {
    this.#region = new LiveRegion(stdout);
    this.#plane = plane;
    this.#events = events;
    this.#paint = (style, text) => (environment.NO_COLOR ? text : styleText(style, text, { validateStream: false }));
  }

  start(): void {
    if (!this.#region.isLive) return;
    this.#draw();
    this.#timer = setInterval(() => this.#draw(), REDRAW_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#region.keep();
  }

  #draw(): void {
    const lines = [...this.#servers(), '', ...this.#decisions()];
    const text = lines.join('\n');
    if (text === this.#shown) return;
    this.#shown = text;
    this.#region.draw(lines);
  }

  #servers(): string[] {
    return textTable([
      ['SERVER', 'VERSION', 'STATE', 'ANSWERED'].map((title) => this.#paint('bold', title)),
      ...this.#plane.servers.map(({ name, version, state }) => [
        name,
        version,
        this.#paint(STATE_STYLES[state], state),
        String(this.#events.answeredBy(name)),
      ]),
    ]);
  }

  #decisions(): string[] {
    const { total, notFoundPrevented } = this.#events;
    const latest = this.#events.latest(DECISIONS);
    return [
      `${total} requests, ${notFoundPrevented} of them kept from a false 404`,
      ...textTable([
        ['METHOD', 'WHAT', 'STATUS', 'ANSWERED BY', 'WHY'].map((title) => this.#paint('bold', title)),
        ...latest.map((event) => this.#row(event)),
      ]),
      ...Array.from({ length: DECISIONS - latest.length }, () => ''),
    ];
  }

  #row({ method, what, status, server, by, reason }: LabEvent): string[] {
    const style: Style = status >= 500 || status === 0 ? 'red' : status >= 400 ? 'yellow' : 'green';
    return [method, what, this.#paint(style, String(status)), server ?? by, reason];
  }
}
