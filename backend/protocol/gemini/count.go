package gemini

import (
	"strconv"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonread"
)

// DecodeCountRequest reads a client's request for a count of tokens (API reference, "Counting tokens"): contents alone,
// or a whole generateContentRequest.
func DecodeCountRequest(body []byte, model string) (*llm.Request, error) {
	for _, name := range []string{"generateContentRequest", "generate_content_request"} {
		if whole := jsonread.Of(body).Get(name); whole.IsObject() {
			return DecodeRequest([]byte(whole.Raw()), model, false)
		}
	}
	return DecodeRequest(body, model, false)
}

// EncodeCountResponse writes a count of tokens.
func EncodeCountResponse(tokens int64) []byte {
	return append(strconv.AppendInt([]byte(`{"totalTokens":`), tokens, 10), '}')
}

// EncodeCountRequest asks a provider how many tokens a request has, with its tools and system texts.
func EncodeCountRequest(req *llm.Request, opts Options) ([]byte, error) {
	body, _, err := EncodeRequest(req, opts)
	if err != nil {
		return nil, err
	}
	model := req.Model
	if model == "" {
		model = opts.Target.Model
	}
	out := append([]byte(`{"generateContentRequest":{"model":`), quote(resource(model))...)
	return append(append(append(out, ','), body[1:]...), '}'), nil
}
