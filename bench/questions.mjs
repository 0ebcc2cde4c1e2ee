// Every question, in the order of the table.
import * as ann from './ann.mjs';
import * as append from './append.mjs';
import * as changes from './changes.mjs';
import * as exact from './exact.mjs';
import * as filtered from './filtered.mjs';
import * as filters from './filters.mjs';
import * as folder from './folder.mjs';
import * as formats from './formats.mjs';
import * as gc from './gc.mjs';
import * as graphs from './graphs.mjs';
import * as importFile from './import.mjs';
import * as manifestBytes from './manifest-bytes.mjs';
import * as open from './open.mjs';
import * as parity from './parity.mjs';
import * as readRows from './read-rows.mjs';
import * as read from './read.mjs';
import * as replicate from './replicate.mjs';
import * as scrub from './scrub.mjs';
import * as startup from './startup.mjs';

export const questions = {
  open,
  'read-rows': readRows,
  'manifest-bytes': manifestBytes,
  append,
  read,
  import: importFile,
  formats,
  gc,
  replicate,
  parity,
  scrub,
  folder,
  changes,
  startup,
  exact,
  filters,
  ann,
  filtered,
  graphs,
};
