// Checks of processes that have done all that they were to do, and have closed every handle: nothing is left
// of it in memory, and nothing goes on. Those that crashed take what they held with them.
import type { Left } from '../holdings.js';
import type { Record } from '../record.js';
import type { Fail } from './upkeep-checks.js';

const name = 'C17 what was taken is given back';

export function checkRest({ rests }: Record, fail: Fail): void {
  for (const { process, atOnce, left, sent, holdings } of rests) {
    const told = (counts: Left, when: string): void => {
      for (const [what, count] of Object.entries(counts))
        if (count !== 0) fail(name, `${process} is left with ${count} ${what} ${when}`);
    };
    told(left, atOnce ? 'when it closed its handle' : 'some minutes after its end');
    if (atOnce) continue;
    told(holdings.left(), 'at the end of the world');
    if (holdings.sent > sent) fail(name, `${process} sent ${holdings.sent - sent} requests after its end`);
  }
}
