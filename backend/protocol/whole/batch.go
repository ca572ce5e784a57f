package whole

import (
	"bytes"

	"github.com/tidwall/gjson"

	"gatehouse/backend/llm"
)

// Batch is a batch that an answer tells of (API reference, "The batch object"): its id, when it was created in seconds since
// 1970, and the files that its results are in.
type Batch struct {
	ID      string
	Created int64
	Files   []string
}

// batchesOf finds the batches in an answer that is one, or a list of some.
func batchesOf(root gjson.Result) (out []Batch) {
	for _, v := range append([]gjson.Result{root}, root.Get("data").Array()...) {
		b := Batch{ID: v.Get("id").Str, Created: v.Get("created_at").Int()}
		for _, name := range []string{"output_file_id", "error_file_id"} {
			if id := v.Get(name).Str; id != "" {
				b.Files = append(b.Files, id)
			}
		}
		if b.ID != "" && len(b.Files) > 0 {
			out = append(out, b)
		}
	}
	return out
}

// Result is what became of one of a batch's requests.
type Result struct {
	// ID is the client's own name for the request, empty where the line has none.
	ID string
	// Status is that of its answer, 0 where it got none. Failure says why not, or what went wrong.
	Status  int
	Failure string
	// Answer is the whole answer as JSON; nil where there is none, or it is too large to look at. It is good until the call
	// that is given it returns.
	Answer []byte
}

// resultLimit is the longest line that is looked at whole; of a longer one the beginning is, which names the request.
const resultLimit = 8 << 20

// NewResults makes a tap for the results of a batch: a line for each request, in OpenAI's form (API reference, "The request
// output object") or the AI SDK's (package @ai-sdk/provider, BatchV4ItemResult). each is given the whole lines as they come,
// done is called once, at the end.
func NewResults(length int64, each func(Result), done func()) *Tap {
	return &Tap{Tap: &resultsTap{opaqueTap: opaqueTap{left: length}, each: each, done: done}}
}

type resultsTap struct {
	opaqueTap
	each func(Result)
	done func()
	line []byte
	long bool // the line goes on behind what is kept of it
}

func (t *resultsTap) Write(p []byte) *llm.Observation {
	for rest := p; len(rest) > 0; {
		part, after, whole := bytes.Cut(rest, []byte("\n"))
		keep := min(len(part), resultLimit-len(t.line))
		t.line, t.long = append(t.line, part[:keep]...), t.long || keep < len(part)
		if rest = after; !whole {
			break
		}
		t.end()
	}
	return t.opaqueTap.Write(p)
}

// Close takes a last line without an end of its own, if it is whole.
func (t *resultsTap) Close() *llm.Observation {
	if t.done == nil {
		return &t.seen
	}
	if !t.long && gjson.ValidBytes(t.line) {
		t.end()
	}
	t.done()
	t.done, t.line = nil, nil
	return &t.seen
}

func (t *resultsTap) end() {
	if r, ok := resultOf(t.line, t.long); ok {
		t.each(r)
	}
	t.line, t.long = t.line[:0], false
}

// resultOf reads a line. Of a cut one only what stands at its beginning is known.
func resultOf(line []byte, cut bool) (r Result, ok bool) {
	if !cut && !gjson.ValidBytes(line) {
		return r, false
	}
	root := gjson.ParseBytes(line)
	if !root.IsObject() {
		return r, false
	}
	r.ID = first(root, "custom_id", "id").String()
	if cut {
		r.Failure = "its result is too large to look at"
		return r, r.ID != ""
	}
	answer := root.Get("response.body")
	r.Status = int(root.Get("response.status_code").Int())
	if result := root.Get("result"); result.IsObject() {
		answer, r.Status = result, 200
	}
	if answer.IsObject() {
		r.Answer = []byte(answer.Raw)
	}
	r.Failure = first(root, "error.message", "response.body.error.message", "error.code").String()
	if status := root.Get("status").Str; status == "cancelled" || status == "expired" {
		r.Failure = "it was " + status
	}
	return r, true
}
