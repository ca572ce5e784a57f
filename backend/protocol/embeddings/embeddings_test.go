package embeddings_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/embeddings"
)

func TestDecodeRequest(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"a text", `{"model":"m","input":"hi"}`, `m float [{hi []}] <nil>`},
		{"texts", `{"model":"m","input":["a","","世界"],"encoding_format":"base64","dimensions":3,"user":"u"}`, `m base64 [{a []} { []} {世界 []}] 3 u`},
		{"tokens", `{"model":"m","input":[1,2,3]}`, `m float [{ [1 2 3]}] <nil>`},
		{"lists of tokens", `{"model":"m","input":[[1],[2,3]]}`, `m float [{ [1]} { [2 3]}] <nil>`},
		{"null is absent", `{"model":"m","input":"x","encoding_format":null,"dimensions":null}`, `m float [{x []}] <nil>`},
		{"unknown members", `{"model":"m","input":"x","input_type":"query"}`, `m float [{x []}] <nil> +input_type="query"`},
		{"no input", `{"model":"m"}`, "error input"},
		{"an empty list", `{"model":"m","input":[]}`, "error input"},
		{"an empty list of tokens", `{"model":"m","input":[[]]}`, "error input"},
		{"a mixture of wrong kinds", `{"model":"m","input":["a",true]}`, "error input"},
		{"half a token", `{"model":"m","input":[1.5]}`, "error input"},
		{"a wrong form", `{"model":"m","input":"x","encoding_format":"int8"}`, "error encoding_format"},
		{"no dimensions", `{"model":"m","input":"x","dimensions":0}`, "error dimensions"},
		{"no object", `[]`, "error object"},
		{"no JSON", `{"model":`, "error JSON"},
	} {
		req, form, err := embeddings.DecodeRequest([]byte(c.body))
		got := ""
		if err != nil {
			field, _ := strings.CutPrefix(c.want, "error ")
			if e := llm.AsError(err); e.Kind != llm.ErrBadRequest || !strings.Contains(e.Message, field) || !strings.HasPrefix(c.want, "error") {
				t.Errorf("%s: %v, want %s", c.name, err, c.want)
			}
			continue
		}
		dimensions := "<nil>"
		if req.Dimensions != nil {
			dimensions = gjson.Get(c.body, "dimensions").Raw
		}
		got = strings.TrimSpace(strings.Join([]string{req.Model, string(form), show(req.Inputs), dimensions, req.User}, " "))
		for _, x := range req.Extra {
			got += " +" + x.Name + "=" + string(x.Raw)
		}
		if got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func show(inputs []llm.EmbeddingInput) string {
	var out []string
	for _, in := range inputs {
		tokens := "[]"
		if in.Tokens != nil {
			b, _ := json.Marshal(in.Tokens)
			tokens = strings.ReplaceAll(string(b), ",", " ")
		}
		out = append(out, "{"+in.Text+" "+tokens+"}")
	}
	return "[" + strings.Join(out, " ") + "]"
}

func TestEncodeRequest(t *testing.T) {
	four := int64(4)
	full := llm.EmbeddingRequest{
		Model: "m", Inputs: []llm.EmbeddingInput{{Text: `a"<`}, {Tokens: []int64{1, 2}}}, Dimensions: &four, User: "u", TaskType: "RETRIEVAL_QUERY",
		Extra: []llm.Extra{{Dialect: llm.Embeddings, Name: "input_type", Raw: []byte(`"q"`)}, {Dialect: llm.AISDK, Name: "providerOptions", Raw: []byte(`{}`)}},
	}
	text := full
	text.Inputs = full.Inputs[:1]
	for _, c := range []struct {
		name, provider string
		req            llm.EmbeddingRequest
		want, notices  string
	}{
		{"OpenAI", "openai", full, `{"model":"m","input":["a\"<",[1,2]],"dimensions":4,"user":"u","input_type":"q"}`, "taskType providerOptions"},
		{"the hosted gateway", "gateway", full, `{"model":"m","input":["a\"<",[1,2]],"dimensions":4,"user":"u","input_type":"q","providerOptions":{}}`, "taskType"},
		{"Mistral", "mistral", text, `{"model":"m","input":["a\"<"],"output_dimension":4,"input_type":"q"}`, "user taskType providerOptions"},
		{"Mistral takes no tokens", "mistral", full, "", ""},
	} {
		options, _ := embeddings.OptionsFor(c.provider)
		body, notices, err := embeddings.EncodeRequest(&c.req, options)
		if c.want == "" {
			if e := llm.AsError(err); e == nil || e.Kind != llm.ErrBadRequest || !strings.Contains(e.Message, "input: Mistral") {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		var fields []string
		for _, n := range notices {
			fields = append(fields, n.Field)
		}
		if err != nil || string(body) != c.want || strings.Join(fields, " ") != c.notices {
			t.Errorf("%s: got %s, %v, notices %v", c.name, body, err, fields)
		}
	}
}

// The vectors of one answer in both forms: 0.1 and -2 as 32-bit floats.
const (
	inFloats = `{ "object":"list","data":[{"object":"embedding","index":1,"embedding":[3]},{"object" : "embedding","embedding" : [ 0.1,-2 ],"index":0}],"model":"m","usage":{"prompt_tokens":5,"total_tokens":5},"x":1.0}`
	inBase64 = `{ "object":"list","data":[{"object":"embedding","index":1,"embedding":"AABAQA=="},{"object" : "embedding","embedding" : "zczMPQAAAMA=","index":0}],"model":"m","usage":{"prompt_tokens":5,"total_tokens":5},"x":1.0}`
)

func TestDecodeResponse(t *testing.T) {
	for name, body := range map[string]string{"floats": inFloats, "base64": inBase64} {
		a, err := embeddings.DecodeResponse([]byte(body))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(a.Vectors) != 2 || math.Abs(a.Vectors[0][0]-0.1) > 1e-8 || a.Vectors[0][1] != -2 || a.Vectors[1][0] != 3 || a.Usage.Input.Or(0) != 5 || !a.Usage.Output.Known() {
			t.Errorf("%s: %+v", name, a)
		}
	}
	for name, body := range map[string]string{
		"an error in 200":       `{"error":"Unexpected endpoint or method. (POST /v1/embeddings)"}`,
		"an index twice":        `{"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]}`,
		"an index out of range": `{"data":[{"index":7,"embedding":[1]}]}`,
		"words for numbers":     `{"data":[{"embedding":["a"]}]}`,
		"an empty vector":       `{"data":[{"embedding":[]}]}`,
		"broken base64":         `{"data":[{"embedding":"AAA"}]}`,
		"half a float":          `{"data":[{"embedding":"AAAA"}]}`,
		"no data":               `{}`,
		"a torn answer":         inFloats[:60],
	} {
		if a, err := embeddings.DecodeResponse([]byte(body)); err == nil {
			t.Errorf("%s: read as %+v", name, a)
		}
	}
}

func TestEncodeResponse(t *testing.T) {
	a := &llm.EmbeddingAnswer{Vectors: [][]float64{{float64(float32(0.1)), -2, 1e-9, 0.1234567890123}, {3}}}
	for form, want := range map[embeddings.Form]string{
		embeddings.Floats: `[0.1,-2,1e-09,0.1234567890123]`, embeddings.Base64: `"zczMPQAAAMBfcIkw6tb8PQ=="`,
	} {
		body, err := embeddings.EncodeResponse(a, form, "my/model", 9)
		got := gjson.ParseBytes(body)
		if err != nil || got.Get("data.0.embedding").Raw != want || got.Get("data.1.index").Int() != 1 || got.Get("model").Str != "my/model" || got.Get("usage.prompt_tokens").Int() != 9 {
			t.Errorf("%s: %s, %v", form, body, err)
		}
	}
	a.Vectors[0][0] = math.NaN()
	if body, err := embeddings.EncodeResponse(a, embeddings.Floats, "m", 1); err == nil {
		t.Errorf("NaN became %s", body)
	}
}

func TestReformChangesOnlyTheVectors(t *testing.T) {
	got, err := embeddings.Reform([]byte(inFloats), embeddings.Base64)
	if err != nil || string(got) != inBase64 {
		t.Errorf("to base64: %s, %v", got, err)
	}
	back, err := embeddings.Reform([]byte(inBase64), embeddings.Floats)
	if want := strings.Replace(inFloats, "[ 0.1,-2 ]", "[0.1,-2]", 1); err != nil || string(back) != want {
		t.Errorf("to floats: %s, %v", back, err)
	}
}

func TestFormGivenWaitsForTheVector(t *testing.T) {
	for form, body := range map[embeddings.Form]string{embeddings.Floats: inFloats, embeddings.Base64: inBase64} {
		known := false
		for n := range len(body) {
			switch given := embeddings.FormGiven([]byte(body[:n])); {
			case given == form:
				known = true
			case given != "" || known:
				t.Fatalf("%s: the first %d bytes were taken for %q", form, n, given)
			}
		}
		if !known {
			t.Errorf("%s was never told", form)
		}
	}
}

func TestTap(t *testing.T) {
	numbers := strings.Repeat("0.123456789,", 40<<10)
	long := `{"object":"list","data":[{"object":"embedding","index":0,"embedding":[` + numbers + `1]}],"model":"m","usage":{"prompt_tokens":8,"total_tokens":8}}` + "\n"
	first := `{"model":"m","object":"list","usage":{"prompt_tokens":8,"total_tokens":8},"data":[{"embedding":[` + numbers + `1],"index":0}]}`
	for _, c := range []struct {
		name, body string
		tokens     int64
		ended      bool
		failed     bool
	}{
		{"usage behind the vectors", long, 8, true, false},
		{"usage before the vectors", first, 8, true, false},
		{"a small answer", inBase64, 5, true, false},
		{"no usage", `{"data":[{"embedding":[1]}]}`, -1, true, false},
		{"cut off", long[:len(long)-3], -1, false, false},
		{"an error in 200", `{"error":"no such endpoint"}`, -1, true, true},
	} {
		for _, step := range []int{1 << 20, 32 << 10, 997, 1} {
			if step == 1 && len(c.body) > 1<<20 {
				continue
			}
			tap := embeddings.NewTap(false)
			for rest := c.body; rest != ""; rest = rest[min(step, len(rest)):] {
				tap.Write([]byte(rest[:min(step, len(rest))]))
			}
			seen := tap.Close()
			if seen.Usage.Input.Or(-1) != c.tokens || seen.Ended != c.ended || (seen.Err != nil) != c.failed {
				t.Errorf("%s by %d: %+v", c.name, step, seen)
			}
		}
	}
}

func TestUnit(t *testing.T) {
	vectors := [][]float64{{3, 4}, {0, 0}}
	embeddings.Unit(vectors)
	if vectors[0][0] != 0.6 || vectors[0][1] != 0.8 || vectors[1][0] != 0 {
		t.Errorf("got %v", vectors)
	}
}

func FuzzDecodeRequest(f *testing.F) {
	for _, seed := range []string{`{"model":"m","input":"hi"}`, `{"input":[[1,2],"a"],"encoding_format":"base64","dimensions":8}`, `{"input":[1e3]}`, `{"input":"\ud800"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		req, _, err := embeddings.DecodeRequest(body)
		if err != nil {
			return
		}
		out, _, err := embeddings.EncodeRequest(req, embeddings.Options{})
		if err != nil || !json.Valid(out) {
			t.Fatalf("%q was read and could not be written: %s, %v", body, out, err)
		}
		again, _, err := embeddings.DecodeRequest(out)
		if err != nil || len(again.Inputs) != len(req.Inputs) {
			t.Fatalf("%q became %s: %v", body, out, err)
		}
	})
}

func FuzzDecodeResponse(f *testing.F) {
	for _, seed := range []string{inFloats, inBase64, `{"data":[{"embedding":[1e400]}]}`, `{"data":[{"embedding":"AADAfw=="}]}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		embeddings.FormGiven(body)
		tap := embeddings.NewTap(false)
		tap.Write(body)
		tap.Close()
		a, err := embeddings.DecodeResponse(body)
		if err != nil {
			return
		}
		if out, err := embeddings.EncodeResponse(a, embeddings.Floats, "m", 1); err == nil && !json.Valid(out) {
			t.Fatalf("%q became %s", body, out)
		}
		if out, err := embeddings.Reform(body, embeddings.Base64); err == nil {
			if again, err := embeddings.DecodeResponse(out); err != nil || len(again.Vectors) != len(a.Vectors) {
				t.Fatalf("%q became %s: %v", body, out, err)
			}
		}
	})
}
