import type { TestServer } from './servers/index.ts';

export function findRclone(): string | undefined;
export function s3Remote(
  server: Pick<TestServer, 'endpoint' | 'accessKeyId' | 'secretAccessKey'>,
  uri: string,
): string;
export function rcloneCopy(rclone: string, from: string, to: string): void;
