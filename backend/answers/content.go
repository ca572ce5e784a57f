package answers

import (
	"encoding/json"

	"gatehouse/backend/protocol/jsonedit"
	"gatehouse/backend/protocol/jsonread"
)

// appendContent writes what is in an answer. The items keep their bytes, which encoding/json would change: providers'
// prompt caches rest on them.
func appendContent(b []byte, a Answer) []byte {
	b = append(b, `{"input":`...)
	b = appendList(b, a.Input)
	b = append(append(b, `,"response":`...), a.Response...)
	if len(a.Response) == 0 {
		b = append(b, "null"...)
	}
	if len(a.Events) > 0 {
		b = append(append(b, `,"events":`...), jsonedit.String(string(a.Events))...)
	}
	return append(b, '}')
}

func appendList(b []byte, items []json.RawMessage) []byte {
	b = append(b, '[')
	for i, item := range items {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, item...)
	}
	return append(b, ']')
}

func readContent(content []byte, a *Answer) {
	root := jsonread.Of(content)
	a.Input = list(root.Get("input"))
	a.Response = json.RawMessage(root.Get("response").Raw())
	a.Events = []byte(root.Get("events").String())
}

func list(v jsonread.Value) []json.RawMessage {
	var out []json.RawMessage
	for _, item := range v.Array() {
		out = append(out, json.RawMessage(item.Raw()))
	}
	return out
}

// Output gives the items of a response object.
func Output(response json.RawMessage) []json.RawMessage {
	return list(jsonread.Of(response).Get("output"))
}
