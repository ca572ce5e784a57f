package responses

import (
	"encoding/json"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonread"
)

// citations reads annotations (API reference, "The response object").
func citations(list jsonread.Value) []llm.Citation {
	var out []llm.Citation
	for _, a := range list.Array() {
		out = append(out, citation(a))
	}
	return out
}

func citation(a jsonread.Value) llm.Citation {
	c := llm.Citation{
		URL: a.Get("url").String(), Title: a.Get("title").String(),
		Start: a.Get("start_index").Int(), End: a.Get("end_index").Int(),
		Raw: llm.Opaque{Dialect: llm.Responses, Raw: json.RawMessage(a.Raw())},
	}
	if c.Title == "" {
		c.Title = a.Get("filename").String()
	}
	return c
}
