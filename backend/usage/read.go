package usage

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/store"
)

const (
	defaultLimit = 100
	maxLimit     = 10_000
	// scanStep is how many records are read in one transaction, so that a long scan keeps nobody waiting.
	scanStep = 2000
)

// Query asks for records. Limit is 100 where it is 0, and at most 10,000. Before is the id of the last record of the page
// before. Project is exact; Model is the requested or the served one. Empty ones ask for all.
type Query struct {
	Limit   int
	Before  string
	Project string
	Model   string
}

func (q *Query) matches(r *Record) bool {
	return (q.Project == "" || r.Project == q.Project) &&
		(q.Model == "" || r.Model == q.Model || r.RequestedModel == q.Model) &&
		(q.Before == "" || r.ID < q.Before)
}

// List gives records, newest first, with those that run now. next asks for the following page; empty at the end.
func (h *History) List(ctx context.Context, q Query) (records []Record, next string, err error) {
	limit := min(cmp.Or(max(q.Limit, 0), defaultLimit), maxLimit)
	// One more than asked for tells whether there is a next page.
	take := func(r *Record) bool {
		if q.matches(r) {
			records = append(records, *r)
		}
		return len(records) <= limit
	}
	texts := needles(q.Project, q.Model)
	sift := func(_ string, raw []byte) (want, more bool) { return contains(raw, texts), true }
	if err := h.newestFirst(ctx, q.Before, sift, whole, take); err != nil {
		return nil, "", err
	}
	if len(records) > limit {
		records = records[:limit]
		next = records[limit-1].ID
	}
	return records, next, nil
}

// Get gives one record and whether there is one.
func (h *History) Get(id string) (Record, bool, error) {
	h.mu.Lock()
	e := h.live[id]
	var r *Record
	if e != nil {
		r = e.record
	}
	h.mu.Unlock()
	if r != nil {
		return *r, true, nil
	}
	raw, ok, err := h.records.Get(id)
	if err != nil || !ok {
		return Record{}, false, err
	}
	r = &Record{}
	err = json.Unmarshal(raw, r)
	return *r, err == nil, err
}

// newestFirst walks all records with ids from before down (all if it is empty) until fn says to stop. Stored ones are first
// shown to sift, which tells by their JSON whether to read them, and whether to go on at all.
func (h *History) newestFirst(ctx context.Context, before string, sift sieve, decode decoder, fn func(*Record) bool) error {
	// What is committed while we read is in live or in the database or in both, as live is read first.
	live := h.liveRecords()
	seen := map[string]bool{}
	for _, r := range live {
		seen[r.ID] = true
	}
	more := true
	emitLive := func(down string) {
		for more && len(live) > 0 && live[0].ID > down {
			more = fn(live[0])
			live = live[1:]
		}
	}
	err := h.scan(ctx, before, store.Descending, func(id string, raw []byte) bool {
		emitLive(id)
		if !more || seen[id] {
			return more
		}
		want, on := sift(id, raw)
		if !want {
			more = on
			return more
		}
		r, err := decode(raw)
		if err != nil {
			h.opts.Logger.Warn("a record of the usage history can't be read", "id", id, "error", err)
			return true
		}
		more = fn(r) && on
		return more
	})
	emitLive("")
	return err
}

// sieve tells of a stored record whether it may be one of those that are looked for, and whether to go on after it.
type sieve func(id string, raw []byte) (want, more bool)

func everything(string, []byte) (want, more bool) { return true, true }

// decoder reads a stored record.
type decoder func(raw []byte) (*Record, error)

func whole(raw []byte) (*Record, error) {
	r := &Record{}
	return r, json.Unmarshal(raw, r)
}

