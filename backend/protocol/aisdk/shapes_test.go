package aisdk_test

import (
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/aisdk"
)

func TestEncodeError(t *testing.T) {
	for _, c := range []struct {
		err    *llm.Error
		status int
		body   string
	}{
		{llm.Errorf(llm.ErrAuth, "m"), 401, `{"error":{"message":"m","type":"authentication_error"},"generationId":"g"}`},
		{llm.Errorf(llm.ErrAuth, "m").WithStatus(403), 403, `{"error":{"message":"m","type":"forbidden"},"generationId":"g"}`},
		{llm.Errorf(llm.ErrAuth, "m").WithStatus(402), 402, `{"error":{"message":"m","type":"insufficient_funds"},"generationId":"g"}`},
		{llm.Errorf(llm.ErrRateLimit, "m"), 429, `{"error":{"message":"m","type":"rate_limit_exceeded"},"generationId":"g"}`},
		{
			llm.Errorf(llm.ErrNotFound, "m").WithCode("model_not_found"), 404,
			`{"error":{"message":"m","type":"model_not_found","param":{"modelId":"a/b"},"code":"model_not_found"},"generationId":"g"}`,
		},
		{llm.Errorf(llm.ErrNotFound, "m"), 404, `{"error":{"message":"m","type":"not_found"},"generationId":"g"}`},
		{llm.Errorf(llm.ErrBadRequest, "<m>"), 400, `{"error":{"message":"<m>","type":"invalid_request_error"},"generationId":"g"}`},
		{llm.Errorf(llm.ErrBadRequest, "m").WithStatus(424), 424, `{"error":{"message":"m","type":"failed_dependency"},"generationId":"g"}`},
		{llm.Errorf(llm.ErrOverloaded, "m"), 503, `{"error":{"message":"m","type":"overloaded"},"generationId":"g"}`},
		{llm.Errorf(llm.ErrTimeout, "m"), 504, `{"error":{"message":"m","type":"timeout"},"generationId":"g"}`},
		{llm.Errorf(llm.ErrCancelled, "m"), 499, `{"error":{"message":"m","type":"cancelled"},"generationId":"g"}`},
		{llm.Errorf(llm.ErrInternal, "m"), 500, `{"error":{"message":"m","type":"internal_server_error"},"generationId":"g"}`},
	} {
		status, body := aisdk.EncodeError(c.err, "a/b", "g")
		if status != c.status || string(body) != c.body {
			t.Errorf("%v: %d %s", c.err, status, body)
		}
	}
	if _, body := aisdk.EncodeError(llm.Errorf(llm.ErrNotFound, "m").WithCode("model_not_found"), "", ""); string(body) !=
		`{"error":{"message":"m","type":"model_not_found","code":"model_not_found"}}` {
		t.Errorf("%s", body)
	}
}

func TestEncodeConfig(t *testing.T) {
	models := []aisdk.Model{
		{ID: "a/b", Provider: "p", Pricing: &aisdk.Pricing{Input: "0.000001", Output: "0.000002", CacheRead: "0.0000001"}},
		{ID: "a/e", Name: "E", Provider: "p", Type: "embedding", Description: "d"},
		{ID: "a/r", Provider: "p", Type: "reranking"},
	}
	for v, want := range map[aisdk.Version]int{aisdk.V2: 2, aisdk.V3: 3, aisdk.V4: 3} {
		got := gjson.ParseBytes(aisdk.EncodeConfig(models, v)).Get("models")
		if len(got.Array()) != want || got.Get("0").Raw != `{"id":"a/b","name":"a/b","pricing":{"input":"0.000001","output":"0.000002",`+
			`"input_cache_read":"0.0000001"},"specification":{"specificationVersion":"`+v.String()+`","provider":"p","modelId":"a/b"},`+
			`"modelType":"language"}` {
			t.Errorf("%s: %s", v, got.Raw)
		}
	}
	if got := string(aisdk.EncodeConfig(nil, aisdk.V4)); got != `{"models":[]}` {
		t.Error(got)
	}
}

