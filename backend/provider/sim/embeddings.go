package sim

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/fnv"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"unicode"
)

// vectorSize is the length of the embedding model's vectors, if nobody asks for a shorter one.
const vectorSize = 256

// maxInputs is how many inputs a request may have (API reference, "Create embeddings").
const maxInputs = 2048

type embeddingsRequest struct {
	Model      string          `json:"model"`
	Input      json.RawMessage `json:"input"`
	Encoding   string          `json:"encoding_format"`
	Dimensions *int            `json:"dimensions"`
}

type embeddingsAnswer struct {
	Object string          `json:"object"`
	Data   []embedded      `json:"data"`
	Model  string          `json:"model"`
	Usage  embeddingsUsage `json:"usage"`
}

type embedded struct {
	Object    string `json:"object"`
	Index     int    `json:"index"`
	Embedding any    `json:"embedding"`
}

type embeddingsUsage struct {
	PromptTokens int64 `json:"prompt_tokens"`
	TotalTokens  int64 `json:"total_tokens"`
}

// serveEmbeddings serves POST /v1/embeddings (API reference, "Create embeddings").
func (s *server) serveEmbeddings(w http.ResponseWriter, r *http.Request) {
	_, _, prefix := chat{}.idPrefixes()
	requestID := s.id(prefix, 24)
	chat{}.headers(w.Header(), requestID)
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.MaxBody))
	var ans *embeddingsAnswer
	var ref *refusal
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		ref = refusef(tooLarge, "the request body is larger than %d bytes", s.MaxBody)
	} else if err != nil {
		ref = refusef(badRequest, "the request body could not be read")
	} else {
		ans, ref = embed(body)
	}
	if ref != nil {
		s.Logger.Debug("the simulator refused", "path", r.URL.Path, "reason", ref.kind)
		chat{}.refuse(w, ref, requestID)
		return
	}
	s.Logger.Debug("the simulator answers", "path", r.URL.Path, "model", ans.Model, "inputs", len(ans.Data))
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(encode(ans)) // the client may be gone; there is nobody to tell
}

func embed(body []byte) (*embeddingsAnswer, *refusal) {
	var req embeddingsRequest
	if json.Unmarshal(body, &req) != nil {
		return nil, refusef(badRequest, "the request body is not a JSON object of the right types")
	}
	m := find(req.Model)
	size := vectorSize
	switch {
	case m == nil:
		return nil, unknownModel(req.Model)
	case !m.embeds:
		return nil, refusef(noModel, "the simulator's model %q makes no embeddings; embed does", req.Model).at("model", "")
	case req.Encoding != "" && req.Encoding != "float" && req.Encoding != "base64":
		return nil, refusef(badRequest, "encoding_format must be float or base64").at("encoding_format", "")
	case req.Dimensions != nil && (*req.Dimensions < 1 || *req.Dimensions > vectorSize):
		return nil, refusef(badRequest, "dimensions must be 1 to %d", vectorSize).at("dimensions", "")
	case req.Dimensions != nil:
		size = *req.Dimensions
	}
	inputs, ref := readInputs(req.Input)
	if ref != nil {
		return nil, ref
	}
	ans := &embeddingsAnswer{Object: "list", Model: req.Model, Data: make([]embedded, len(inputs))}
	for i, in := range inputs {
		ans.Usage.PromptTokens += int64(len(in))
		v := vector(in, size)
		ans.Data[i] = embedded{"embedding", i, v}
		if req.Encoding == "base64" {
			ans.Data[i].Embedding = floats64(v)
		}
	}
	ans.Usage.TotalTokens = ans.Usage.PromptTokens
	return ans, nil
}

// readInputs gives the tokens of each input: a text, texts, tokens or lists of tokens.
func readInputs(raw json.RawMessage) ([][]string, *refusal) {
	wrong := refusef(badRequest, "input must be a text, a list of texts, a list of tokens or a list of such lists, none empty").
		at("input", "")
	var text string
	if json.Unmarshal(raw, &text) == nil {
		raw = encode([]string{text})
	}
	var tokens []int64
	if json.Unmarshal(raw, &tokens) == nil {
		raw = encode([][]int64{tokens})
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil || len(list) == 0 || len(list) > maxInputs {
		return nil, wrong
	}
	out := make([][]string, len(list))
	for i, one := range list {
		text, tokens = "", nil
		if json.Unmarshal(one, &text) == nil {
			out[i] = tokenize(text)
		} else if json.Unmarshal(one, &tokens) == nil {
			for _, n := range tokens {
				out[i] = append(out[i], strconv.FormatInt(n, 10))
			}
		}
		if len(out[i]) == 0 {
			return nil, wrong
		}
	}
	return out, nil
}

// vector counts an input's words, each at the place and with the sign that its hash gives, and scales that to the length 1:
// inputs that share words lie close to each other, and the same input always gives the same vector.
func vector(tokens []string, size int) []float32 {
	sums := make([]float64, vectorSize)
	for _, token := range tokens {
		h := fnv.New64a()
		_, _ = h.Write([]byte(strings.ToLower(strings.TrimFunc(token, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsPunct(r) }))))
		n := h.Sum64()
		sums[n%vectorSize] += 1 - 2*float64(n>>63)
	}
	sums[0] += 1.0 / 64 // no vector is all zeros, however short it is cut
	length := 0.0
	for _, v := range sums[:size] {
		length += v * v
	}
	out := make([]float32, size)
	for i := range out {
		out[i] = float32(sums[i] / math.Sqrt(length))
	}
	return out
}

// floats64 is the base64 of 32-bit floats, little end first.
func floats64(v []float32) string {
	raw := make([]byte, 0, 4*len(v))
	for _, f := range v {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(f))
	}
	return base64.StdEncoding.EncodeToString(raw)
}
