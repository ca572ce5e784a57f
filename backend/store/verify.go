package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
)

// The layout of a bbolt file, version 2 (go.etcd.io/bbolt/internal/common: page.go, meta.go, bucket.go). Numbers are in
// the machine's own byte order.
const (
	boltMagic   = 0xED0CDAED
	boltVersion = 2

	pageHeader  = 16 // id u64, flags u16, count u16, overflow u32
	elementSize = 16 // leaf: flags, pos, ksize, vsize u32; branch: pos, ksize u32, pgid u64
	metaSize    = 64 // magic, version, page size, flags u32; root, sequence, freelist, pgid, txid, checksum u64
	bucketSize  = 16 // root, sequence u64; an inline page follows where root is 0

	branchPage   = 0x01
	leafPage     = 0x02
	freelistPage = 0x10

	bucketElement = 0x01
	noFreelist    = ^uint64(0)
	maxDepth      = 64
)

var order = binary.NativeEndian

// corruptError says what is wrong with a file.
type corruptError struct{ reason string }

func (e *corruptError) Error() string { return "the file is corrupt: " + e.reason }

func corruptf(format string, args ...any) error { return &corruptError{fmt.Sprintf(format, args...)} }

// verifier checks a file by reading it, never by mapping it: whatever the bytes say, it can only give an error, while
// bbolt trusts its pages and would panic or fault on bad ones.
type verifier struct {
	file     io.ReaderAt
	pageSize int64
	high     uint64 // the number of pages in use: bbolt's high-water mark
	root     uint64
	freelist uint64
	free     bitmap
	seen     bitmap
	pages    int64 // how many were reached
	// buffers holds one page for each level of the walk, so that a large file costs no memory.
	buffers [maxDepth + 2][]byte
}

// bitmap is a set of page numbers.
type bitmap []uint64

func (b bitmap) has(id uint64) bool { return b[id/64]&(1<<(id%64)) != 0 }
func (b bitmap) add(id uint64)      { b[id/64] |= 1 << (id % 64) }

// verify checks a bbolt file of a size: its meta pages, that it is as long as they say, and its free list; in full, also
// every page: type, bounds, order of keys, reached once, not free. It tells how many pages it reached. A page that is
// neither reached nor free only wastes space and is let through. An error that is no corruptError is a failure to read.
func verify(file io.ReaderAt, size int64, full bool) (pages int64, err error) {
	v := &verifier{file: file}
	if err := v.readMeta(size); err != nil {
		return 0, err
	}
	if v.high > uint64(size/v.pageSize) {
		return 0, corruptf("it is cut off: %d bytes where %d pages of %d bytes are in use", size, v.high, v.pageSize)
	}
	v.free, v.seen = make(bitmap, v.high/64+1), make(bitmap, v.high/64+1)
	v.seen.add(0)
	v.seen.add(1)
	if v.freelist != noFreelist {
		if err := v.readFreelist(); err != nil {
			return 0, err
		}
	}
	if full {
		err = v.checkPage(v.root, nil, nil, 0)
	} else {
		_, err = v.page(v.root, 0)
	}
	return v.pages, err
}

// readMeta finds the page size and takes the newer of the two meta pages that are valid.
func (v *verifier) readMeta(size int64) error {
	first, err := v.metaAt(0, size)
	if err != nil {
		return err
	}
	metas := [][]byte{first}
	if first == nil {
		// Where the second one is depends on the page size, which only it can tell now (bbolt's getPageSize).
		for s := int64(1024); s <= 1024<<14; s *= 2 {
			second, err := v.metaAt(s, size)
			if err != nil {
				return err
			}
			if second != nil && int64(order.Uint32(second[8:])) == s {
				metas = append(metas, second)
				break
			}
		}
	} else {
		second, err := v.metaAt(int64(order.Uint32(first[8:])), size)
		if err != nil {
			return err
		}
		metas = append(metas, second)
	}
	var best []byte
	for _, m := range metas {
		if m != nil && (best == nil || order.Uint64(m[48:]) > order.Uint64(best[48:])) {
			best = m
		}
	}
	if best == nil {
		return corruptf("it has no valid meta page")
	}
	v.pageSize = int64(order.Uint32(best[8:]))
	v.root, v.freelist, v.high = order.Uint64(best[16:]), order.Uint64(best[32:]), order.Uint64(best[40:])
	if v.pageSize < 1024 || v.pageSize > 1024<<14 || v.pageSize&(v.pageSize-1) != 0 {
		return corruptf("a page size of %d bytes", v.pageSize)
	}
	return nil
}

