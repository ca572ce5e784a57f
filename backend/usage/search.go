package usage

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"
	"time"
)

// Search asks for records that match, newest first. Limit is 100 where it is 0, and at most 10,000. Before is the id of the
// last record of the page before. From and To bound the start times; zero ones do not. Model is the requested or the served
// one. Text is looked for in ids, names,
// tags and errors, whatever the case.
type Search struct {
	Limit    int
	Before   string
	From, To time.Time
	Filter   Filter
	Model    string
	Text     string
	// Broken asks only for those whose prompt broke a prefix.
	Broken bool
}

// Found is a page of records. Next asks for the following page; empty at the end. Partial tells that so much was read without
// enough being found that the rest is left to the next page.
type Found struct {
	Records []Record
	Next    string
	Partial bool
}

// searchStep is how many stored records are looked at for one page at most.
const searchStep = 1_000_000

// Search gives records that match, with those that run now.
func (h *History) Search(ctx context.Context, q Search) (Found, error) {
	limit := min(cmp.Or(max(q.Limit, 0), defaultLimit), maxLimit)
	match := q.matcher()
	after, before := "", q.Before
	if !q.From.IsZero() {
		after = firstID(q.From.Add(-idSlack))
	}
	if !q.To.IsZero() {
		if last := firstID(q.To.Add(idSlack)); before == "" || last < before {
			before = last
		}
	}
	var out Found
	// One more than asked for tells whether there is a next page.
	take := func(r *Record) bool {
		if r.ID < after {
			return false
		}
		if (q.Before == "" || r.ID < q.Before) && match(r) {
			out.Records = append(out.Records, *r)
		}
		return len(out.Records) <= limit
	}
	likely, read := q.likely(), 0
	sift := func(id string, raw []byte) (want, more bool) {
		if id < after {
			return false, false
		}
		if read++; read == h.step {
			out.Next, out.Partial = id, true
		}
		return likely(raw), !out.Partial
	}
	if err := h.newestFirst(ctx, before, sift, whole, take); err != nil {
		return Found{}, err
	}
	if len(out.Records) > limit {
		out.Records, out.Partial = out.Records[:limit], false
		out.Next = out.Records[limit-1].ID
	}
	return out, nil
}

// matcher tells which records match.
func (q *Search) matcher() func(*Record) bool {
	text := strings.ToLower(q.Text)
	return func(r *Record) bool {
		if r.StartedAt.Before(q.From) || !q.To.IsZero() && !r.StartedAt.Before(q.To) {
			return false
		}
		if q.Broken && r.Prefix == nil {
			return false
		}
		plain, labels := seriesOf(r)
		if labels != nil {
			plain = *labels
		}
		if !q.Filter.matches(&plain) || q.Model != "" && r.Model != q.Model && r.RequestedModel != q.Model {
			return false
		}
		if text == "" {
			return true
		}
		for _, field := range append([]string{
			r.ID, r.UpstreamID, r.RequestedModel, r.Model, r.Provider, r.Key, r.Project, r.Client, r.User, string(r.ErrorKind), r.Error,
		}, r.Tags...) {
			if strings.Contains(strings.ToLower(field), text) {
				return true
			}
		}
		for _, a := range r.Attempts {
			if strings.Contains(strings.ToLower(a.Error), text) {
				return true
			}
		}
		return false
	}
}

// likely gives a quick look at a record's JSON: it is false only for records that don't match.
func (q *Search) likely() func(raw []byte) bool {
	var all [][][]byte
	for _, list := range append(q.Filter.texts(), q.Filter.Tags, []string{q.Model}) {
		if of := needles(list...); len(of) > 0 && len(of) == len(list) { // an empty name stands for a field that may be missing
			all = append(all, of)
		}
	}
	if q.Broken {
		all = append(all, [][]byte{[]byte(`,"prefix":{`)})
	}
	text := []byte(strings.ToLower(q.Text))
	if strings.ContainsFunc(q.Text, func(r rune) bool { return r < ' ' || r > '~' || strings.ContainsRune(`"\<>&`, r) }) {
		text = nil // JSON may have other words for it
	}
	var lower []byte
	return func(raw []byte) bool {
		for _, list := range all {
			if !slices.ContainsFunc(list, func(n []byte) bool { return bytes.Contains(raw, n) }) {
				return false
			}
		}
		if len(text) == 0 {
			return true
		}
		lower = lower[:0]
		for _, c := range raw {
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			lower = append(lower, c)
		}
		return bytes.Contains(lower, text)
	}
}
