// A place by its address, with all that belongs around it, for as long as its caller needs it.
import type { Meter } from '../storage/wrap/meter.js';
import type { ConnectOptions, Environment } from './environment.js';

export interface PlaceOptions extends ConnectOptions {
  /** Gets what counts the requests of each place that is opened. */
  readonly onConnect?: (meter: Meter) => void;
}

export interface Connected {
  readonly environment: Environment;
  readonly close: () => Promise<void>;
}

export async function connect(uri: string, options: PlaceOptions): Promise<Connected> {
  const [{ openBackend }, { environmentOf }] = await Promise.all([
    import('./backend.js'),
    import('./environment.js'),
  ]);
  // Whatever the handle at hand waits for: what is copied or mended here is for when something was lost.
  const backend = await openBackend(uri, { ...options, durability: 'fsync' });
  try {
    const environment = environmentOf(backend, options);
    options.onConnect?.(environment.meter);
    const close = async (): Promise<void> => {
      await environment.cache.close();
      await environment.store.close();
    };
    return { environment, close };
  } catch (error) {
    await backend.close();
    throw error;
  }
}
