// What nobody asked for: late roots of a dataset that was here before, a hint that is lost, damaged or old.
import { hintKey, rootKey } from '../../src/manifest/keys.js';
import { foreignRoot } from './checker/oracle.js';
import type { World } from './world.js';

/** One piece of mischief. */
export function meddle(world: World): void {
  const { draw, bucket } = world;
  const hint = bucket.objects.get(hintKey);
  if (hint === undefined || draw.chance(0.35)) plantRoot(world);
  else draw.of([damageHint, loseHint, putHintBack])(world, hint.bytes);
}

function plantRoot(world: World): void {
  const { draw, bucket } = world;
  let slot = 2;
  while (bucket.objects.has(rootKey(slot))) slot++;
  bucket.put(rootKey(slot), foreignRoot(slot, draw), '', world.storeMs());
}

function damageHint(world: World, hint: Uint8Array): void {
  const { draw, bucket } = world;
  const bytes = hint.slice();
  const at = draw.below(bytes.byteLength);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << draw.below(8));
  bucket.put(hintKey, bytes, '', world.storeMs());
}

function loseHint(world: World): void {
  world.bucket.delete(hintKey, '', world.storeMs());
}

function putHintBack(world: World, hint: Uint8Array): void {
  world.time.schedule(world.draw.next() * 60_000, () => {
    world.bucket.put(hintKey, hint, '', world.storeMs());
  });
}
