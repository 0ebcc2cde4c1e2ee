// What nobody asked for: late roots of a dataset that was here before, a hint that is lost, damaged or old.
import { hintKey, rootKey, versionOfRootKey } from '../../src/manifest/keys.js';
import { foreignRoot, isVersion } from './checker/oracle.js';
import type { World } from './world.js';

/** One piece of mischief. */
export function meddle(world: World): void {
  const { draw, bucket } = world;
  const hint = bucket.objects.get(hintKey);
  if (world.features.damage && draw.chance(0.5)) hurt(world);
  else if (hint === undefined || draw.chance(0.35)) plantRoot(world);
  else draw.of([damageHint, loseHint, putHintBack])(world, hint.bytes);
}

function plantRoot(world: World): void {
  const { draw, bucket } = world;
  let slot = 2;
  while (bucket.objects.has(rootKey(slot))) slot++;
  bucket.put(rootKey(slot), foreignRoot(slot, draw), '', world.storeMs());
}

/** Bits rot, and objects are cut, lost, or written over by others; of roots only bits, not of the newest. */
function hurt(world: World): void {
  const { draw, bucket } = world;
  const data = bucket.keys().filter((key) => /^(arrays|segments|indexes)\//.test(key));
  // What belongs to another dataset is nobody's to mend.
  const roots = bucket
    .keys()
    .filter((key) => isVersion(bucket, versionOfRootKey(key) ?? 0))
    .slice(3);
  const key = draw.of(draw.chance(0.8) || roots.length === 0 ? data : roots);
  const body = bucket.objects.get(key);
  if (body === undefined || bucket.hurt.has(key)) return;
  const bytes = body.bytes.slice();
  const at = draw.below(Math.max(1, bytes.byteLength));
  const flipped = bytes.with(at, (bytes[at] ?? 0) ^ (1 << draw.below(8)));
  const kinds: (Uint8Array | undefined)[] = [flipped];
  if (!key.startsWith('versions/')) {
    const other = bucket.objects.get(draw.of(data))?.bytes ?? bytes;
    kinds.push(bytes.slice(0, at), undefined, other);
  }
  bucket.damage(key, draw.of(kinds), world.storeMs());
  world.note(`${key} is hurt`);
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
