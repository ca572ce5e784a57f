package embeddings

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/tidwall/gjson"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonedit"
	"gatehouse/backend/protocol/jsonwrite"
)

// Form is how the vectors of an answer are written.
type Form string

// The forms. Base64 is that of the vector's 32-bit floats, little end first; OpenAI's own SDKs ask for it unless told
// otherwise, and decode it themselves.
const (
	Floats Form = "float"
	Base64 Form = "base64"
)

// FormAsked gives the form that a request's body asks for, without decoding the rest.
func FormAsked(body []byte) (Form, error) {
	spans, err := jsonedit.Find(body, "encoding_format")
	if err != nil {
		return "", llm.Errorf(llm.ErrBadRequest, "the request body is not valid JSON: %w", err).WithCode("invalid_json")
	}
	if !spans[0].Found() {
		return Floats, nil
	}
	return formOf(gjson.ParseBytes(spans[0].Of(body)))
}

func formOf(v gjson.Result) (Form, error) {
	switch form := Form(v.String()); {
	case v.Type == gjson.Null:
		return Floats, nil
	case v.Type == gjson.String && (form == Floats || form == Base64):
		return form, nil
	}
	return "", bad("encoding_format", `must be "float" or "base64"`)
}

func bad(field, text string) error {
	return llm.Errorf(llm.ErrBadRequest, "%s: %s", field, text).WithCode("invalid_request_error")
}

// DecodeRequest reads a client's request. Its errors are *llm.Error of class bad request that name the member.
func DecodeRequest(body []byte) (*llm.EmbeddingRequest, Form, error) {
	root := gjson.ParseBytes(body)
	if !gjson.ValidBytes(body) || !root.IsObject() {
		return nil, "", llm.Errorf(llm.ErrBadRequest, "the request body is not a JSON object").WithCode("invalid_json")
	}
	out, form := &llm.EmbeddingRequest{}, Floats
	var err error
	root.ForEach(func(key, v gjson.Result) bool {
		switch {
		case v.Type == gjson.Null:
		case key.Str == "model":
			out.Model = v.String()
		case key.Str == "input":
			out.Inputs, err = inputsOf(v)
		case key.Str == "encoding_format":
			form, err = formOf(v)
		case key.Str == "dimensions":
			n := v.Int()
			if v.Type != gjson.Number || n < 1 || float64(n) != v.Num {
				err = bad("dimensions", "must be a whole number above 0")
			}
			out.Dimensions = &n
		case key.Str == "user":
			out.User = v.String()
		default:
			out.Extra = append(out.Extra, llm.Extra{Dialect: llm.Embeddings, Name: key.String(), Raw: json.RawMessage(v.Raw)})
		}
		return err == nil
	})
	if err == nil && len(out.Inputs) == 0 {
		err = bad("input", "must be a text, a list of texts, a list of tokens or a list of such lists")
	}
	if err != nil {
		return nil, "", err
	}
	return out, form, nil
}

// inputsOf reads a text, texts, the tokens of one text, or those of several.
func inputsOf(v gjson.Result) ([]llm.EmbeddingInput, error) {
	wrong := bad("input", "must be a text, a list of texts, a list of tokens or a list of such lists")
	if v.Type == gjson.String {
		return []llm.EmbeddingInput{{Text: v.Str}}, nil
	}
	if !v.IsArray() {
		return nil, wrong
	}
	if v.Get("0").Type == gjson.Number {
		tokens, ok := tokensOf(v)
		if !ok {
			return nil, wrong
		}
		return []llm.EmbeddingInput{{Tokens: tokens}}, nil
	}
	var out []llm.EmbeddingInput
	ok := true
	v.ForEach(func(_, one gjson.Result) bool {
		in := llm.EmbeddingInput{}
		if one.Type == gjson.String {
			in.Text = one.Str
		} else {
			in.Tokens, ok = tokensOf(one)
		}
		out = append(out, in)
		return ok
	})
	if !ok {
		return nil, wrong
	}
	return out, nil
}

// tokensOf reads a list of at least one token.
func tokensOf(v gjson.Result) ([]int64, bool) {
	if !v.IsArray() {
		return nil, false
	}
	var out []int64
	ok := true
	v.ForEach(func(_, one gjson.Result) bool {
		n := one.Int()
		ok = one.Type == gjson.Number && n >= 0 && float64(n) == one.Num
		out = append(out, n)
		return ok
	})
	return out, ok && len(out) > 0
}

// Options are what a server of this shape does differently. The zero value is OpenAI.
type Options struct {
	// Name is the server's, for messages.
	Name string
	// DimensionsName is the name of the member dimensions, that one if empty.
	DimensionsName string
	// TextsOnly takes no tokens; Lean knows neither user nor encoding_format.
	TextsOnly, Lean bool
	// ProviderOptions takes the AI SDK's providerOptions, which no server but the hosted gateway knows.
	ProviderOptions bool
}

// OptionsFor gives a provider's ways. plain tells that they are OpenAI's, so that requests can go as they came.
func OptionsFor(provider string) (o Options, plain bool) {
	switch provider {
	case "mistral": // API reference, "Embeddings": unknown members are refused
		return Options{Name: "Mistral", DimensionsName: "output_dimension", TextsOnly: true, Lean: true}, false
	case "gateway":
		return Options{ProviderOptions: true}, true
	}
	return Options{}, true
}

// EncodeRequest writes a request for a provider, which is asked for plain floats: whatever was asked for is made of them.
func EncodeRequest(req *llm.EmbeddingRequest, o Options) ([]byte, []llm.Notice, error) {
	var notices []llm.Notice
	drop := func(field string) {
		notices = append(notices, llm.Notice{Field: field, Message: "the provider has no such option for embeddings"})
	}
	out := append([]byte(`{"model":`), jsonwrite.AppendString(nil, req.Model)...)
	out = append(out, `,"input":[`...)
	for i, in := range req.Inputs {
		if i > 0 {
			out = append(out, ',')
		}
		if in.Tokens == nil {
			out = jsonwrite.AppendString(out, in.Text)
			continue
		}
		if o.TextsOnly {
			return nil, nil, bad("input", fmt.Sprintf("%s takes texts, not tokens", o.Name))
		}
		out = append(out, '[')
		for j, n := range in.Tokens {
			if j > 0 {
				out = append(out, ',')
			}
			out = strconv.AppendInt(out, n, 10)
		}
		out = append(out, ']')
	}
	out = append(out, ']')
	member := func(name string, value []byte) {
		out = append(append(jsonwrite.AppendString(append(out, ','), name), ':'), value...)
	}
	if req.Dimensions != nil {
		name := o.DimensionsName
		if name == "" {
			name = "dimensions"
		}
		member(name, strconv.AppendInt(nil, *req.Dimensions, 10))
	}
	if req.User != "" && !o.Lean {
		member("user", jsonwrite.AppendString(nil, req.User))
	} else if req.User != "" {
		drop("user")
	}
	if req.TaskType != "" {
		drop("taskType")
	}
	if req.Title != "" {
		drop("title")
	}
	for _, x := range req.Extra {
		if x.Dialect == llm.Embeddings || x.Name == "providerOptions" && o.ProviderOptions {
			member(x.Name, x.Raw)
		} else {
			drop(x.Name)
		}
	}
	return append(out, '}'), notices, nil
}