// forTotals reads what totals are made of, several times faster than whole does.
func forTotals(raw []byte) (*Record, error) {
	r := &Record{}
	var n numbers
	var err error
	number := func(to **int64, v gjson.Result) { n.put(to, v.Int(), v.Type == gjson.Number) }
	gjson.ParseBytes(raw).ForEach(func(key, v gjson.Result) bool {
		switch key.Str {
		case "id":
			r.ID = v.String()
		case "startedAt":
			r.StartedAt, err = time.Parse(time.RFC3339Nano, v.Str)
		case "keyId":
			r.KeyID = v.String()
		case "key":
			r.Key = v.String()
		case "project":
			r.Project = v.String()
		case "client":
			r.Client = v.String()
		case "requestedModel":
			r.RequestedModel = v.String()
		case "model":
			r.Model = v.String()
		case "provider":
			r.Provider = v.String()
		case "surface":
			r.Surface = v.String()
		case "user":
			r.User = v.String()
		case "tags":
			for _, tag := range v.Array() {
				r.Tags = append(r.Tags, tag.String())
			}
		case "inputTokens":
			number(&r.InputTokens, v)
		case "cacheReadTokens":
			number(&r.CacheReadTokens, v)
		case "cacheWrite5mTokens":
			number(&r.CacheWrite5mTokens, v)
		case "cacheWrite1hTokens":
			number(&r.CacheWrite1hTokens, v)
		case "outputTokens":
			number(&r.OutputTokens, v)
		case "reasoningTokens":
			number(&r.ReasoningTokens, v)
		case "costPicoUSD":
			number(&r.CostPicoUSD, v)
		case "reportedCostPicoUSD":
			number(&r.ReportedCostPicoUSD, v)
		case "marketCostPicoUSD":
			number(&r.MarketCostPicoUSD, v)
		case "estimated":
			for _, name := range v.Array() {
				r.Estimated = append(r.Estimated, name.String())
			}
		case "cacheSavedPicoUSD":
			number(&r.CacheSavedPicoUSD, v)
		case "stream":
			r.Stream = v.Bool()
		case "timeToFirstTokenMs":
			number(&r.FirstTokenMs, v)
		case "durationMs":
			number(&r.DurationMs, v)
		case "reserved":
			r.Reserved = &gateway.Reserved{Tokens: v.Get("tokens").Int(), Bytes: v.Get("bytes").Int()}
			if cost := v.Get("picoUSD"); cost.Type == gjson.Number {
				n := cost.Int()
				r.Reserved.PicoUSD = &n
			}
		case "outcome":
			r.Outcome = gateway.Outcome(v.Str)
		case "status":
			r.Status = int(v.Int())
		case "errorKind":
			r.ErrorKind = llm.ErrorKind(v.String())
		case "attempts":
			for _, attempt := range v.Array() {
				r.Attempts = append(r.Attempts, gateway.Attempt{CredentialType: attempt.Get("credentialType").String()})
			}
		}
		return err == nil
	})
	if err == nil && r.Outcome == "" {
		err = errors.New("it has no outcome")
	}
	return r, err
}

// Running counts the requests that have not ended.
func (h *History) Running() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, e := range h.live {
		if !e.ended {
			n++
		}
	}
	return n
}

// liveRecords gives the records in memory, newest first.
func (h *History) liveRecords() []*Record {
	h.mu.Lock()
	live := make([]*Record, 0, len(h.live))
	for _, e := range h.live {
		live = append(live, e.record)
	}
	h.mu.Unlock()
	slices.SortFunc(live, func(a, b *Record) int { return strings.Compare(b.ID, a.ID) })
	return live
}

// scan walks the stored records from an id on, in transactions of scanStep.
func (h *History) scan(ctx context.Context, from string, order store.Order, fn func(id string, raw []byte) bool) error {
	for last, more := "", true; more; from = last {
		if err := ctx.Err(); err != nil {
			return llm.AsError(err)
		}
		n := 0
		more = false
		err := h.records.Range(from, order, func(id string, raw store.Raw) (bool, error) {
			if id == last {
				return true, nil // where the step before ended
			}
			last = id
			n++
			more = fn(id, raw)
			return more && n < scanStep, nil
		})
		if err != nil {
			return err
		}
		more = more && n == scanStep
	}
	return nil
}

// needles are the texts as they stand in a record's JSON.
func needles(texts ...string) [][]byte {
	var out [][]byte
	for _, t := range texts {
		if t == "" {
			continue
		}
		if b, err := json.Marshal(t); err == nil {
			out = append(out, b)
		}
	}
	return out
}

func contains(raw []byte, needles [][]byte) bool {
	for _, n := range needles {
		if !bytes.Contains(raw, n) {
			return false
		}
	}
	return true
}
