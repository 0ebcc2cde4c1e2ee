// What a file's name says of its format.

/** In lower case, without the dot; '' where there is none. The query of a URI is not its ending. */
export function endingOf(name: string): string {
  const path = /^[a-z][a-z0-9+.-]*:\/\//i.test(name) ? name.replace(/[?#].*$/, '') : name;
  return /\.([^./\\]+)$/.exec(path)?.[1]?.toLowerCase() ?? '';
}
