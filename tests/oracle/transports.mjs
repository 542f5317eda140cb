// Sends requests over all transports in turns.
import WebSocket from 'ws';

import { ACCEPT, Http, Socket, search } from '../clients/transports.mjs';

export const NAMES = ['post', 'get', 'multipart', 'ws', 'sse'];

/** Maximum length of a query string in bytes; the server accepts a little more. */
const LONGEST_SEARCH = 48 << 10;

/** Sends requests to a server over one of the transports, or over `all` in turns. */
export class Transports {
  constructor(url, chosen) {
    if (chosen !== 'all' && !NAMES.includes(chosen)) throw new Error(`there is no transport "${chosen}": choose ${NAMES.join(', ')} or all`);
    this.http = new Http(url);
    this.socket = new Socket(WebSocket, url);
    this.chosen = chosen;
  }

  /** The transport of the operation with a number. */
  of(number) {
    return this.chosen === 'all' ? NAMES[number % NAMES.length] : this.chosen;
  }

  /** The answer to a request; `variables` are an object, or raw JSON. */
  async ask(request, transport) {
    const { type, status, text } = await this.#send(request, transport);
    if (type === 'close') throw new Error(`the WebSocket was closed with ${status}: ${text}`);
    return JSON.parse(text);
  }

  #send(request, transport) {
    switch (transport) {
      case 'ws': return this.socket.send(request);
      case 'multipart': return this.http.post(request, { accept: ACCEPT.multipart });
      case 'sse': return this.http.post(request, { accept: ACCEPT.events });
      case 'get':
        if (search(request).length <= LONGEST_SEARCH) return this.http.get(request, { accept: ACCEPT.get });
      // falls through
      default: return this.http.post(request, { accept: ACCEPT.post });
    }
  }

  async close() {
    this.http.close();
    await this.socket.close();
  }
}
