// What stands for PyTorch where it is too large to install: torch.save and torch.load(weights_only=True) in
// Python, with its own pickle module and NumPy.

/** torch.save without torch: of tensors that are NumPy arrays with a storage of their own. */
export const torchStub = `
import collections, io, json, pickle, struct, sys, types, zipfile
import numpy as np

def module(name):
    made = types.ModuleType(name)
    sys.modules[name] = made
    return made

torch, utils, storage_module, parameter = (module(n) for n in (
    'torch', 'torch._utils', 'torch.storage', 'torch.nn.parameter'))
module('torch.nn')

def named(place, name, made=None):
    if made is None:
        def made(*args): raise AssertionError('nothing is run')
    made.__module__, made.__name__, made.__qualname__ = place.__name__, name, name
    setattr(place, name, made)
    return made

rebuild = named(utils, '_rebuild_tensor_v2')
rebuild3 = named(utils, '_rebuild_tensor_v3')
rebuild_parameter = named(utils, '_rebuild_parameter')
storages = {d: named(torch, n + 'Storage', type(n, (), {})) for d, n in dict(
    float64='Double', float32='Float', float16='Half', bfloat16='BFloat16', int64='Long', int32='Int',
    int16='Short', int8='Char', uint8='Byte', bool='Bool', complex64='ComplexFloat', complex128='ComplexDouble').items()}
untyped = named(storage_module, 'UntypedStorage', type('UntypedStorage', (), {}))

class Dtype:
    def __init__(self, name): self.name = name
    def __reduce__(self): return self.name
Dtype.__module__ = 'torch'
for d in ('uint16', 'uint32', 'uint64'): setattr(torch, d, Dtype(d))

class Storage:
    """The elements, as bytes of little endian, with their dtype."""
    def __init__(self, raw, dtype): self.raw, self.dtype = raw, dtype
    @property
    def item(self): return 2 if self.dtype == 'bfloat16' else np.dtype(self.dtype).itemsize

class Tensor:
    def __init__(self, storage, offset, shape, stride, is_parameter=False):
        self.storage, self.offset, self.shape, self.stride = storage, offset, tuple(shape), tuple(stride)
        self.is_parameter = is_parameter
    def __reduce_ex__(self, protocol):
        young = self.storage.dtype not in storages
        hooks = collections.OrderedDict()
        args = (self.storage, self.offset, self.shape, self.stride, self.is_parameter, hooks)
        made = (rebuild3, args + (getattr(torch, self.storage.dtype),)) if young else (rebuild, args)
        if not self.is_parameter: return made
        plain = Tensor(self.storage, self.offset, self.shape, self.stride)
        return (rebuild_parameter, (plain, True, collections.OrderedDict()))

class Pickler(pickle.Pickler):
    def __init__(self, file, protocol, legacy):
        super().__init__(file, protocol)
        self.legacy, self.keys, self.found = legacy, {}, {}
    def persistent_id(self, value):
        if not isinstance(value, Storage): return None
        key = self.keys.setdefault(id(value), str(len(self.keys)))
        self.found[key] = value
        young = value.dtype not in storages
        count = len(value.raw) // (1 if young else value.item)
        made = ('storage', untyped if young else storages[value.dtype], key, 'cpu', count)
        return made + (None,) if self.legacy else made

def swapped(s):
    step = s.item // 2 if s.dtype.startswith('complex') else s.item
    return np.frombuffer(s.raw, np.uint8).reshape(-1, step)[:, ::-1].tobytes()

def save(value, file, protocol=2, legacy=False, big=False):
    out = io.BytesIO()
    pickler = Pickler(out, protocol, legacy)
    pickler.dump(value)
    if legacy:
        with open(file, 'wb') as f:
            pickle.dump(0x1950a86a20f9469cfc6c, f, protocol=protocol)
            pickle.dump(1001, f, protocol=protocol)
            sizes = dict(short=2, int=4, long=4)
            system = dict(protocol_version=1001, little_endian=True, type_sizes=sizes)
            pickle.dump(system, f, protocol=protocol)
            f.write(out.getvalue())
            pickle.dump(sorted(pickler.found), f, protocol=protocol)
            for key in sorted(pickler.found):
                s = pickler.found[key]
                young = s.dtype not in storages
                f.write(struct.pack('<q', len(s.raw) // (1 if young else s.item)) + s.raw)
        return
    with zipfile.ZipFile(file, 'w', zipfile.ZIP_STORED) as z:
        z.writestr('archive/data.pkl', out.getvalue())
        z.writestr('archive/byteorder', 'big' if big else 'little')
        for key, s in pickler.found.items():
            z.writestr('archive/data/' + key, swapped(s) if big else s.raw)
        z.writestr('archive/version', '3\\n')
`;

