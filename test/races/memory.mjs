// How much memory this process holds, as Linux says.
import { readFileSync, writeFileSync } from 'node:fs';

/** `VmRSS` or `VmHWM` of this process, bytes. */
export function memory(field) {
  const status = readFileSync('/proc/self/status', 'utf8');
  return 1024 * Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]);
}

/** From now on `VmHWM` is the most since now. */
export function resetPeak() {
  writeFileSync('/proc/self/clear_refs', '5');
}
