# Writes the HDF5 files of this folder with h5py, and expected.json: what h5py reads of each array of numbers
# (dtype, shape, SHA-256 of the bytes in C order, little endian), of these files and of those that are named.
# Run: python make.py FOLDER [FILE...]; the files are packed with gzip -9n.
import h5py,numpy as np,hashlib,json,os,sys
out=sys.argv[1]; os.makedirs(out,exist_ok=True)
rng=np.random.default_rng(7)
def two(libver,name):
    with h5py.File(f'{out}/{name}.h5','w',libver=libver) as f:
        for d in 'i1 u1 i2 u2 i4 u4 i8 u8 f2 f4 f8'.split():
            f['le/'+d]=(rng.integers(0,100,(5,3))-(0 if d[0]=='u' else 50)).astype('<'+d)
            f['be/'+d]=(rng.integers(0,100,(5,3))-(0 if d[0]=='u' else 50)).astype('>'+d)
        f['bool']=np.array([True,False,True])
        f['c8']=(rng.random(4)+1j*rng.random(4)).astype('<c8'); f['c16be']=(rng.random((2,2))+1j).astype('>c16')
        f['scalar']=np.float32(3.5); f['empty']=np.zeros((0,4),'<f4')
        f.create_dataset('unwritten',shape=(3,2),dtype='<i4',fillvalue=7)
        f.create_dataset('sparse',shape=(20,6),dtype='>i4',chunks=(4,4),fillvalue=-2)[5:7,3:5]=1
        a=rng.integers(0,50,(37,11,5)).astype('<i4')
        f.create_dataset('chunk/plain',data=a,chunks=(7,4,3))
        f.create_dataset('chunk/gzip',data=a,chunks=(7,4,3),compression='gzip')
        f.create_dataset('chunk/shuffle',data=a.astype('<f8'),chunks=(8,11,5),compression='gzip',shuffle=True)
        f.create_dataset('chunk/shuffle2',data=a.astype('<i2'),chunks=(8,11,5),compression='gzip',shuffle=True)
        f.create_dataset('chunk/shufflef4',data=a.astype('<f4'),chunks=(8,3,5),compression='gzip',shuffle=True)
        f.create_dataset('chunk/fletcher',data=a,chunks=(9,11,2),fletcher32=True,compression='gzip')
        f.create_dataset('chunk/fletcherodd',data=a.astype('i1'),chunks=(9,11,3),fletcher32=True)
        f.create_dataset('chunk/lzf',data=a,chunks=(37,11,5),compression='lzf',shuffle=True)
        f.create_dataset('chunk/one',data=a,chunks=(37,11,5),compression='gzip')
        f.create_dataset('chunk/big',data=a,chunks=(40,11,5),maxshape=(80,20,5),compression='gzip')
        f.create_dataset('chunk/max',data=a,chunks=(7,4,3),maxshape=(100,20,5))
        f.create_dataset('chunk/grow0',data=a,chunks=(2,4,3),maxshape=(None,11,5),compression='gzip')
        f.create_dataset('chunk/grow1',data=a,chunks=(2,4,3),maxshape=(37,None,20))
        f.create_dataset('chunk/grow2',data=a,chunks=(2,4,3),maxshape=(None,None,20),compression='gzip')
        f.create_dataset('chunk/grow3',data=a,chunks=(2,4,3),maxshape=(None,None,None))
        f['text']=['a','bb']; f['rec']=np.zeros(3,dtype=[('a','<i4'),('b','<f4')]); f['fixed']=np.array([b'ab',b'c'])
        f['enum']=np.array([0,1],dtype=h5py.enum_dtype({'A':0,'B':1},basetype='i1'))
        f['null']=h5py.Empty('f4'); f['arr']=np.zeros(2,dtype=('f4',(3,)))
        f['ref']=np.array([f['c8'].ref],dtype=h5py.ref_dtype)
        f['named']=np.dtype('<f8'); f.create_dataset('usesnamed',data=[1.,2.],dtype=f['named'])
        f['hard']=f['c8']; f['soft']=h5py.SoftLink('/le/f4'); f['le/rel']=h5py.SoftLink('i4'); f['dangling']=h5py.SoftLink('/no')
        f['extl']=h5py.ExternalLink('/etc/passwd','/x'); f['le/loop']=f['/']
        f.create_dataset('extdata',shape=(10,),dtype='u1',external=[('/etc/passwd',0,10)])
        f.create_dataset('compact_attr',data=np.arange(3)).attrs['x']='y'*100
        p=h5py.h5p.create(h5py.h5p.DATASET_CREATE); p.set_layout(h5py.h5d.COMPACT)
        d=h5py.h5d.create(f.id,b'compact',h5py.h5t.NATIVE_INT32,h5py.h5s.create_simple((4,)),p); d.write(h5py.h5s.ALL,h5py.h5s.ALL,np.arange(4,dtype='i4'))
        p=h5py.h5p.create(h5py.h5p.DATASET_CREATE); p.set_chunk((3,)); p.set_scaleoffset(h5py.h5z.SO_INT,0)
        h5py.h5d.create(f.id,b'so',h5py.h5t.NATIVE_INT32,h5py.h5s.create_simple((4,)),p)
        p=h5py.h5p.create(h5py.h5p.DATASET_CREATE); p.set_chunk((3,4)); p.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
        b=np.arange(70,dtype='i4').reshape(7,10); d=h5py.h5d.create(f.id,b'implicit',h5py.h5t.NATIVE_INT32,h5py.h5s.create_simple((7,10),(9,14)),p); d.write(h5py.h5s.ALL,h5py.h5s.ALL,b)
        if libver=='latest':
            l=h5py.VirtualLayout((37,11,5),'<i4'); l[:]=h5py.VirtualSource('other.h5','x',(37,11,5)); f.create_virtual_dataset('virt',l)
