package gateway

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// crockford is the alphabet of ULIDs.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// ids makes request ids that grow: within a millisecond the random part counts up.
var ids struct {
	mu        sync.Mutex
	ms        uint64
	high, low uint64 // 40 random bits each
}

// NewRequestID makes the id of a request that started at now: "req_" and a ULID, which sorts by time, and within this
// process by order.
func NewRequestID(now time.Time) string {
	const bits40 = 1<<40 - 1
	ids.mu.Lock()
	const step = 1000 // a clock that goes back further than this was set anew
	if ms := uint64(now.UnixMilli()); ms > ids.ms || ms+step < ids.ms {
		ids.ms, ids.high, ids.low = ms, rand.Uint64()&bits40, rand.Uint64()&bits40>>1
	} else {
		ids.low = (ids.low + 1) & bits40
	}
	ms, high, low := ids.ms, ids.high, ids.low
	ids.mu.Unlock()
	return spellID(ms, high, low)
}

// derivedID is an id of a time that is the same whenever it is made of the same texts.
func derivedID(at time.Time, texts ...string) string {
	h := sha256.New()
	for _, text := range texts {
		fmt.Fprintf(h, "%d %s", len(text), text)
	}
	sum := h.Sum(nil)
	return spellID(uint64(max(at.UnixMilli(), 0)), binary.BigEndian.Uint64(sum[:8]), binary.BigEndian.Uint64(sum[8:16])) //nolint:gosec // not below 0
}

// spellID writes a time in milliseconds, and the lowest 40 bits of each of two numbers.
func spellID(ms, high, low uint64) string {
	id := [30]byte{'r', 'e', 'q', '_'}
	for i := 9; i >= 0; i-- {
		id[4+i] = crockford[ms&31]
		ms >>= 5
	}
	for i := 7; i >= 0; i-- {
		id[14+i], id[22+i] = crockford[high&31], crockford[low&31]
		high, low = high>>5, low>>5
	}
	return string(id[:])
}
