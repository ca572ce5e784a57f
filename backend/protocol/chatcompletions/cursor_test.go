package chatcompletions

import (
	"bytes"
	"encoding/json"
	"testing"
)

// TestRepair: what Cursor's builds send, and that nothing else is touched.
func TestRepair(t *testing.T) {
	for name, c := range map[string]struct {
		body, want string
		foreign    bool
	}{
		"as it should be": {
			body: `{ "messages":[ ], "tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"auto"}`,
		},
		"flat, Responses' words": {
			body: `{"messages":[],"tools":[{"type":"function","name":"f","description":"d","parameters":{"type": "object"},"strict":true}],"n":1.0}`,
			want: `{"messages":[],"tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type": "object"},"strict":true}}],"n":1.0}`,
		},
		"flat, Messages' words": {
			body: `{"messages":[],"tools":[{"name":"f","input_schema":{"a":1e2}}]}`,
			want: `{"messages":[],"tools":[{"type":"function","function":{"name":"f","parameters":{"a":1e2}}}]}`,
		},
		"flat, a type that is no function": {
			body: `{"messages":[],"tools":[{"type":"custom","name":"f","input_schema":{}},{"type":"tool","name":"g","parameters":{}}]}`,
			want: `{"messages":[],"tools":[{"type":"function","function":{"name":"f","parameters":{}}},{"type":"function","function":{"name":"g","parameters":{}}}]}`,
		},
		"free-form": {
			body: `{"messages":[],"tools":[{"type":"custom","name":"p","description":"d","format":{"type":"grammar","syntax":"lark","definition":"x"}}]}`,
			want: `{"messages":[],"tools":[{"type":"custom","custom":{"name":"p","description":"d","format":{"type":"grammar","grammar":{"syntax":"lark","definition":"x"}}}}]}`,
		},
		"some right, some not": {
			body: `{"tools":[{"type":"function", "function":{"name":"f"}} , {"name":"g"}],"messages":[]}`,
			want: `{"tools":[{"type":"function", "function":{"name":"f"}},{"type":"function","function":{"name":"g"}}],"messages":[]}`,
		},
		"a choice of one": {
			body: `{"messages":[],"tool_choice":{"type":"tool","name":"f"}}`,
			want: `{"messages":[],"tool_choice":{"type":"function","function":{"name":"f"}}}`,
		},
		"a choice of any":            {body: `{"messages":[],"tool_choice":{"type":"any"}}`, want: `{"messages":[],"tool_choice":"required"}`},
		"a choice of none":           {body: `{"messages":[],"tool_choice":{"type":"none"}}`, want: `{"messages":[],"tool_choice":"none"}`},
		"a request of Responses":     {body: `{"input":"hi","tools":[{"type":"function","name":"f"}]}`, foreign: true},
		"both words":                 {body: `{"input":"hi","messages":[]}`},
		"tools that are none":        {body: `{"messages":[],"tools":"f"}`},
		"a vendor's own tool":        {body: `{"messages":[],"tools":[{"type":"web_search_20250305","name":"web_search"}]}`},
		"a tool that is none":        {body: `{"messages":[],"tools":["f",null,{"type":"web_search"}]}`},
		"what is no JSON":            {body: `{"messages":[`},
		"two lists of tools":         {body: `{"messages":[],"tools":[{"name":"f"}],"tools":[]}`},
		"a choice that is no object": {body: `{"messages":[],"tool_choice":"required"}`},
	} {
		got, foreign := Repair([]byte(c.body))
		want := c.want
		if want == "" {
			want = c.body
		}
		if string(got) != want || foreign != c.foreign {
			t.Errorf("%s: %v\n got %s\nwant %s", name, foreign, got, want)
		}
	}
}

func FuzzRepair(f *testing.F) {
	f.Add([]byte(`{"messages":[],"tools":[{"type":"custom","name":"f","input_schema":{}},{"name":"g"}],"tool_choice":{"type":"any"}}`))
	f.Add([]byte(`{"messages":[],"tools":[{"type":"custom","name":"p","format":{"type":"grammar","syntax":"lark","definition":"x"}}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		once, foreign := Repair(body)
		if json.Valid(body) && !json.Valid(once) {
			t.Errorf("%q became %q", body, once)
		}
		if twice, again := Repair(once); again != foreign || !bytes.Equal(once, twice) {
			t.Errorf("%q, mended twice: %q", once, twice)
		}
	})
}
