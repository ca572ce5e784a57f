package embeddings

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"
	"net/http"
	"strconv"

	"github.com/tidwall/gjson"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonwrite"
)

func unreadable(what string) *llm.Error {
	return llm.Errorf(llm.ErrInternal, "the provider's embeddings can't be read: %s", what).
		WithStatus(http.StatusBadGateway).WithCode("upstream_unreadable")
}

// DecodeResponse reads a provider's answer, in whatever form its vectors are, into the order of their indices. Its errors
// are *llm.Error.
func DecodeResponse(body []byte) (*llm.EmbeddingAnswer, error) {
	root := gjson.ParseBytes(body)
	if !gjson.ValidBytes(body) {
		return nil, unreadable("not valid JSON")
	}
	if e := root.Get("error"); e.IsObject() || e.Type == gjson.String { // LM Studio answers 200 where it has no such route
		return nil, inBand(root)
	}
	data := root.Get("data")
	if !data.IsArray() {
		return nil, unreadable(`there is no "data"`)
	}
	list := data.Array()
	out := &llm.EmbeddingAnswer{
		Model: root.Get("model").String(), Vectors: make([][]float64, len(list)), Usage: usageOf(root.Get("usage")),
	}
	for i, one := range list {
		at := i
		if index := one.Get("index"); index.Type == gjson.Number {
			at = int(index.Int())
		}
		if at < 0 || at >= len(list) || out.Vectors[at] != nil {
			return nil, unreadable("their indices don't add up")
		}
		vector, err := vectorOf(one.Get("embedding"))
		if err != nil {
			return nil, err
		}
		out.Vectors[at] = vector
	}
	return out, nil
}

func vectorOf(v gjson.Result) ([]float64, error) {
	if v.Type == gjson.String {
		raw, err := base64.StdEncoding.DecodeString(v.Str)
		if err != nil || len(raw)%4 != 0 || len(raw) == 0 {
			return nil, unreadable("a vector is no base64 of 32-bit floats")
		}
		out := make([]float64, len(raw)/4)
		for i := range out {
			out[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:])))
		}
		return out, nil
	}
	if !v.IsArray() {
		return nil, unreadable("a vector is no list of numbers")
	}
	out := make([]float64, 0, len(v.Raw)/12)
	numbers := true
	v.ForEach(func(_, n gjson.Result) bool {
		numbers = n.Type == gjson.Number
		out = append(out, n.Num)
		return numbers
	})
	if !numbers || len(out) == 0 {
		return nil, unreadable("a vector is no list of numbers")
	}
	return out, nil
}

func inBand(root gjson.Result) *llm.Error {
	message := root.Get("error.message").String()
	if message == "" {
		message = root.Get("error").String()
	}
	return llm.Errorf(llm.ErrNotFound, "the provider has no embeddings for this model: %s", message).WithCode("model_not_found")
}

// usageOf reads a usage object. An embedding has no output, so that is known to be none where the input is known.
func usageOf(u gjson.Result) llm.Usage {
	var out llm.Usage
	if !u.IsObject() {
		return out
	}
	out.Raw = json.RawMessage(u.Raw)
	for _, name := range []string{"prompt_tokens", "total_tokens"} {
		if n := u.Get(name); n.Type == gjson.Number {
			out.Input, out.Output = llm.Tokens(n.Int()), llm.Tokens(0)
			break
		}
	}
	return out
}

// EncodeResponse writes an answer for a client that knows the model under a name. The shape demands a count of tokens; where
// the provider gave none it is estimated.
func EncodeResponse(a *llm.EmbeddingAnswer, form Form, model string, estimated int64) ([]byte, error) {
	out := []byte(`{"object":"list","data":[`)
	for i, vector := range a.Vectors {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(strconv.AppendInt(append(out, `{"object":"embedding","index":`...), int64(i), 10), `,"embedding":`...)
		var err error
		if out, err = appendVector(out, vector, form); err != nil {
			return nil, err
		}
		out = append(out, '}')
	}
	out = jsonwrite.AppendString(append(out, `],"model":`...), model)
	tokens := a.Usage.Input.Or(estimated)
	out = strconv.AppendInt(append(out, `,"usage":{"prompt_tokens":`...), tokens, 10)
	out = strconv.AppendInt(append(out, `,"total_tokens":`...), tokens, 10)
	return append(out, "}}"...), nil
}

func appendVector(dst []byte, vector []float64, form Form) ([]byte, error) {
	if form == Base64 {
		raw := make([]byte, 4*len(vector))
		for i, v := range vector {
			binary.LittleEndian.PutUint32(raw[4*i:], math.Float32bits(float32(v)))
		}
		dst = append(dst, '"')
		dst = base64.StdEncoding.AppendEncode(dst, raw)
		return append(dst, '"'), nil
	}
	dst = append(dst, '[')
	for i, v := range vector {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, unreadable("a vector is not made of numbers")
		}
		if i > 0 {
			dst = append(dst, ',')
		}
		bits := 64
		if float64(float32(v)) == v { // what was 32 bits needs no more digits than those
			bits = 32
		}
		dst = strconv.AppendFloat(dst, v, 'g', -1, bits)
	}
	return append(dst, ']'), nil
}

// vectorName is what a vector stands behind in an answer.
var vectorName = []byte(`"embedding"`)

// FormGiven tells from the beginning of an answer in which form its vectors are; empty where that can't be told yet.
func FormGiven(head []byte) Form {
	for {
		i := bytes.Index(head, vectorName)
		if i < 0 {
			return ""
		}
		head = head[i+len(vectorName):]
		rest, isMember := bytes.CutPrefix(bytes.TrimLeft(head, " \t\r\n"), []byte(":"))
		rest = bytes.TrimLeft(rest, " \t\r\n")
		if !isMember || len(rest) == 0 { // "object":"embedding" is a value
			continue
		}
		if rest[0] == '"' {
			return Base64
		}
		return Floats
	}
}

// Reform writes the vectors of an answer in another form and leaves everything else as it is.
func Reform(body []byte, form Form) ([]byte, error) {
	if !gjson.ValidBytes(body) {
		return nil, unreadable("not valid JSON")
	}
	out := make([]byte, 0, len(body))
	done := 0
	var err error
	gjson.ParseBytes(body).Get("data").ForEach(func(_, one gjson.Result) bool {
		v := one.Get("embedding")
		var vector []float64
		if vector, err = vectorOf(v); err != nil {
			return false
		}
		if end := v.Index + len(v.Raw); v.Index < done || end > len(body) || string(body[v.Index:end]) != v.Raw {
			err = unreadable("a vector could not be found again")
			return false
		}
		out = append(out, body[done:v.Index]...)
		done = v.Index + len(v.Raw)
		out, err = appendVector(out, vector, form)
		return err == nil
	})
	if err != nil {
		return nil, err
	}
	return append(out, body[done:]...), nil
}

// Unit scales vectors to the length 1, which some models' own are not where a shorter one was asked for.
func Unit(vectors [][]float64) {
	for _, vector := range vectors {
		sum := 0.0
		for _, v := range vector {
			sum += v * v
		}
		if sum == 0 || math.IsInf(sum, 0) || math.IsNaN(sum) {
			continue
		}
		length := math.Sqrt(sum)
		for i := range vector {
			vector[i] /= length
		}
	}
}