// metaAt reads the meta page at an offset; nil where there is no valid one.
func (v *verifier) metaAt(offset, size int64) ([]byte, error) {
	if offset+pageHeader+metaSize > size {
		return nil, nil
	}
	buf := make([]byte, metaSize)
	if err := v.read(buf, offset+pageHeader); err != nil {
		return nil, err
	}
	if order.Uint32(buf) != boltMagic {
		return nil, nil
	}
	sum := fnv.New64a()
	_, _ = sum.Write(buf[:metaSize-8])
	if sum.Sum64() != order.Uint64(buf[metaSize-8:]) {
		return nil, nil
	}
	if got := order.Uint32(buf[4:]); got != boltVersion {
		return nil, fmt.Errorf("%w (its file format is %d, this program knows %d)", ErrNewer, got, boltVersion)
	}
	return buf, nil
}

func (v *verifier) read(buf []byte, offset int64) error {
	n, err := v.file.ReadAt(buf, offset)
	if n == len(buf) {
		return nil
	}
	if errors.Is(err, io.EOF) {
		return corruptf("it is cut off at byte %d", offset)
	}
	return err
}

// page reads a page with its overflow pages and marks them as reached. It is overwritten by the next one of its depth.
func (v *verifier) page(id uint64, depth int) ([]byte, error) {
	if id < 2 || id >= v.high {
		return nil, corruptf("a reference to page %d of %d", id, v.high)
	}
	if v.buffers[depth] == nil {
		v.buffers[depth] = make([]byte, v.pageSize)
	}
	buf := v.buffers[depth]
	if err := v.read(buf, int64(id)*v.pageSize); err != nil {
		return nil, err
	}
	if got := order.Uint64(buf); got != id {
		return nil, corruptf("page %d says it is page %d", id, got)
	}
	overflow := uint64(order.Uint32(buf[12:]))
	if overflow >= v.high-id {
		return nil, corruptf("page %d runs over the end", id)
	}
	for i := id; i <= id+overflow; i++ {
		if v.seen.has(i) {
			return nil, corruptf("page %d is used twice", i)
		}
		if v.free.has(i) {
			return nil, corruptf("page %d is in use and free", i)
		}
		v.seen.add(i)
		v.pages++
	}
	if overflow > 0 {
		buf = make([]byte, (int64(overflow)+1)*v.pageSize)
		if err := v.read(buf, int64(id)*v.pageSize); err != nil {
			return nil, err
		}
	}
	return buf, nil
}

func (v *verifier) readFreelist() error {
	p, err := v.page(v.freelist, 0)
	if err != nil {
		return err
	}
	if order.Uint16(p[8:]) != freelistPage {
		return corruptf("page %d is not the free list", v.freelist)
	}
	// A count that does not fit is the first number of the list.
	ids, count := p[pageHeader:], uint64(order.Uint16(p[10:]))
	if count == 0xFFFF {
		count, ids = order.Uint64(ids), ids[8:]
	}
	if count > uint64(len(ids)/8) {
		return corruptf("a free list of %d pages in %d bytes", count, len(ids))
	}
	for i := range count {
		id := order.Uint64(ids[i*8:])
		if id < 2 || id >= v.high || v.free.has(id) || v.seen.has(id) {
			return corruptf("page %d can't be free", id)
		}
		v.free.add(id)
	}
	return nil
}

