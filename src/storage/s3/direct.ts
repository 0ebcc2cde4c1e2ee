// The SDK's own transport, but for GETs that say where their bodies go: those take the direct way.
import type { S3Client } from '@aws-sdk/client-s3';
import { buildQueryString } from '@smithy/core/protocols';
import { type DirectGet, DirectGets, type DirectOptions } from '../http-direct.js';

/** What `client.send` hands on to the transport. */
export interface SendOptions {
  readonly abortSignal?: AbortSignal;
  /** Memory for the body of a GET, used when it is as long; `uri` is for messages. */
  readonly place?: { readonly bytes: Uint8Array; readonly uri: string };
}

/** The part of the SDK's transport that is used here; its own types leave the request open. */
interface Transport {
  handle(request: SignedRequest, options?: SendOptions): Promise<{ readonly response: unknown }>;
  destroy(): void;
}

interface SignedRequest extends Pick<DirectGet, 'protocol' | 'hostname' | 'port' | 'path' | 'headers'> {
  readonly method: string;
  readonly query: Parameters<typeof buildQueryString>[0];
}

/** To be called once for a client. */
export function sendDirectly(client: S3Client, options: DirectOptions): void {
  const transport = client.config.requestHandler as Transport;
  const handle = transport.handle.bind(transport);
  const destroy = transport.destroy.bind(transport);
  const direct = new DirectGets(options);
  transport.handle = async (request, send = {}) => {
    const { place, abortSignal: signal } = send;
    if (place === undefined || request.method !== 'GET') return handle(request, send);
    const { protocol, port, headers } = request;
    // Of an IPv6 address the SDK hands the brackets on.
    const hostname = request.hostname.replace(/^\[|\]$/g, '');
    const query = buildQueryString(request.query);
    const path = query === '' ? request.path : `${request.path}?${query}`;
    const to = { protocol, hostname, port, path, headers };
    return { response: await direct.get({ ...to, into: place.bytes, uri: place.uri, signal }) };
  };
  transport.destroy = () => {
    direct.close();
    destroy();
  };
}
