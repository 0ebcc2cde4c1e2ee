// `node scripts/curves.mjs RESULTS.json OUT.svg`: recall against the time of a query, as `npm run bench -- --only ann
// --json RESULTS.json` measured it, as a picture.
import { readFileSync, writeFileSync } from 'node:fs';

const [, , file, out] = process.argv;
const { machine, results } = JSON.parse(readFileSync(file, 'utf8'));
const { curves } = results.flatMap(({ rows }) => rows).find((row) => row.curves !== undefined);

const [width, height] = [760, 440];
const box = { left: 70, right: width - 150, top: 50, bottom: height - 60 };
const colours = ['#0b6e4f', '#3aa17e', '#b5482f', '#7a5195', '#b8860b', '#4a6fa5'];
const least = 0.8;
const times = curves.flatMap(({ points }) =>
  points.filter(({ recall }) => recall >= least).map(({ ms }) => ms),
);
const [low, high] = [Math.log10(Math.min(...times) / 1.2), Math.log10(Math.max(...times) * 1.2)];

// Recalls near 1 are told apart by what they miss.
const missed = (recall) => Math.log10(Math.max(1 - recall, 0.001));
const x = (recall) =>
  box.left + ((missed(least) - missed(recall)) / (missed(least) - missed(0.999))) * (box.right - box.left);
const y = (ms) => box.bottom - ((Math.log10(ms) - low) / (high - low)) * (box.bottom - box.top);
const number = (value) => value.toFixed(1);

const lines = [
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13">`,
  `<rect width="${width}" height="${height}" fill="white"/>`,
  `<text x="${box.left}" y="26" font-size="15">MNIST, 60,000 × 784, ten nearest, one thread: time of a query at a recall</text>`,
];
for (const recall of [0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999]) {
  const at = number(x(recall));
  lines.push(
    `<line x1="${at}" y1="${box.top}" x2="${at}" y2="${box.bottom}" stroke="#ddd"/>`,
    `<text x="${at}" y="${box.bottom + 20}" text-anchor="middle">${recall}</text>`,
  );
}
for (const ms of [0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5]) {
  const at = y(ms);
  if (at < box.top || at > box.bottom) continue;
  lines.push(
    `<line x1="${box.left}" y1="${number(at)}" x2="${box.right}" y2="${number(at)}" stroke="#ddd"/>`,
    `<text x="${box.left - 8}" y="${number(at + 4)}" text-anchor="end">${ms}</text>`,
  );
}
lines.push(
  `<text x="${(box.left + box.right) / 2}" y="${height - 18}" text-anchor="middle">recall</text>`,
  `<text x="18" y="${(box.top + box.bottom) / 2}" text-anchor="middle" transform="rotate(-90 18 ${(box.top + box.bottom) / 2})">milliseconds</text>`,
);
const ends = [];
for (const [i, { name, points }] of curves.entries()) {
  const shown = points.filter(({ recall }) => recall >= least);
  if (shown.length === 0) continue;
  const colour = colours[i % colours.length];
  const path = shown.map(({ recall, ms }) => `${number(x(recall))},${number(y(ms))}`);
  lines.push(`<polyline points="${path.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>`);
  for (const point of path) {
    const [cx, cy] = point.split(',');
    lines.push(`<circle cx="${cx}" cy="${cy}" r="3" fill="${colour}"/>`);
  }
  ends.push({ name, colour, at: y(shown.at(-1).ms) });
}
// Names below each other, where curves end.
ends.sort((a, b) => a.at - b.at);
let last = box.top - 16;
for (const { name, colour, at } of ends) {
  last = Math.max(at, last + 16);
  lines.push(`<text x="${box.right + 12}" y="${number(last + 4)}" fill="${colour}">${name}</text>`);
}
const what = `${machine.cpu ?? ''}, ${machine.cores ?? ''} cores`.replace(/^, /, '');
lines.push(
  `<text x="${box.left}" y="42" font-size="11" fill="#555">npm run bench -- --only ann; ${what}; ${machine.date ?? ''}</text>`,
  '</svg>',
);
writeFileSync(out, `${lines.join('\n')}\n`);
