import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { Agent, request } from 'node:https';
import { bytesOf } from '../content.ts';
import {
  type Call,
  type Caller,
  type CallListener,
  type OpenCall,
  type SoakClient,
  UPLOAD_CHUNK_BYTES,
} from './soak-client.ts';

/** As many kept HTTP/1.1 connections as calls are open. */
export class H1Client implements SoakClient {
  readonly protocol = 'http/1.1';
  open = 0;
  isAbandoned = false;
  isRetired = false;
  readonly #agent: Agent;
  readonly #caller: Caller;
  readonly #room: number;
  readonly #requests = new Set<ClientRequest>();

  constructor(caller: Caller, room: number) {
    this.#caller = caller;
    this.#room = room;
    this.#agent = new Agent({ keepAlive: true, maxFreeSockets: room, ca: caller.ca, ...caller.certificate });
  }

  get hasRoom(): boolean {
    return !this.isRetired && this.open < this.#room;
  }

  call(call: Call, listener: CallListener): OpenCall {
    const headers: OutgoingHttpHeaders = { ...call.fields };
    if (this.#caller.certificate === undefined) headers['authorization'] = `Bearer ${this.#caller.token}`;
    if (call.body !== undefined && call.sendsLength) headers['content-length'] = call.body.length;
    const { hostname, port } = new URL(this.#caller.url);
    const asked = request({ hostname, port, method: call.method, path: call.target, headers, agent: this.#agent });
    this.open += 1;
    this.#requests.add(asked);
    let response: IncomingMessage | undefined;
    let failure = '';
    asked.on('error', (error) => {
      failure ||= error.message;
    });
    asked.once('response', (received) => {
      response = received;
      received.on('error', (error) => {
        failure ||= error.message;
      });
      listener.head(received.statusCode ?? 0, received.headers);
      received.on('data', (chunk: Buffer) => listener.data(chunk));
      received.once('end', () => listener.trailers(received.trailers));
    });
    asked.once('close', () => {
      this.open -= 1;
      this.#requests.delete(asked);
      listener.over(response?.complete === true && response.readableEnded, failure || 'the connection was closed');
      if (this.isRetired && this.open === 0) this.#agent.destroy();
    });
    if (call.body === undefined) asked.end();
    else upload(asked, bytesOf(call.body), listener);
    return {
      pause: () => void response?.pause(),
      resume: () => void response?.resume(),
      cancel: () => void asked.destroy(),
    };
  }

  retire(): void {
    this.isRetired = true;
    if (this.open === 0) this.#agent.destroy();
  }

  abandon(): void {
    this.isRetired = true;
    this.isAbandoned = true;
    for (const asked of this.#requests) asked.destroy();
    this.#agent.destroy();
  }
}

/** After the answer Node says `drain` no more, and what is still to be sent has to go without it. */
function upload(asked: ClientRequest, bytes: Buffer, listener: CallListener): void {
  let at = 0;
  let isAnswered = false;
  const more = (): void => {
    while (at < bytes.length && !asked.destroyed) {
      const chunk = bytes.subarray(at, at + UPLOAD_CHUNK_BYTES);
      at += chunk.length;
      const goesOn = asked.write(chunk);
      listener.sent(at);
      if (!goesOn && !isAnswered && at < bytes.length) return;
    }
    asked.off('drain', more);
    if (!asked.destroyed) asked.end();
  };
  asked.on('drain', more);
  asked.once('response', (response) => {
    response.once('end', () => {
      isAnswered = true;
      if (!asked.writableEnded) more();
    });
  });
  more();
}