func TestEmbedding(t *testing.T) {
	h := aisdk.Head{Version: aisdk.V3, Model: "a/e"}
	for _, c := range []struct {
		body       string
		values     string
		dimensions int64
	}{
		{`{"input":"a"}`, "a", 0},
		{`{"input":["a","b"]}`, "a b", 0},
		{`{"values":["a"]}`, "a", 0},
		{`{"values":["a"],"dimensions":256}`, "a", 256},
		{`{"values":["a"],"providerOptions":{"openai":{"dimensions":128},"gateway":{"user":"u"}}}`, "a", 128},
	} {
		call, err := aisdk.DecodeEmbedding(h, []byte(c.body))
		if err != nil {
			t.Errorf("%s: %v", c.body, err)
			continue
		}
		var dimensions int64
		if call.Dimensions != nil {
			dimensions = *call.Dimensions
		}
		if strings.Join(call.Values, " ") != c.values || dimensions != c.dimensions || call.Model != "a/e" ||
			string(call.Gateway) != gjson.Get(c.body, "providerOptions.gateway").Raw ||
			string(call.Options) != gjson.Get(c.body, "providerOptions").Raw {
			t.Errorf("%s gives %+v", c.body, call)
		}
	}
	for _, body := range []string{
		``, `{}`, `{"values":[]}`, `{"values":[1]}`, `{"values":{}}`, `{"input":null}`, `{"values":["a"],"dimensions":0}`,
	} {
		if _, err := aisdk.DecodeEmbedding(h, []byte(body)); llm.AsError(err) == nil || llm.AsError(err).Kind != llm.ErrBadRequest {
			t.Errorf("%s gives %v", body, err)
		}
	}
	if _, err := aisdk.DecodeEmbedding(aisdk.Head{}, []byte(`{"values":["a"]}`)); llm.AsError(err).Code != "model_missing" {
		t.Error(err)
	}
	body, err := aisdk.EncodeEmbedding([][]float64{{0.5, -1e-9}}, llm.Tokens(3), aisdk.Options{Version: aisdk.V2, GenerationID: "g"})
	if err != nil || string(body) != `{"embeddings":[[0.5,-1e-9]],"usage":{"tokens":3},"warnings":[],"providerMetadata":{"gateway":{"generationId":"g"}}}` {
		t.Errorf("%s %v", body, err)
	}
	if body, err = aisdk.EncodeEmbedding(nil, llm.Count{}, aisdk.Options{Version: aisdk.V4}); string(body) != `{"embeddings":[],"warnings":[]}` {
		t.Errorf("%s %v", body, err)
	}
	if _, err = aisdk.EncodeEmbedding([][]float64{{math.NaN()}}, llm.Count{}, aisdk.Options{}); llm.AsError(err).HTTPStatus() != http.StatusInternalServerError {
		t.Error(err)
	}
}

func FuzzDecodeEmbedding(f *testing.F) {
	f.Add([]byte(`{"input":"a","providerOptions":{"gateway":{}}}`))
	f.Add([]byte(`{"values":["a"],"dimensions":1e99}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		call, err := aisdk.DecodeEmbedding(aisdk.Head{Model: "m"}, body)
		if (err == nil) != (call != nil && len(call.Values) > 0) {
			t.Errorf("%+v %v", call, err)
		}
	})
}

func TestAccount(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{string(aisdk.EncodeCredits(aisdk.Credits{Balance: "1.5", TotalUsed: "0"})), `{"balance":"1.5","total_used":"0"}`},
		{string(aisdk.EncodeReport(aisdk.Report{})), `{"results":[]}`},
		{
			string(aisdk.EncodeReport(aisdk.Report{Results: []aisdk.ReportLine{{Model: "a/b", TotalCost: "0.000000000001", RequestCount: new(int64(0))}}})),
			`{"results":[{"model":"a/b","total_cost":0.000000000001,"request_count":0}]}`,
		},
		{
			string(aisdk.EncodeGeneration(aisdk.Generation{ID: "gen_1", TotalCost: "0.1"})),
			`{"data":{"id":"gen_1","total_cost":0.1,"upstream_inference_cost":0,"usage":0,"created_at":"","model":"","is_byok":false,` +
				`"provider_name":"","streamed":false,"finish_reason":"","latency":0,"generation_time":0,"native_tokens_prompt":0,` +
				`"native_tokens_completion":0,"native_tokens_reasoning":0,"native_tokens_cached":0,"native_tokens_cache_creation":0,` +
				`"billable_web_search_calls":0,"market_cost":null}}`,
		},
	} {
		if c.got != c.want {
			t.Errorf("%s\nwant %s", c.got, c.want)
		}
	}
}