/** What torch.load(weights_only=True) allows of what a dict of tensors has, and nothing else. */
export const torchLoader = `
import collections, json, pickle, sys, zipfile
import numpy as np
import io
types = dict(DoubleStorage='<f8', FloatStorage='<f4', HalfStorage='<f2', LongStorage='<i8',
    IntStorage='<i4', ShortStorage='<i2', CharStorage='i1', ByteStorage='u1', BoolStorage='?',
    ComplexFloatStorage='<c8', ComplexDoubleStorage='<c16')
young = dict(uint16='<u2', uint32='<u4', uint64='<u8')
def strided(flat, offset, size, stride):
    return np.lib.stride_tricks.as_strided(flat[offset:], size, [n * flat.itemsize for n in stride])
def v2(s, offset, size, stride, requires_grad, hooks):
    assert requires_grad is False and type(hooks) is collections.OrderedDict and type(size) is tuple
    return strided(s, offset, size, stride)
def v3(s, offset, size, stride, requires_grad, hooks, dtype):
    return v2(s.view(dtype), offset, size, stride, requires_grad, hooks)
class Loader(pickle.Unpickler):
    def __init__(self, file, z):
        super().__init__(file)
        self.z = z
    def find_class(self, module, name):
        if module == 'torch' and name in types: return types[name]
        if module == 'torch' and name in young: return young[name]
        allowed = {('torch.storage', 'UntypedStorage'): 'u1', ('torch._utils', '_rebuild_tensor_v2'): v2,
            ('torch._utils', '_rebuild_tensor_v3'): v3,
            ('collections', 'OrderedDict'): collections.OrderedDict}
        return allowed[module, name]
    def persistent_load(self, id):
        kind, dtype, key, location, count = id
        assert kind == 'storage' and location == 'cpu' and type(id) is tuple
        raw = self.z.read('archive/data/' + key)
        assert len(raw) == count * np.dtype(dtype).itemsize
        return np.frombuffer(raw, dtype)
# The opcodes of torch/_weights_only_unpickler.py.
import pickletools
allowed = {'GLOBAL', 'REDUCE', 'SETITEMS', 'MARK', 'TUPLE', 'NEWFALSE', 'EMPTY_TUPLE', 'EMPTY_DICT',
    'BINPERSID', 'BININT', 'BININT1', 'BININT2', 'BINUNICODE', 'LONG1', 'PROTO', 'STOP'}
def load(file):
    with zipfile.ZipFile(file) as z:
        assert z.testzip() is None
        assert z.namelist()[0] == 'archive/data.pkl' and z.read('archive/version') == b'3\\n'
        assert z.read('archive/byteorder') == b'little'
        for entry in z.infolist():
            assert entry.compress_type == zipfile.ZIP_STORED and entry.date_time == (1980, 1, 1, 0, 0, 0)
            with open(file, 'rb') as f:
                f.seek(entry.header_offset + 26)
                lengths = np.frombuffer(f.read(4), '<u2')
            assert (entry.header_offset + 30 + int(lengths.sum())) % 64 == 0, entry.filename
        raw = z.read('archive/data.pkl')
        assert {op.name for op, _, _ in pickletools.genops(raw)} <= allowed
        return Loader(io.BytesIO(raw), z).load()
`;
