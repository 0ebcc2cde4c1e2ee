// Commits to a folder without fsync until it is killed: `node durability-child.mjs FOLDER`. Prints the version
// of each commit that was acknowledged. Imports the built library, as users do.
import { open } from '../../dist/index.js';

const dataset = await open(process.argv[2], { durability: 'none', cacheDir: false });
for (let i = 0; ; i++) {
  const rows = { data: new Float32Array(100_000).fill(i), shape: [100_000] };
  const { version } = await dataset.write((tx) => tx.append('a', rows));
  process.stdout.write(`${version}\n`);
}
