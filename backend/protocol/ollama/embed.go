package ollama

import (
	"encoding/json"
	"strconv"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonread"
	"gatehouse/backend/protocol/jsonwrite"
)

// DecodeEmbed reads a request of /api/embed (API reference, "Generate embeddings") or, where single is set, of the older
// /api/embeddings, which takes one prompt. Its errors are *llm.Error of class bad request that name the member.
func DecodeEmbed(body []byte, single bool) (*llm.EmbeddingRequest, error) {
	out, d := &llm.EmbeddingRequest{}, decoder{}
	input := "input"
	if single {
		input = "prompt"
	}
	err := d.each(body, func(name string, v jsonread.Value) (err error) {
		switch name {
		case "model":
			out.Model, err = text(name, v)
		case input:
			for _, one := range v.Array() {
				if one.Type() != jsonread.String || single && v.IsArray() {
					return bad(input, "must be a text, or a list of texts in /api/embed")
				}
				out.Inputs = append(out.Inputs, llm.EmbeddingInput{Text: one.Str()})
			}
		case "dimensions":
			out.Dimensions, err = integer(name, v, 1)
		default:
			out.Extra = append(out.Extra, llm.Extra{Dialect: llm.Ollama, Name: name, Raw: raw(v)})
		}
		return err
	})
	if err == nil && len(out.Inputs) == 0 {
		err = bad(input, "is missing; send what shall be embedded")
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

// EncodeEmbed writes an answer of /api/embed or, where single is set, of /api/embeddings. Without the provider's own
// count, the estimate is told.
func EncodeEmbed(a *llm.EmbeddingAnswer, single bool, opts AnswerOptions, estimate int64) ([]byte, error) {
	if single {
		vector, err := json.Marshal(a.Vectors[0])
		return append(append([]byte(`{"embedding":`), vector...), '}'), err
	}
	vectors, err := json.Marshal(a.Vectors)
	if err != nil {
		return nil, err
	}
	b := jsonwrite.AppendString([]byte(`{"model":`), opts.Model)
	b = append(append(b, `,"embeddings":`...), vectors...)
	b = strconv.AppendInt(append(b, `,"total_duration":`...), int64(opts.Now().Sub(opts.Start)), 10)
	b = strconv.AppendInt(append(b, `,"prompt_eval_count":`...), a.Usage.Input.Or(estimate), 10)
	return append(b, '}'), nil
}
