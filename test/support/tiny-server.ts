// A loopback HTTP server of a few lines, for answers that no real store gives on demand.
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TinyServer {
  readonly endpoint: string;
  /** `METHOD path` of each request so far. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

/** Serves with `answer`, which sees requests after their bodies have arrived. */
export async function tinyServer(
  answer: (request: http.IncomingMessage, response: http.ServerResponse) => void,
): Promise<TinyServer> {
  const requests: string[] = [];
  const server = http.createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    request.resume().on('end', () => answer(request, response));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    requests,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
