import type { Command } from 'commander';
import { cache } from '../../index.js';
import { exitCodes } from '../exit-codes.js';
import { bytesText, plural, shellWord } from '../output.js';
import { define, destructive } from '../program.js';

interface Options {
  readonly dir?: string;
  readonly remove?: boolean;
}

function place(command: Command): Command {
  return command.option(
    '--dir <folder>',
    'folder of the cache (default: NACRE_CACHE_DIR, else ~/.cache/nacre)',
  );
}

export const cacheInfo = define<Options>({
  usage: 'info',
  summary: 'show where the page cache is and what it holds',
  examples: ['nacre cache info', 'nacre cache info --json'],
  options: place,
  async work({ signal }, { dir }) {
    const state = await cache.info({ signal, ...(dir === undefined ? {} : { dir }) });
    const time = (ms: number | undefined): string | null =>
      ms === undefined ? null : new Date(ms).toISOString();
    const { leastRecentMs, mostRecentMs, ...counts } = state;
    const [used, most] = [bytesText(state.sizeBytes), bytesText(state.budgetBytes)];
    const lines = [
      state.folder,
      `${plural(state.pages, 'page')}, ${used} of at most ${most}`,
      ...(state.pages > 0 ? [`used between ${time(leastRecentMs)} and ${time(mostRecentMs)}`] : []),
      ...(state.unfinished > 0 ? [plural(state.unfinished, 'unfinished file')] : []),
    ];
    return {
      json: { ...counts, leastRecent: time(leastRecentMs), mostRecent: time(mostRecentMs) },
      text: lines.join('\n'),
      data: true,
    };
  },
});

export const cacheClear = define<Options>({
  usage: 'clear',
  summary: 'remove every page',
  details: 'Nothing is lost: pages are loaded anew when they are needed. Safe beside running processes.',
  examples: ['nacre cache clear --yes'],
  options: (command) => destructive(place(command)),
  async work(session, { dir, dryRun }) {
    const { signal } = session;
    const where = { signal, ...(dir === undefined ? {} : { dir }) };
    const { folder, pages, unfinished, sizeBytes } = await cache.info(where);
    const files = pages + unfinished;
    if (dryRun === true) {
      const text = `would remove ${plural(files, 'file')} (${bytesText(sizeBytes)}) from ${folder}`;
      return { json: { folder, files, sizeBytes, dryRun: true }, text };
    }
    if (files > 0)
      await session.confirm(`Remove ${plural(files, 'page')} (${bytesText(sizeBytes)}) from ${folder}?`);
    const cleared = await cache.clear(where);
    return {
      json: { folder, ...cleared },
      text:
        `removed ${plural(cleared.files, 'file')} (${bytesText(cleared.sizeBytes)}) from ${folder}\n` +
        'undo: none is needed, pages are loaded anew when they are read',
    };
  },
});

export const cacheVerify = define<Options>({
  usage: 'verify',
  summary: 'compare every page with its checksum',
  details:
    'Exit code 8 when a page is damaged. A damaged page harms no read: it is found then, and loaded anew.',
  examples: ['nacre cache verify', 'nacre cache verify --remove'],
  options: (command) => place(command).option('--remove', 'remove what is damaged'),
  async work(session, { dir, remove }) {
    const where = { signal: session.signal, ...(dir === undefined ? {} : { dir }) };
    const { folder, sizeBytes: total } = await cache.info(where);
    const progress = session.progress('verifying', 'bytes');
    const verified = await cache.verify({
      ...where,
      ...(remove === true ? { remove } : {}),
      onProgress: (bytes) => progress.update(bytes, total),
    });
    progress.end();
    const { pages, sizeBytes, damaged, damagedPages } = verified;
    const lines = [
      `${plural(pages, 'page')} (${bytesText(sizeBytes)}) in ${folder}, ${damagedPages} damaged`,
      ...damaged.map(({ path, reason }) => `damaged: ${shellWord(path)}: ${reason}`),
    ];
    return {
      json: { folder, ...verified },
      text: lines.join('\n'),
      data: true,
      exitCode: damagedPages > 0 ? exitCodes.damage : exitCodes.ok,
    };
  },
});