// checkPage checks a page of a bucket and all below it. Its keys must be at least low and less than high, where given.
func (v *verifier) checkPage(id uint64, low, high []byte, depth int) error {
	if depth > maxDepth {
		return corruptf("pages nested too deep")
	}
	p, err := v.page(id, depth)
	if err != nil {
		return err
	}
	switch order.Uint16(p[8:]) {
	case leafPage:
		return v.checkLeaf(p, id, low, high, depth)
	case branchPage:
		return v.checkBranch(p, id, low, high, depth)
	}
	return corruptf("page %d has the type %#x", id, order.Uint16(p[8:]))
}

func (v *verifier) checkBranch(p []byte, id uint64, low, high []byte, depth int) error {
	count := int(order.Uint16(p[10:]))
	if count == 0 {
		return corruptf("branch page %d is empty", id)
	}
	keys, children := make([][]byte, count), make([]uint64, count)
	var before []byte
	for i := range count {
		at := pageHeader + i*elementSize
		if at+elementSize > len(p) {
			return corruptf("page %d has more elements than room", id)
		}
		e := p[at:]
		key, err := slice(p, id, uint64(at)+uint64(order.Uint32(e)), uint64(order.Uint32(e[4:])))
		if err != nil {
			return err
		}
		if err := inOrder(id, before, key, low, high); err != nil {
			return err
		}
		before = key
		keys[i], children[i] = key, order.Uint64(e[8:])
	}
	for i, child := range children {
		end := high
		if i+1 < count {
			end = keys[i+1]
		}
		if err := v.checkPage(child, keys[i], end, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (v *verifier) checkLeaf(p []byte, id uint64, low, high []byte, depth int) error {
	count := int(order.Uint16(p[10:]))
	var before []byte
	for i := range count {
		at := pageHeader + i*elementSize
		if at+elementSize > len(p) {
			return corruptf("page %d has more elements than room", id)
		}
		e := p[at:]
		pos, ksize := uint64(at)+uint64(order.Uint32(e[4:])), uint64(order.Uint32(e[8:]))
		key, err := slice(p, id, pos, ksize)
		if err != nil {
			return err
		}
		value, err := slice(p, id, pos+ksize, uint64(order.Uint32(e[12:])))
		if err != nil {
			return err
		}
		if err := inOrder(id, before, key, low, high); err != nil {
			return err
		}
		before = key
		if order.Uint32(e)&bucketElement != 0 {
			if err := v.checkBucket(value, id, depth); err != nil {
				return err
			}
		}
	}
	return nil
}

func (v *verifier) checkBucket(value []byte, id uint64, depth int) error {
	if len(value) < bucketSize {
		return corruptf("page %d has a bucket of %d bytes", id, len(value))
	}
	if root := order.Uint64(value); root != 0 {
		return v.checkPage(root, nil, nil, depth+1)
	}
	inline := value[bucketSize:]
	if len(inline) < pageHeader || order.Uint16(inline[8:]) != leafPage {
		return corruptf("page %d has a broken small bucket", id)
	}
	if depth >= maxDepth {
		return corruptf("pages nested too deep")
	}
	return v.checkLeaf(inline, id, nil, nil, depth+1)
}

func slice(p []byte, id, pos, size uint64) ([]byte, error) {
	if pos+size > uint64(len(p)) {
		return nil, corruptf("page %d has an element outside of it", id)
	}
	return p[pos : pos+size], nil
}

// inOrder checks a key: after the one before, at least low, less than high; nil ones bound nothing.
func inOrder(id uint64, before, key, low, high []byte) error {
	if before != nil && bytes.Compare(before, key) >= 0 || low != nil && bytes.Compare(key, low) < 0 ||
		high != nil && bytes.Compare(key, high) >= 0 {
		return corruptf("the keys of page %d are out of order", id)
	}
	return nil
}
