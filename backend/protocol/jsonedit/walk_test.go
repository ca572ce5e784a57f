package jsonedit_test

import (
	"encoding/json"
	"slices"
	"testing"

	"gatehouse/backend/protocol/jsonedit"
)

// walked gives the keys and values of an object or array.
func walked(body []byte) (out []string, end int, err error) {
	end, err = jsonedit.Walk(body, 0, func(key []byte, at int) (int, error) {
		end, err := jsonedit.Skip(body, at)
		if err == nil {
			out = append(out, string(key)+"="+string(body[at:end]))
		}
		return end, err
	})
	return out, end, err
}

func TestWalk(t *testing.T) {
	for _, c := range []struct {
		body string
		want []string
		end  int
	}{
		{`{}`, nil, 2},
		{`[ ]x`, nil, 3},
		{`{ "a" : {"b":[1,"}"]} , "c\"":null}`, []string{`a={"b":[1,"}"]}`, `c\"=null`}, 35},
		{`[1, [2],"x"] behind`, []string{"=1", "=[2]", `="x"`}, 12},
	} {
		got, end, err := walked([]byte(c.body))
		if err != nil || end != c.end || !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, %d, %v", c.body, got, end, err)
		}
	}
	for _, body := range []string{``, `1`, `{`, `[`, `{"a"}`, `{"a":}`, `{"a":1`, `{"a":1]`, `[1}`, `{1:2}`, `[1 2]`, `{"a`} {
		if got, _, err := walked([]byte(body)); err == nil {
			t.Errorf("%q gives %q", body, got)
		}
	}
}

// FuzzWalk: what encoding/json reads is read, with as many members.
func FuzzWalk(f *testing.F) {
	f.Add([]byte(`{"a":[1,{"b":"\\\""}],"c":-1e5}`))
	f.Add([]byte(`[[],{},"",null,true]`))
	f.Add([]byte(`{"a":1`))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, end, err := walked(body)
		if len(body) == 0 || body[0] != '[' || !json.Valid(body) {
			return
		}
		var want []json.RawMessage
		if json.Unmarshal(body, &want) != nil {
			return
		}
		if err != nil || len(got) != len(want) || len(body) > 0 && end > len(body) {
			t.Fatalf("%q: %q, %d, %v", body, got, end, err)
		}
		for i, w := range want {
			if got[i] != "="+string(w) {
				t.Fatalf("%q: %q is not %q", body, got[i], w)
			}
		}
	})
}
