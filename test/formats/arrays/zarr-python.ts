// Arrays of every kind, as Zarr of Python writes them, and what it has of them.

/** Makes groups `v2` and `v3` in the folder `argv[1]`, prints path, dtype, shape and bytes of each array. */
export const zarrWriter = `
import json, sys, warnings, os
import numpy as np
warnings.filterwarnings('ignore')
import zarr, numcodecs
from zarr.codecs import BytesCodec, Crc32cCodec, GzipCodec, ShardingCodec, TransposeCodec, ZstdCodec
root = sys.argv[1]
rng = np.random.default_rng(0)
dtypes = ['bool', 'int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64',
    'float16', 'float32', 'float64', 'complex64', 'complex128']
def values(dtype, shape):
    n = int(np.prod(shape))
    raw = rng.integers(-100, 100, n) if dtype != 'bool' else rng.integers(0, 2, n)
    if dtype.startswith('complex'): raw = raw + 1j * rng.integers(-9, 9, n)
    return raw.astype(dtype).reshape(shape)
def typed(d, fill):
    number = complex(fill) if d.startswith('c') else float(fill) if isinstance(fill, str) else fill
    return np.dtype(d).type(number)
made = []
def put(group, name, data, fill=None, part=None, **how):
    shape = how.pop('shape', data.shape)
    z = group.create_array(name, shape=shape, dtype=data.dtype, fill_value=fill, **how)
    if part is None: z[...] = data
    else: z[part] = data[part]
    made.append(z)
    return z

v2 = zarr.create_group(root + '/v2', zarr_format=2)
for d in dtypes:
    put(v2, 'le.' + d, values(d, (7, 3)), chunks=(2, 2), compressors=None, fill=0)
    if np.dtype(d).itemsize > 1:
        big = values(d, (7, 3)).astype(np.dtype(d).newbyteorder('>'))
        put(v2, 'be.' + d, big, chunks=(3, 3), compressors=None, fill=0)
N = numcodecs
compressors = dict(zlib=N.Zlib(1), gzip=N.GZip(1), zstd=N.Zstd(3), lz4=N.LZ4(),
    zstdsum=N.Zstd(3, checksum=True))
for name, c in compressors.items():
    put(v2, name, values('int32', (100, 5)), chunks=(33, 5), compressors=c, fill=0)
for cname in ('lz4', 'lz4hc', 'zstd', 'zlib', 'blosclz', 'snappy'):
    if cname not in numcodecs.blosc.list_compressors(): continue
    for shuffle in (0, 1, 2):
        put(v2, f'blosc.{cname}.{shuffle}', values('float64', (1000, 3)), chunks=(300, 2), fill=0,
            compressors=N.Blosc(cname, 5, shuffle))
put(v2, 'fortran', values('int16', (7, 5, 4)), chunks=(3, 2, 4), order='F', compressors=N.Zlib(1), fill=0)
slash = {'name': 'v2', 'separator': '/'}
put(v2, 'slash', values('int16', (7, 5)), chunks=(3, 2), fill=0, chunk_key_encoding=slash)
put(v2, 'filtered', values('int64', (40, 3)), chunks=(7, 3), fill=0, compressors=N.Zlib(1),
    filters=[N.Delta('<i8'), N.Shuffle(8)])
put(v2, 'scalar', values('float32', ()), chunks=(), fill=0)
put(v2, 'empty', np.zeros((0, 3), 'f4'), chunks=(1, 3), fill=0)
for d, fill in dict(float32='nan', float64='-inf', float16='inf', int64=2**63 - 1, uint64=2**64 - 1, int8=-7,
        complex64=complex(1.5, -2), bool=True).items():
    fill = typed(d, fill)
    for g in (v2,):
        put(g, 'fill.' + d, values(d, (9, 4)), fill=fill, part=(slice(4, 6), slice(0, 2)), chunks=(2, 2))

v3 = zarr.create_group(root + '/v3', zarr_format=3)
for d in dtypes:
    put(v3, 'le.' + d, values(d, (7, 3)), chunks=(2, 2), compressors=None, fill=0)
    serializer = BytesCodec(endian='big') if np.dtype(d).itemsize > 1 else 'auto'
    put(v3, 'be.' + d, values(d, (7, 3)), chunks=(3, 3), serializer=serializer,
        compressors=[GzipCodec()], fill=0)
    put(v3, 'shard.' + d, values(d, (11, 6)), chunks=(2, 3), shards=(6, 6), fill=0)
put(v3, 'crc', values('int32', (50, 4)), chunks=(9, 4), compressors=[Crc32cCodec()], fill=0)
put(v3, 'crc.zstd', values('int32', (50, 4)), chunks=(9, 3), compressors=[ZstdCodec(), Crc32cCodec()], fill=0)
put(v3, 'zstdsum', values('int32', (50, 4)), chunks=(9, 3), compressors=[ZstdCodec(checksum=True)], fill=0)
for order in ((2, 1, 0), (1, 2, 0), (0, 2, 1), (2, 0, 1)):
    name = 'transposed.' + ''.join(map(str, order))
    how = dict(filters=[TransposeCodec(order=order)], fill=0)
    put(v3, name, values('int16', (7, 5, 4)), chunks=(3, 2, 4), **how)
    put(v3, name + '.raw', values('int16', (7, 5, 4)), chunks=(3, 2, 4), compressors=None, **how)
    put(v3, name + '.shard', values('int16', (7, 5, 4)), chunks=(3, 2, 2), shards=(6, 2, 4), **how)
twice = [TransposeCodec(order=(1, 2, 0)), TransposeCodec(order=(0, 2, 1))]
put(v3, 'twice', values('int16', (7, 5, 4)), chunks=(3, 2, 4), filters=twice, fill=0)
for where in ('start', 'end'):
    for endian in ('little', 'big'):
        index = [BytesCodec(endian=endian)] + ([Crc32cCodec()] if endian == 'big' else [])
        shards = ShardingCodec(chunk_shape=(2, 2), codecs=[BytesCodec(), GzipCodec()], index_location=where,
            index_codecs=index)
        put(v3, f'index.{where}.{endian}', values('int16', (12, 4)), chunks=(12, 4), part=slice(2, 7),
            compressors=None, fill=-3, serializer=shards)
put(v3, 'rawshard', values('int32', (12, 4)), chunks=(2, 4), shards=(6, 4), compressors=None, fill=5,
    part=slice(0, 3))
for name, keys in {'dots': 'default', 'old keys': 'v2'}.items():
    put(v3, name, values('int16', (7, 5)), chunks=(3, 2), fill=0,
        chunk_key_encoding={'name': keys, 'separator': '.'})
put(v3, 'scalar', values('float32', ()), chunks=(), fill=0)
put(v3, 'empty', np.zeros((0, 3), 'f4'), chunks=(1, 3), fill=0)
put(v3, 'nothing', np.zeros((3, 0), 'f4'), chunks=(1, 1), fill=0)
for d, fill in dict(float32='nan', float64='-inf', float16='inf', int64=2**63 - 1, uint64=2**64 - 1, int8=-7,
        complex64=complex(1.5, -2), bool=True).items():
    fill = typed(d, fill)
    put(v3, 'fill.' + d, values(d, (9, 4)), fill=fill, part=(slice(4, 6), slice(0, 2)), chunks=(2, 2))
put(v3.create_group('Deep Er').create_group('down'), 'Ä', values('int16', (4,)), chunks=(3,), fill=0)
for z in made: z.attrs['note'] = float('nan')
out = []
for z in made:
    a = np.asarray(z[...])
    a = a.astype(a.dtype.newbyteorder('<'))
    path = os.path.relpath(str(z.store_path).replace('file://', ''), root)
    out.append([path, a.dtype.name, list(a.shape), a.tobytes('C').hex()])
json.dump(out, sys.stdout)
`;
