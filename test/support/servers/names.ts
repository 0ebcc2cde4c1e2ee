/** Every store that the suites run on; the first two need no server. */
export const storeNames = ['folder', 'memory', 'minio', 'versitygw', 'gcs'] as const;

export type StoreName = (typeof storeNames)[number];
export type ServerName = Exclude<StoreName, 'folder' | 'memory'>;
