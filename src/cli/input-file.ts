// A file of arrays on its way into a dataset: looked at, then opened once for all of its arrays that are
// brought in, and closed after the last. Of thousands of files few are open at a time.
import { type ArrayFile, type Dataset, type FileArray, NacreError } from '../index.js';
import { type FileOptions, openFile, type OpenFile } from './array-files.js';
import type { Session } from './session.js';
import { sameType } from './sources.js';

export class InputFile {
  readonly #session: Session;
  readonly #name: string;
  readonly #options: FileOptions;
  #opened: OpenFile | undefined;
  /** Arrays that it is still open for, by their names. */
  readonly #wanted = new Set<string | undefined>();

  constructor(session: Session, name: string, options: FileOptions, opened: OpenFile) {
    this.#session = session;
    this.#name = name;
    this.#options = options;
    this.#opened = opened;
  }

  /** Closes it until it is opened again; not a pipe, which gives its bytes only once. */
  async pause(): Promise<void> {
    const opened = this.#opened;
    if (opened?.file.reopens !== true) return;
    this.#opened = undefined;
    await opened.close();
  }

  /** An array is to be read, maybe once more: what a write does begins anew when another was faster. */
  expect(from: string | undefined): void {
    this.#wanted.add(from);
  }

  /** Opens it unless it is; its requests count among the dataset's. */
  async open(dataset: Dataset): Promise<ArrayFile> {
    this.#opened ??= await openFile(this.#session, this.#name, this.#options, dataset);
    return this.#opened.file;
  }

  /** An array that was expected is done. */
  async done(from: string | undefined): Promise<void> {
    this.#wanted.delete(from);
    if (this.#wanted.size === 0) await this.pause();
  }
}

type Looked = Pick<FileArray, 'rows' | 'type'> & { readonly from: string | undefined };

/** The array that was looked at; `Conflict` where the file is another one by now. */
export function sameArray(file: ArrayFile, { from, rows, type }: Looked): FileArray {
  const found = file.arrays.find(({ array }) => array === from);
  if (found !== undefined && found.rows === rows && sameType(found.type, type)) return found;
  throw new NacreError('Conflict', `${file.name} was changed after it was looked at`, {
    context: { file: file.name },
    hint: 'Wait until nobody writes to it, then try again.',
  });
}
