// How many nodes and buffers of a record batch a column takes, whatever its type: what must be known to find
// the columns behind it.
import * as fb from '../../../attributes/arrow/format.js';
import { damaged, type Table } from '../../../attributes/arrow/table.js';

export interface Extent {
  readonly nodes: number;
  /** Without those that views point into. */
  readonly buffers: number;
  /** Columns of views, whose further buffers each batch counts. */
  readonly views: number;
}

const mostDepth = 64;

export function extentOf(field: Table, depth = 0): Extent {
  if (depth > mostDepth) throw damaged('a column lies too deep');
  // What lies in a batch are places in a dictionary.
  if (field.has(fb.field.dictionary)) return { nodes: 1, buffers: 2, views: 0 };
  const kind = field.int8(fb.field.typeType);
  const own: Extent = { nodes: 1, buffers: buffersOf(field, kind), views: isView(kind) ? 1 : 0 };
  return field
    .tables(fb.field.children)
    .map((child) => extentOf(child, depth + 1))
    .reduce(sumOf, own);
}

export function sumOf(a: Extent, b: Extent): Extent {
  return { nodes: a.nodes + b.nodes, buffers: a.buffers + b.buffers, views: a.views + b.views };
}

function isView(kind: number): boolean {
  return kind === fb.typeType.stringView || kind === fb.typeType.binaryView;
}

function buffersOf(field: Table, kind: number): number {
  switch (kind) {
    case fb.typeType.null:
    case fb.typeType.runEndEncoded:
      return 0;
    case fb.typeType.struct:
    case fb.typeType.fixedSizeList:
      return 1;
    case fb.typeType.union:
      return field.table(fb.field.type).int16(fb.union.mode) === fb.dense ? 2 : 1;
    case fb.typeType.binary:
    case fb.typeType.string:
    case fb.typeType.largeBinary:
    case fb.typeType.largeString:
    case fb.typeType.listView:
    case fb.typeType.largeListView:
      return 3;
    default:
      return 2;
  }
}
