// What Nacre adds to the start of a process, and how large the native binary is. The import loads the surface;
// the engine and the binary come with the first open, an SDK with the first use of its scheme.
import { spawnSync } from 'node:child_process';
import { statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { open } from '../dist/index.js';
import { interleaved, row } from './harness.mjs';

export const title = 'start';

export const full = (context) => measure(context, { rounds: 20 });
export const small = (context) => measure(context, { rounds: 1 });

const dist = path.resolve(import.meta.dirname, '..', 'dist');

async function measure(context, { rounds }) {
  const folder = context.folder('start');
  const script = (name, text) => {
    const file = path.join(folder, `${name}.mjs`);
    writeFileSync(file, text);
    return () => runMs(file);
  };
  const url = JSON.stringify(pathToFileURL(path.join(dist, 'index.js')).href);
  const dataset = JSON.stringify(await smallDataset(path.join(folder, 'dataset')));
  const samplers = {
    bare: script('bare', ''),
    nacre: script('nacre', `import ${url};`),
    read: script(
      'read',
      `import { open } from ${url};
      const dataset = await open(${dataset});
      await dataset.array('e').read({ start: 0, end: 10 });
      await dataset.close();`,
    ),
    version: () => runMs(path.join(dist, 'cli', 'main.js'), '--version'),
  };
  for (const run of Object.values(samplers)) run();
  const { bare, nacre, read, version } = await interleaved(rounds, samplers);
  const { size } = statSync(path.join(dist, 'nacre.node'));
  const beside = [{ name: 'bare Node', value: bare, unit: 'ms' }];
  return [
    row({
      what: "import 'nacre', over bare Node",
      value: nacre - bare,
      unit: 'ms',
      most: 15,
      others: beside,
    }),
    row({ what: 'the same, and 10 rows read from a folder', value: read - bare, unit: 'ms', others: beside }),
    row({ what: '`nacre --version`, over bare Node', value: version - bare, unit: 'ms', others: beside }),
    row({ what: 'native binary', value: size / 1e6, unit: 'MB', most: 4 }),
  ];
}

async function smallDataset(uri) {
  const dataset = await open(uri, { create: true });
  await dataset.write(async (tx) => {
    await tx.create('e', { dtype: 'float32', rowShape: [4] });
    await tx.append('e', { data: new Float32Array(4_000), shape: [1_000, 4] });
  });
  await dataset.close();
  return uri;
}

function runMs(...command) {
  const start = performance.now();
  const { status } = spawnSync(process.execPath, command, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}`);
  return performance.now() - start;
}
