/** Which requests a rule is about, how often it fires among them, and what happens then. */
export interface ProxyRule {
  /** Default: every method. */
  readonly method?: string;
  /**
   * Regular expression on path and query, as they stand in the request; an upload to GCS ends in `&name=` and the
   * name of its object. Default: every one.
   */
  readonly path?: string;
  /** Matching requests to leave alone first. Default 0. */
  readonly skip?: number;
  /** Fires at every nth of the rest. Default 1. */
  readonly every?: number;
  /** Fires at most so often. Default: no limit. */
  readonly times?: number;
  /** Chance of firing, drawn from `seed` (default 1). Default 1. */
  readonly probability?: number;
  readonly seed?: number;
  /**
   * `drop`: never reaches the server. `stall`: nor is it ever answered. `answer`: `status` with `code`, `headers`, `body`, without the
   * server. `hold`: a write is answered as done and thrown away. `cut`: done by the server, the answer
   * lost. `flip`: one bit of the answer's body. `truncate`: the body ends early. `delay`: `delayMs` before
   * the server hears of it.
   */
  readonly action: 'drop' | 'stall' | 'answer' | 'hold' | 'cut' | 'flip' | 'truncate' | 'delay';
  readonly status?: number;
  readonly code?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** `cut`, `truncate`: bytes of the body that pass. `flip`: the byte. */
  readonly atByte?: number;
  readonly delayMs?: number;
  /** Of a proxy in this process: what happens before the server hears of it. */
  readonly before?: () => Promise<void>;
  /** Of a `cut` in this process: what happens when the server has done it, before the connection breaks. */
  readonly after?: () => Promise<void>;
}

export interface ProxyStats {
  readonly requests: Readonly<Record<string, number>>;
  readonly total: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly connections: number;
  /** Dependent round trips. */
  readonly waves: number;
  /** `METHOD path?query range`, the first 1,000. */
  readonly log: readonly string[];
  readonly rules: readonly RuleCounts[];
}

export type RuleCounts = ProxyRule & { readonly matched: number; readonly fired: number };

export interface Latency {
  /** Before each request. */
  readonly ms?: number;
  /** Megabytes a second of each answer; 0 is no limit. */
  readonly mbps?: number;
  /** Before a connection's first request, in addition. */
  readonly connect?: number;
}

export interface Proxy {
  readonly endpoint: string;
  setRules(rules: readonly ProxyRule[]): void;
  rules(): RuleCounts[];
  latency(latency: Latency): void;
  /** What happened since the last call. */
  takeStats(): ProxyStats;
  close(): Promise<void>;
}

export declare function startProxy(target: string, options?: { readonly port?: number }): Promise<Proxy>;
