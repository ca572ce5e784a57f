package gemini

import (
	"slices"

	"github.com/tidwall/gjson"

	"gatehouse/backend/llm"
)

// ReplaceModel puts a provider's model into a client's request that names it beside the URL (embedContent), in each of its
// requests (batchEmbedContents) or in the request that it counts (countTokens); everything else stays as it is.
func ReplaceModel(body []byte, model string) ([]byte, error) {
	if !gjson.ValidBytes(body) {
		return nil, llm.Errorf(llm.ErrBadRequest, "the request body is not valid JSON").WithCode("invalid_json")
	}
	var names []gjson.Result
	take := func(name gjson.Result) {
		if name.Exists() {
			names = append(names, name)
		}
	}
	root := gjson.ParseBytes(body)
	for _, path := range []string{"model", "generateContentRequest.model", "generate_content_request.model"} {
		take(root.Get(path))
	}
	root.Get("requests").ForEach(func(_, r gjson.Result) bool { take(r.Get("model")); return true })
	slices.SortFunc(names, func(a, b gjson.Result) int { return a.Index - b.Index })
	out, done := make([]byte, 0, len(body)+64), 0
	for _, name := range names {
		end := name.Index + len(name.Raw)
		if name.Index < done || end > len(body) || string(body[name.Index:end]) != name.Raw {
			return nil, bad("model", "could not be replaced")
		}
		out = append(append(out, body[done:name.Index]...), quote(resource(model))...)
		done = end
	}
	return append(out, body[done:]...), nil
}
