package embeddings

import (
	"bytes"
	"encoding/json"

	"github.com/tidwall/gjson"

	"gatehouse/backend/llm"
)

// edge is how much of an answer's beginning and end a tap keeps: the vectors in between are large and tell nothing.
const edge = 8 << 10

type tap struct {
	seen       llm.Observation
	head, tail []byte
}

// NewTap observes an answer. Usage stands behind the vectors, or before them (llama.cpp), never among them.
func NewTap(bool) llm.Tap { return &tap{} }

func (t *tap) Write(p []byte) *llm.Observation {
	if room := edge - len(t.head); room > 0 {
		t.head = append(t.head, p[:min(room, len(p))]...)
	}
	if len(p) > edge {
		p = p[len(p)-edge:]
	}
	if len(t.tail)+len(p) > 2*edge {
		t.tail = append(t.tail[:0], t.tail[len(t.tail)-edge:]...)
	}
	t.tail = append(t.tail, p...)
	t.seen.Content = true
	return &t.seen
}

func (t *tap) Close() *llm.Observation {
	last := bytes.TrimRight(t.tail, " \t\r\n")
	t.seen.Ended = len(last) > 0 && last[len(last)-1] == '}'
	for _, part := range [][]byte{t.tail, t.head} {
		if u := usageIn(part); u.Known() {
			t.seen.Usage = u
			break
		}
	}
	if !bytes.Contains(t.head, []byte(`"data"`)) && gjson.ValidBytes(t.head) {
		if root := gjson.ParseBytes(t.head); root.Get("error").Exists() {
			t.seen.Err = inBand(root)
		}
	}
	return &t.seen
}

var usageName = []byte(`"usage"`)

// usageIn reads the last usage object that stands whole in a piece of an answer.
func usageIn(piece []byte) llm.Usage {
	i := bytes.LastIndex(piece, usageName)
	if i < 0 {
		return llm.Usage{}
	}
	rest, ok := bytes.CutPrefix(bytes.TrimLeft(piece[i+len(usageName):], " \t\r\n"), []byte(":"))
	var raw json.RawMessage
	if !ok || json.NewDecoder(bytes.NewReader(rest)).Decode(&raw) != nil {
		return llm.Usage{}
	}
	return usageOf(gjson.ParseBytes(raw))
}
