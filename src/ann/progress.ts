// What a build tells of its progress.

/**
 * What is being done: rows of a sample read, the coding of rows and centroids trained by them, rows coded and
 * put into lists, rows linked, queries measured. `resume` is told once, of a build that an earlier process or
 * call left, with the rows that are in the index already.
 */
export type BuildPhase = 'resume' | 'sample' | 'train' | 'code' | 'link' | 'calibrate';

/**
 * Told how much of a phase is done; a build goes through its phases in turn, and through those of graphs for
 * each of them. Rows of all but `train`, which has steps, and `calibrate`, which has queries.
 */
export type OnProgress = (done: number, total: number, phase: BuildPhase) => void;
