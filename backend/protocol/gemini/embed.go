package gemini

import (
	"math"
	"strconv"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonread"
	"gatehouse/backend/protocol/watch"
)

// Embeddings asks for the vectors of texts (API reference, "Embeddings").
type Embeddings struct {
	Model string
	// Texts may be one for each request of a batch, of which the API takes up to MaxEmbeddings.
	Texts []string
	// Dimensions is the length of the vectors, nil for the model's own.
	Dimensions *int64
	// TaskType is what the vectors are for (RETRIEVAL_QUERY and the like), Title the document's; empty where the caller
	// did not say. All texts of a batch share them.
	TaskType, Title string
	// Batch tells that the answer is batchEmbedContents', a list.
	Batch bool
}

// MaxEmbeddings is how many texts a batch may have.
const MaxEmbeddings = 100

// DecodeEmbedRequest reads a client's embedContent (batch false) or batchEmbedContents. Texts of a batch that want
// different things are refused, since no other API can give them at once.
func DecodeEmbedRequest(body []byte, model string, batch bool) (*Embeddings, error) {
	root := jsonread.Of(body)
	if !root.IsObject() {
		return nil, llm.Errorf(llm.ErrBadRequest, "the request body is not a JSON object").WithCode("invalid_json")
	}
	out := &Embeddings{Model: model, Batch: batch}
	if !batch {
		return out, out.take(root, true)
	}
	requests := root.Get("requests").Array()
	if len(requests) == 0 {
		return nil, bad("requests", "is missing; send at least one")
	}
	for i, r := range requests {
		if err := out.take(r, i == 0); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (e *Embeddings) take(v jsonread.Value, first bool) error {
	one := Embeddings{}
	found := false
	err := each(v, func(name string, v jsonread.Value) (err error) {
		switch name {
		case "content":
			found = true
			text := ""
			for _, p := range partsOf(v) {
				if p.Get("text").Type() != jsonread.String {
					return bad("content", "can only hold text")
				}
				text += p.Get("text").Str()
			}
			one.Texts = []string{text}
		case "taskType":
			one.TaskType = v.String()
		case "title":
			one.Title = v.String()
		case "outputDimensionality":
			if v.Type() != jsonread.Null {
				one.Dimensions, err = integer(name, v)
			}
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case !found:
		return bad("content", "is missing")
	case first:
		e.TaskType, e.Title, e.Dimensions = one.TaskType, one.Title, one.Dimensions
	case e.TaskType != one.TaskType || e.Title != one.Title || !same(e.Dimensions, one.Dimensions):
		return bad("requests", "must have the same taskType, title and outputDimensionality")
	}
	e.Texts = append(e.Texts, one.Texts...)
	return nil
}

func same(a, b *int64) bool { return a == b || a != nil && b != nil && *a == *b }

// EncodeEmbedRequest writes a batchEmbedContents for a provider, which also suits a single text.
func EncodeEmbedRequest(e *Embeddings) ([]byte, error) {
	if len(e.Texts) == 0 || len(e.Texts) > MaxEmbeddings {
		return nil, llm.Errorf(llm.ErrBadRequest,
			"%s takes 1 to %d texts at once, not %d", llm.Gemini, MaxEmbeddings, len(e.Texts))
	}
	out := []byte(`{"requests":[`)
	for i, text := range e.Texts {
		if i > 0 {
			out = append(out, ',')
		}
		w := &members{}
		w.add("model", quote(resource(e.Model)))
		w.add("content", append(append([]byte(`{"parts":[`), textOf(nil, text)...), "]}"...))
		if e.TaskType != "" {
			w.add("taskType", quote(e.TaskType))
		}
		if e.Title != "" {
			w.add("title", quote(e.Title))
		}
		if e.Dimensions != nil {
			w.add("outputDimensionality", strconv.AppendInt(nil, *e.Dimensions, 10))
		}
		out = append(out, w.close()...)
	}
	return append(out, "]}"...), nil
}

// DecodeEmbedResponse reads a provider's vectors, of embedContent or batchEmbedContents, and what they took, if it says
// so.
func DecodeEmbedResponse(body []byte) ([][]float64, llm.Usage, error) {
	var usage llm.Usage
	root, err := jsonread.Parse(body)
	if err != nil {
		return nil, usage, unreadable(nil)
	}
	if root.Get("error").Exists() {
		return nil, usage, inBandError(body)
	}
	list := root.Get("embeddings").Array()
	if one := root.Get("embedding"); one.IsObject() {
		list = []jsonread.Value{one}
	}
	out := make([][]float64, 0, len(list))
	for _, one := range list {
		values := one.Get("values")
		if !values.IsArray() {
			return nil, usage, unreadable(nil)
		}
		var vector []float64
		for _, v := range values.Array() {
			vector = append(vector, v.Float())
		}
		out = append(out, vector)
	}
	if len(out) == 0 {
		return nil, usage, unreadable(nil)
	}
	return out, embedUsage(root), nil
}

// embedUsage reads what an embedding took. It has no output, so that is known to be none where the input is known.
func embedUsage(root jsonread.Value) llm.Usage {
	var usage llm.Usage
	if u := root.Get("usageMetadata"); u.IsObject() {
		mergeUsage(&usage, u)
	}
	if usage.Input.Known() {
		usage.Output = llm.Tokens(0)
	}
	return usage
}

// NewEmbedTap observes an answer with vectors.
func NewEmbedTap(bool) llm.Tap {
	return watch.NewBody(func(seen *llm.Observation, body []byte) {
		root := jsonread.Of(body)
		seen.Usage = embedUsage(root)
		if root.Get("error").Exists() {
			seen.Err = inBandError(body)
		}
	})
}

// EncodeEmbedResponse writes vectors for a client, as embedContent or, for a batch, as batchEmbedContents answers.
func EncodeEmbedResponse(vectors [][]float64, usage llm.Usage, batch bool) ([]byte, error) {
	if !batch && len(vectors) != 1 {
		return nil, llm.Errorf(llm.ErrInternal, "the provider gave %d vectors for one text", len(vectors))
	}
	out := []byte(`{"embedding":`)
	if batch {
		out = []byte(`{"embeddings":[`)
	}
	for i, vector := range vectors {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, `{"values":[`...)
		for j, v := range vector {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return nil, llm.Errorf(llm.ErrInternal, "the provider gave a vector that is not made of numbers")
			}
			if j > 0 {
				out = append(out, ',')
			}
			out = strconv.AppendFloat(out, v, 'g', -1, 64)
		}
		out = append(out, "]}"...)
	}
	if batch {
		out = append(out, ']')
	}
	if n, ok := usage.Input.Get(); ok {
		out = strconv.AppendInt(append(out, `,"usageMetadata":{"promptTokenCount":`...), n, 10)
		out = append(out, '}')
	}
	return append(out, '}'), nil
}
