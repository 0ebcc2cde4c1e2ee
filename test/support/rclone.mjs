// The rclone that copies a dataset as any other tool would: the one on the PATH, else one with the two
// backends that the tests need, built once from test/support/rclone into the cache folder of the tests.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { cacheFolder } from './servers/binaries.mjs';

const source = path.join(import.meta.dirname, 'rclone');

/** The path of an rclone. Undefined, with one printed line, where there is none; with `CI=true` an error. */
export function findRclone() {
  if (spawnSync('rclone', ['version']).status === 0) return 'rclone';
  const [, version] = /rclone (v[\d.]+)/.exec(readFileSync(path.join(source, 'go.mod'), 'utf8')) ?? [];
  const binary = path.join(cacheFolder(), `bin-rclone-${version}`, 'rclone');
  if (existsSync(binary)) return binary;
  mkdirSync(cacheFolder(), { recursive: true });
  const scratch = mkdtempSync(path.join(cacheFolder(), 'build-'));
  console.log(`rclone: building ${version} (minutes, the first time only)`);
  const built = spawnSync(
    'go',
    ['build', '-trimpath', '-ldflags=-s -w', '-o', path.join(scratch, 'rclone'), '.'],
    {
      cwd: source,
      encoding: 'utf8',
    },
  );
  if (built.status === 0) {
    rmSync(path.dirname(binary), { recursive: true, force: true });
    renameSync(scratch, path.dirname(binary));
    return binary;
  }
  rmSync(scratch, { recursive: true, force: true });
  const why = `no rclone on the PATH, and it cannot be built: ${built.error?.message ?? built.stderr.trim()}`;
  if (process.env['CI'] === 'true') throw new Error(why);
  console.log(`rclone: ${why}`);
  return undefined;
}

/** `:s3,…:bucket/prefix`, a remote that needs no configuration file. */
export function s3Remote(server, uri) {
  const settings = {
    provider: 'Other',
    endpoint: server.endpoint,
    access_key_id: server.accessKeyId,
    secret_access_key: server.secretAccessKey,
    force_path_style: 'true',
  };
  const text = Object.entries(settings).map(([name, value]) => `${name}="${value}"`);
  return `:s3,${text.join(',')}:${uri.replace(/^s3:\/\//, '')}`;
}

export function rcloneCopy(rclone, from, to) {
  const { status, stderr } = spawnSync(rclone, ['copy', '--config', '', '--checksum', from, to], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`rclone copy ended with ${status}: ${stderr}`);
}
