package responses_test

import (
	"encoding/json"
	"strings"
	"testing"

	"gatehouse/backend/protocol/responses"
)

func TestReadState(t *testing.T) {
	large := `"input":"` + strings.Repeat("x", 300<<10) + `"`
	for _, c := range []struct {
		name, body string
		want       responses.State
	}{
		{"nothing", `{"model":"m","input":"x"}`, responses.State{Store: true}},
		{"all", `{"previous_response_id":"resp_1","store":false,"background":true}`, responses.State{Previous: "resp_1", Background: true}},
		{"nulls", `{"previous_response_id":null,"conversation":null,"store":null,"background":null}`, responses.State{Store: true}},
		{"an id", `{"conversation":"conv_1"}`, responses.State{Conversation: "conv_1", Store: true}},
		{"an object", `{"conversation":{"id":"conv_1"}}`, responses.State{Conversation: "conv_1", Store: true}},
		{"nested names", `{"tools":[{"previous_response_id":"x","store":false,"conversation":"c"}]}`, responses.State{Store: true}},
		{"names in text", `{"input":"\"store\":false,\"previous_response_id\":\"x\""}`, responses.State{Store: true}},
		{"a reference", `{"input":[{"type":"item_reference","id":"x"}]}`, responses.State{Store: true, References: true}},
		{"before a large input", `{"previous_response_id":"resp_1",` + large + `}`, responses.State{Previous: "resp_1", Store: true}},
		{"behind a large input", `{` + large + `,"store":false}`, responses.State{}},
		{"between two", `{` + large + `,"store":false,` + strings.Replace(large, "input", "other", 1) + `}`, responses.State{}},
		{"malformed", `{"store":`, responses.State{Store: true}},
	} {
		if got := responses.ReadState([]byte(c.body)); got != c.want {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

func TestListed(t *testing.T) {
	for _, c := range [][2]string{
		{`{"role":"user","content":"a"}`, `{"role":"user","type":"message","id":"msg_1_i0","status":"completed","content":[{"type":"input_text","text":"a"}]}`},
		{`{"role":"assistant","content":"a"}`, `{"role":"assistant","type":"message","id":"msg_1_i0","status":"completed","content":[{"type":"output_text","annotations":[],"text":"a"}]}`},
		{`{"type":"function_call_output","call_id":"c","output":"x", "n":1.0}`, `{"type":"function_call_output","call_id":"c","output":"x","n":1.0,"id":"fco_1_i0"}`},
		{`{"id":"rs_9","type":"reasoning","summary":[]}`, `{"id":"rs_9","type":"reasoning","summary":[]}`},
		{`{"id":null,"type":"web_search_call"}`, `{"type":"web_search_call","id":"item_1_i0"}`},
	} {
		if got := responses.Listed([]json.RawMessage{json.RawMessage(c[0])}, "resp_1", 0); string(got[0]) != c[1] {
			t.Errorf("%s: got %s, want %s", c[0], got[0], c[1])
		}
	}
}

func TestItemOwner(t *testing.T) {
	for item, want := range map[string]string{
		"msg_01ABC_0": "resp_01ABC", "fco_01ABC_i3": "resp_01ABC", "msg_nonsense": "", "": "", "_": "", "msg__0": "",
	} {
		if got := responses.ItemOwner(item); got != want {
			t.Errorf("%s: %q, want %q", item, got, want)
		}
	}
}

func TestExpanded(t *testing.T) {
	items := []json.RawMessage{json.RawMessage(`{"a":1.0}`)}
	for body, want := range map[string]string{
		`{"model":"m","previous_response_id":"x","input":"hi","n":1.50}`: `{"input":[{"a":1.0},{"type":"message","role":"user","content":"hi"}],"model":"m","n":1.50}`,
		`{"input":[{"b":2}]}`: `{"input":[{"a":1.0},{"b":2}]}`,
		`{"model":"m"}`:       `{"input":[{"a":1.0}],"model":"m"}`,
	} {
		if got := responses.Expanded([]byte(body), items); string(got) != want {
			t.Errorf("%s: got %s, want %s", body, got, want)
		}
	}
}

// FuzzReadState: what is no request, or an odd one, is no panic, and items keep their number.
func FuzzReadState(f *testing.F) {
	for _, seed := range []string{
		`{"previous_response_id":"resp_1","store":false,"input":[{"role":"user","content":"x"}]}`, `{"conversation":{"id":7}}`, `{"input":[1,null]}`, `[]`, ``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		responses.ReadState(body)
		items := responses.InputItems(body)
		if got := responses.Listed(items, "resp_1", 0); len(got) != len(items) {
			t.Fatalf("%d items became %d", len(items), len(got))
		}
		responses.Expanded(body, items)
		for _, item := range items {
			responses.ItemOwner(string(item))
			responses.Portable(item)
		}
	})
}
