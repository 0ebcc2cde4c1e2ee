// What a file's name says of its format.

/** In lower case, without the dot; '' where there is none. The query of a URI is not its ending. */
export function endingOf(name: string): string {
  return /\.([^./\\]+)$/.exec(pathOf(name))?.[1]?.toLowerCase() ?? '';
}

/** The last two, `zarr.zip`; '' where there are not as many. */
export function twoEndingsOf(name: string): string {
  return /\.([^./\\]+\.[^./\\]+)$/.exec(pathOf(name))?.[1]?.toLowerCase() ?? '';
}

function pathOf(name: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(name) ? name.replace(/[?#].*$/, '') : name;
}
