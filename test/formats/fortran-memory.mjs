// Reads a .npy file of the built package by pieces of 25,000 rows and says how much its memory grew.
import { openNpyFile } from '../../dist/formats/npy-file.js';

const peakBytes = () => process.resourceUsage().maxRSS * 1024;

const file = await openNpyFile(process.argv[2]);
const before = peakBytes();
let rows = 0;
for (let start = 0; start < file.rows; start += 25_000) {
  const end = Math.min(file.rows, start + 25_000);
  rows += (await file.read(start, end)).byteLength / 256;
  // Buffers of pieces that nobody holds are freed when the collector runs.
  globalThis.gc?.();
}
await file.close();
console.log(JSON.stringify({ rows, grownBytes: peakBytes() - before }));
