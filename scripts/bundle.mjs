// The two entries as bundles, because loading a hundred files takes 60 ms.
//
// esbuild cuts them where a part is loaded on use, and makes a file of its own of whatever two such parts share:
// forty files for opening a dataset, each of which costs some half a millisecond. So what opening and the first
// query need is two files in the end: what sends the first request, and what is loaded while it is under way.
// What else the first commit needs is a third.
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { build, transform } from 'esbuild';
import { rollup } from 'rollup';

const entries = ['src/index.ts', 'src/cli/main.ts'];

/**
 * What commits load on use, and what opening a dataset loads, whatever its scheme (but GCS, which is its SDK), with
 * all that they import: a file each, and what two import is of the later.
 */
const groups = {
  writing: ['src/dataset/writing.ts'],
  opening: ['src/dataset/opening.ts', 'src/storage/local.ts'],
  asking: ['src/dataset/backend.ts', 'src/storage/s3.ts'],
  // The import of the package alone stays as cheap as it is: rollup puts what a group imports into it, unless
  // it is of another.
  surface: [entries[0]],
};

/** What a command or a backend loads on use (SDKs, commander) stays out. */
const external = ['@aws-sdk/*', '@smithy/*', '@google-cloud/*', 'commander'];

/** Writes `dist/index.js`, `dist/cli/main.js` and their chunks. */
export async function bundle(root) {
  const dist = path.join(root, 'dist');
  const cut = path.join(dist, '.cut');
  rmSync(cut, { recursive: true, force: true });
  mkdirSync(cut, { recursive: true });
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: entries,
    bundle: true,
    splitting: true,
    metafile: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    outdir: cut,
    outbase: 'src',
    sourcemap: true,
    // Of all that a start parses blanks are a quarter. Names of ours stay, for stack traces.
    minifyWhitespace: true,
    minifySyntax: true,
    chunkNames: 'chunk-[hash]',
    external,
    logLevel: 'warning',
    plugins: [small],
  });
  for (const name of readdirSync(dist)) if (name.startsWith('chunk-')) rmSync(path.join(dist, name));
  await join({ root, cut, dist, groupOf: groupsOf(metafile) });
  rmSync(cut, { recursive: true });
}

/** Code of others and of pbjs without its names, too: half of all that is parsed at a start, 15 ns a byte. */
const small = {
  name: 'small',
  setup: ({ onLoad }) =>
    onLoad({ filter: /[\\/](node_modules|generated)[\\/].*\.[cm]?js$/ }, async ({ path: file }) => {
      const source = readFileSync(file, 'utf8');
      const { code } = await transform(source, {
        minify: true,
        target: 'node20.19',
        sourcemap: 'inline',
        sourcefile: path.basename(file),
      });
      return { contents: code, loader: 'js' };
    }),
};

/** Of each file that is to be part of a larger one the name of that; by path from the root. */
function groupsOf({ outputs }) {
  const made = new Map(
    Object.entries(outputs).flatMap(([name, { entryPoint }]) => (entryPoint ? [[entryPoint, name]] : [])),
  );
  const closure = (sources) => {
    const reached = new Set();
    const visit = (name) => {
      if (reached.has(name)) return;
      reached.add(name);
      for (const { path: next, kind, external } of outputs[name].imports)
        if (kind === 'import-statement' && external !== true) visit(next);
    };
    for (const source of sources) {
      const name = made.get(source);
      if (name === undefined) throw new Error(`${source} is loaded on use no more: see scripts/bundle.mjs`);
      visit(name);
    }
    return reached;
  };
  const groupOf = new Map();
  for (const [group, sources] of Object.entries(groups))
    for (const name of closure(sources)) groupOf.set(name, group);
  groupOf.delete(made.get(entries[0]));
  return groupOf;
}

async function join({ root, cut, dist, groupOf }) {
  const bundled = await rollup({
    input: { index: path.join(cut, 'index.js'), 'cli/main': path.join(cut, 'cli', 'main.js') },
    // esbuild did that.
    treeshake: false,
    external: (id) => !id.startsWith('.') && !path.isAbsolute(id),
    plugins: [
      {
        name: 'with-source-maps',
        load: (file) => ({
          code: readFileSync(file, 'utf8'),
          map: JSON.parse(readFileSync(`${file}.map`, 'utf8')),
        }),
      },
    ],
    onwarn(warning) {
      throw new Error(warning.message);
    },
  });
  await bundled.write({
    dir: dist,
    format: 'es',
    sourcemap: true,
    entryFileNames: '[name].js',
    chunkFileNames: 'chunk-[hash].js',
    manualChunks: (id) => groupOf.get(path.relative(root, id)),
  });
  await bundled.close();
}
