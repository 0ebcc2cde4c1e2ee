// What only commits need, a fifth of the engine: the first one loads it, so that opening and the first query
// of a process do not wait until it is compiled.
export { Committer } from '../manifest/commit.js';
export { decodeToken, settle } from '../manifest/settle.js';
export { adoptCopy } from './adopt.js';
export { attemptWrite } from './attempt.js';
export { restoreVersion } from './planned.js';
export { planDeletion, tagVersion } from './tags.js';
export { TransactionHandle } from './transaction-handle.js';
