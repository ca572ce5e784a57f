package contents

import (
	"bytes"
	"strconv"
	"strings"

	"gatehouse/backend/protocol/jsonread"
)

// piece is what a streamed answer spells out over its events: the texts that stand at one place of the events of one type, in
// order.
type piece struct {
	place string
	text  strings.Builder
}

// pieces puts together what a stream spells out in pieces, whichever protocol it is of: server-sent events, or a JSON value
// in each line. It gives nothing of a text that is no stream.
func pieces(text []byte) []*piece {
	var all []*piece
	at := map[string]*piece{}
	values := 0
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(bytes.TrimPrefix(line, []byte("data:")))
		line = bytes.Trim(line, ",[] \t") // a JSON array of events, one in each line
		if len(line) == 0 || line[0] != '{' {
			continue
		}
		v, err := jsonread.Parse(line)
		if err != nil {
			continue
		}
		values++
		walk(v.Member("type").Str(), v, deepest, func(place, text string) {
			p := at[place]
			if p == nil {
				p = &piece{place: place}
				at[place], all = p, append(all, p)
			}
			p.text.WriteString(text)
		})
	}
	if values < 2 {
		return nil
	}
	return all
}

// deepest is how deep texts are looked for; no protocol's events are that deep.
const deepest = 24

// walk gives the texts of a value with their places.
func walk(place string, v jsonread.Value, depth int, fn func(place, text string)) {
	switch {
	case depth == 0:
	case v.IsObject():
		v.ForEach(func(name, value jsonread.Value) bool {
			walk(place+"."+name.Str(), value, depth-1, fn)
			return true
		})
	case v.IsArray():
		for i, value := range v.Array() {
			walk(place+"."+strconv.Itoa(i), value, depth-1, fn)
		}
	case v.Type() == jsonread.String:
		fn(place, v.Str())
	}
}

// spreads tells that a stream holds a secret over several of its events, where it can't be found as it stands.
func spreads(text []byte, redact func([]byte) []byte) bool {
	for _, p := range pieces(text) {
		if whole := p.text.String(); string(redact([]byte(whole))) != whole {
			return true
		}
	}
	return false
}
