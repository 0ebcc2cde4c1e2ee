// What `import 'nacre'` adds to the start of a process, and how large the native binary is. Nothing of a cloud
// is loaded by the import: an SDK comes with the first use of its scheme.
import { spawnSync } from 'node:child_process';
import { statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
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
  const binary = JSON.stringify(path.join(dist, 'nacre.node'));
  const url = (file) => JSON.stringify(pathToFileURL(path.join(dist, file)).href);
  const samplers = {
    bare: script('bare', ''),
    nacre: script('nacre', `import ${url('index.js')};`),
    native: script('native', `import ${url('index.js')};\nprocess.dlopen({ exports: {} }, ${binary});`),
  };
  for (const run of Object.values(samplers)) run();
  const { bare, nacre, native } = await interleaved(rounds, samplers);
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
    row({ what: 'with the native binary loaded', value: native - bare, unit: 'ms', others: beside }),
    row({ what: 'native binary', value: size / 1e6, unit: 'MB', most: 4 }),
  ];
}

function runMs(file) {
  const start = performance.now();
  const { status } = spawnSync(process.execPath, [file], { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error(`${path.basename(file)} ended with ${status}`);
  return performance.now() - start;
}
