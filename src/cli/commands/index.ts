// Every command, in the order of --help.
import type { Command } from 'commander';
import type { Register } from '../program.js';
import { append } from './append.js';
import { attributes } from './attributes.js';
import {
  backupCreate,
  backupForget,
  backupList,
  backupRestore,
  backupSchedule,
  backupVerify,
} from './backup.js';
import { buildIndex } from './build-index.js';
import { cacheClear, cacheInfo, cacheVerify } from './cache.js';
import { compact } from './compact.js';
import { convert } from './convert.js';
import { create } from './create.js';
import { diff } from './diff.js';
import { doctor } from './doctor.js';
import { drop } from './drop.js';
import { expire } from './expire.js';
import { exportCommand } from './export.js';
import { gc } from './gc.js';
import { importCommand } from './import.js';
import { info } from './info.js';
import { log } from './log.js';
import { ls } from './ls.js';
import { query } from './query.js';
import { read } from './read.js';
import { rename } from './rename.js';
import { paritySet, parityShow, parityUpdate } from './parity.js';
import { packCommand, unpackCommand } from './pack.js';
import { promote } from './promote.js';
import { repair } from './repair.js';
import { replace } from './replace.js';
import { replicate } from './replicate.js';
import { scrub } from './scrub.js';
import { setAttributes } from './set-attributes.js';
import { restore } from './restore.js';
import { settle } from './settle.js';
import { status } from './status.js';
import { tag } from './tag.js';
import { upsert } from './upsert.js';
import { verifyCertificate } from './verify-certificate.js';

const cache: Register = (program, running) => {
  const group: Command = program.command('cache').description('look after the page cache of this machine');
  for (const register of [cacheInfo, cacheClear, cacheVerify]) register(group, running);
};

const parity: Register = (program, running) => {
  const group: Command = program
    .command('parity')
    .description('cover objects of an array by others, from which repair makes lost ones');
  for (const register of [paritySet, parityUpdate, parityShow]) register(group, running);
};

const backup: Register = (program, running) => {
  const group: Command = program.command('backup').description('make points of a dataset in another place');
  const all = [backupCreate, backupList, backupVerify, backupRestore, backupForget, backupSchedule];
  for (const register of all) register(group, running);
};

export const commands: readonly Register[] = [
  create,
  importCommand,
  append,
  upsert,
  replace,
  drop,
  rename,
  attributes,
  setAttributes,
  read,
  exportCommand,
  convert,
  info,
  ls,
  log,
  diff,
  tag,
  restore,
  packCommand,
  unpackCommand,
  query,
  verifyCertificate,
  buildIndex,
  settle,
  scrub,
  repair,
  replicate,
  promote,
  backup,
  status,
  parity,
  compact,
  expire,
  gc,
  cache,
  doctor,
];