two('earliest','old'); two('latest','new')
with h5py.File(f'{out}/many-old.h5','w') as f:
    for i in range(400): f[f'array-{i:04d}']=np.int16([i,i+1])
with h5py.File(f'{out}/many-new.h5','w',libver='latest',track_order=True) as f:
    for i in range(400): f[f'array-with-quite-a-long-name-{i:04d}']=np.int16([i,i+1])
for v in('earliest','latest'):
  with h5py.File(f'{out}/lists-{v}.h5','w',libver=v) as f:
    b=np.arange(4000,dtype='<u2')
    f.create_dataset('fixed',data=b,chunks=(2,)); f.create_dataset('fixedz',data=b,chunks=(2,),compression='gzip')
    f.create_dataset('fixedhole',shape=(4000,),dtype='<u2',chunks=(2,))[3000:3010]=5
    f.create_dataset('ext',data=b,chunks=(1,),maxshape=(None,)); f.create_dataset('extz',data=b,chunks=(2,),maxshape=(None,),compression='gzip')
    f.create_dataset('exthole',shape=(60000,),dtype='<u2',chunks=(2,),maxshape=(None,))[59000:59010]=5
    f.create_dataset('tree',data=b.reshape(40,100),chunks=(2,2),maxshape=(None,None)); f.create_dataset('treez',data=b.reshape(40,100),chunks=(1,2),maxshape=(None,None),compression='gzip')
    d=f.create_dataset('shrunk',data=b,chunks=(10,),maxshape=(None,)); d.resize((995,))
with h5py.File(f'{out}/userblock.h5','w',userblock_size=1024) as f: f['a']=np.arange(5); f.create_dataset('z',data=np.arange(50),chunks=(7,),compression='gzip')
with h5py.File(f'{out}/userblock-new.h5','w',userblock_size=512,libver='latest') as f: f['a']=np.arange(5); f.create_dataset('z',data=np.arange(50),chunks=(7,),compression='gzip')
with h5py.File(f'{out}/none.h5','w') as f: f['t']=['a']
with h5py.File(f'{out}/nothing.h5','w') as f: pass

import glob
res={}
for n in sorted(glob.glob(out+'/*.h5'))+sys.argv[2:]:
    if 'many' in n: continue
    r={}
    def one(name,o):
        if not isinstance(o,h5py.Dataset) or o.shape is None or o.external or o.is_virtual: return
        t=o.dtype
        if t.kind=='V' or t.kind in 'OS' or h5py.check_enum_dtype(t) : return
        if o.id.get_type().get_class()==h5py.h5t.ARRAY: return
        if o.id.get_create_plist().get_nfilters() and any(o.id.get_create_plist().get_filter(i)[0]==6 for i in range(o.id.get_create_plist().get_nfilters())): return
        a=np.asarray(o[()]).astype(t.newbyteorder('<'))
        r[name]=[t.name,list(a.shape),hashlib.sha256(a.tobytes()).hexdigest()]
    with h5py.File(n) as f:
        seen=set()
        def go(g,p):
            if h5py.h5o.get_info(g.id).addr in seen: return
            seen.add(h5py.h5o.get_info(g.id).addr)
            for k in g:
                l=g.get(k,getlink=True)
                if isinstance(l,h5py.ExternalLink): continue
                try: o=g[k]
                except KeyError: continue
                if isinstance(o,h5py.Group):
                    if not isinstance(l,h5py.SoftLink): go(o,p+k+'/')
                else: one(p+k,o)
        go(f,'')
    res[n.split('/')[-1]]=r
json.dump(res,open(out+'/expected.json','w'),separators=(',',':'))
