// The race that every commit is: many writers, one key, exactly one winner. A store that lets two win loses
// commits.
import { isNacreError } from '../../errors.js';
import type { PutCondition } from '../../storage/object-store.js';
import { utf8 } from '../../util/bytes.js';
import { callOptions, failed, type Finding, ok, type Probe, timed, type Tried } from './finding.js';

const racers = 32;
const rounds = 5;

const refusedForMany = 'refused for several writers';

async function race(tried: Tried, key: string, condition: PutCondition): Promise<string | undefined> {
  const { store, latencies } = tried;
  const call = callOptions(tried);
  const outcomes = await Promise.all(
    Array.from({ length: racers }, async (_, racer) => {
      try {
        const body = utf8.encode(`racer ${racer}`);
        const put = (): ReturnType<typeof store.put> => store.put(key, body, { ...call, condition });
        return (await timed(tried, latencies.put, put)).outcome;
      } catch (error) {
        // Turned away to be left alone: it may have won all the same, and what is stored tells.
        if (isNacreError(error, 'Unavailable')) return 'unclear';
        throw error;
      }
    }),
  );
  const winners = outcomes.flatMap((outcome, racer) => (outcome === 'written' ? [racer] : []));
  const stored = await store.get(key, call);
  const holder = Number(/^racer (\d+)$/.exec(stored === undefined ? '' : utf8.decode(stored.bytes))?.[1]);
  if (winners.length > 1) return `${winners.length} of ${racers} writers won the same key`;
  if (winners.length === 1) return winners[0] === holder ? undefined : 'the body of a loser is stored';
  if (Number.isNaN(holder)) return 'nobody won';
  return outcomes[holder] === 'unclear' ? undefined : 'the body of a loser is stored';
}

async function everyRound(
  tried: Tried,
  name: string,
  prepare: (key: string) => Promise<PutCondition>,
): Promise<Omit<Finding, 'check'>> {
  for (let round = 0; round < rounds; round++) {
    const key = tried.key(`${name}-${round}`);
    const problem = await race(tried, key, await prepare(key));
    if (problem !== undefined) return failed(`${refusedForMany}: ${problem}`);
  }
  return ok(`${rounds} rounds of ${racers} writers, one winner each`);
}

export const raceProbes: readonly Probe[] = [
  {
    check: 'create race',
    needs: ['create'],
    run: (tried) => everyRound(tried, 'race', async () => 'absent'),
  },
  {
    check: 'replace race',
    needs: ['compare-and-swap'],
    run: (tried) =>
      everyRound(tried, 'swap-race', async (key) => {
        const made = await tried.store.put(key, utf8.encode('start'), {
          ...callOptions(tried),
          condition: 'absent',
        });
        return made.outcome === 'written' ? { token: made.token } : 'absent';
      }),
  },
];
