export interface Pin {
  readonly module: string;
  readonly version: string;
  readonly endpointVariable: string;
}
export declare const pins: Readonly<Record<string, Pin>>;
export declare const serverNames: readonly string[];
export declare function cacheFolder(): string;
export declare function binaryPath(name: string): string;
export declare function buildBinaries(names: readonly string[]): Promise<Readonly<Record<string, string>>>;
