// Which formats the options of a reader are for: one that says nothing there would be taken for heeded.
import { NacreError } from '../../errors.js';
import type { CallOptions } from '../../storage/object-store.js';
import type { ReadArraysOptions } from './array-file.js';

const formatsOf: Readonly<Record<Exclude<keyof ReadArraysOptions, keyof CallOptions>, readonly string[]>> = {
  dtype: ['csv', 'tsv', 'raw'],
  header: ['csv', 'tsv'],
  rowShape: ['raw'],
  offset: ['raw'],
};

export function checkReadOptions(file: string, format: string, options: ReadArraysOptions): void {
  for (const [option, formats] of Object.entries(formatsOf)) {
    if (options[option as keyof typeof formatsOf] === undefined || formats.includes(format)) continue;
    const what = `${file}: the option ${option} says nothing of ${format} files`;
    throw new NacreError('InvalidArgument', what, {
      context: { file, format, option },
      hint: `It is for ${formats.join(', ')}: leave it out, or give the format.`,
    });
  }
}
