// Generates src/manifest/proto/generated/ and fields.json from nacre.proto; `--check` fails when what is
// committed differs. Static code only: no schema is ever read at run time (see docs/format.md on hostile input).
//
// fields.json is the schema's memory: every number that was ever given out, with its name and type. A schema that
// gives a number another meaning, or forgets one without `reserved`, is refused: datasets outlive releases.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import protobuf from 'protobufjs';

const root = path.resolve(import.meta.dirname, '..');
const schema = path.join(root, 'src', 'manifest', 'proto', 'nacre.proto');
const committed = path.join(root, 'src', 'manifest', 'proto', 'generated');
const check = process.argv.includes('--check');
const out = check ? mkdtempSync(path.join(os.tmpdir(), 'nacre-proto-')) : committed;

function run(tool, args) {
  const result = spawnSync(process.execPath, [path.join(root, 'node_modules', '.bin', tool), ...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (result.status !== 0) process.exit(1);
}

mkdirSync(out, { recursive: true });
const script = path.join(out, 'nacre.js');
const types = path.join(out, 'nacre.d.ts');
// Numbers stay <= 2^53 - 1 by the format, hence --force-number: no Long anywhere.
run('pbjs', [
  ...['-t', 'static-module', '-w', 'es6', '--es6', '--force-number', '--no-convert', '--no-verify'],
  ...['--no-delimited', '--no-typeurl', '--no-service', '-o', script, schema],
]);
run('pbts', ['--no-comments', '-o', types, script]);

/** `Message.number` of every field and value of the schema, with what it is. */
function fieldsOf(namespace, prefix = '', fields = {}) {
  for (const type of namespace.nestedArray ?? []) {
    const name = `${prefix}${type.name}`;
    for (const field of type.fieldsArray ?? []) {
      const many = field.map ? `map<${field.keyType}> ` : field.repeated ? 'repeated ' : '';
      const choice = field.partOf === null ? '' : ` in ${field.partOf.name}`;
      fields[`${name}.${field.id}`] = `${many}${field.type} ${field.name}${choice}`;
    }
    for (const [value, number] of Object.entries(type.values ?? {})) fields[`${name}.${number}`] = value;
    for (const reserved of type.reserved ?? []) {
      if (typeof reserved === 'string') continue;
      for (let id = reserved[0]; id <= reserved[1]; id++) fields[`${name}.${id}`] = 'reserved';
    }
    fieldsOf(type, `${name}.`, fields);
  }
  return fields;
}

const memory = path.join(committed, '..', 'fields.json');
const before = existsSync(memory) ? JSON.parse(readFileSync(memory, 'utf8')) : {};
const now = fieldsOf(protobuf.loadSync(schema).lookup('nacre.v1'));
const broken = Object.entries(before).filter(([id, what]) => now[id] !== what && now[id] !== 'reserved');
for (const [id, what] of broken) {
  console.error(`proto: ${id} was '${what}' and is '${now[id] ?? 'gone'}'; keep it, or reserve the number`);
}
if (broken.length > 0) process.exit(1);
const memoryText = `${JSON.stringify(now, null, 2)}\n`;
if (!check) writeFileSync(memory, memoryText);

if (check) {
  const same = ['nacre.js', 'nacre.d.ts'].every(
    (name) => readFileSync(path.join(out, name), 'utf8') === readFileSync(path.join(committed, name), 'utf8'),
  );
  rmSync(out, { recursive: true });
  if (!same || readFileSync(memory, 'utf8') !== memoryText) {
    console.error(
      'proto: generated code differs from nacre.proto; run `npm run proto` and commit the result',
    );
    process.exit(1);
  }
}
