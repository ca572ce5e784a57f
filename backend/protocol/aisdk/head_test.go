package aisdk_test

import (
	"net/http"
	"testing"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/aisdk"
)

func TestReadHead(t *testing.T) {
	for _, c := range []struct {
		name, path string
		header     map[string]string
		want       aisdk.Head
	}{
		{"the header decides", "/v1/ai/language-model", map[string]string{
			"ai-language-model-specification-version": "3", "ai-language-model-id": "a/b", "ai-language-model-streaming": "true",
		}, aisdk.Head{Version: aisdk.V3, Model: "a/b", Stream: true}},
		{"another kind", "/own/embedding-model", map[string]string{
			"ai-embedding-model-specification-version": "2", "ai-model-id": "a/e",
		}, aisdk.Head{Version: aisdk.V2, Model: "a/e"}},
		{"path 1", "/v1/ai/config", nil, aisdk.Head{Version: aisdk.V2}},
		{"path 3", "/v3/ai/config", nil, aisdk.Head{Version: aisdk.V3}},
		{"path 4", "/v4/ai", map[string]string{"user-agent": "ai-sdk/gateway/2.0.168"}, aisdk.Head{Version: aisdk.V4}},
		{"path of another", "/v1/aix/config", nil, aisdk.Head{Version: aisdk.V4}},
		{"agent 1", "/x/config", map[string]string{"user-agent": "ai-sdk/gateway/1.0.41 x"}, aisdk.Head{Version: aisdk.V2}},
		{"agent 2", "/x/config", map[string]string{"user-agent": "ai-sdk/gateway/2.0.168 ai-sdk/provider-utils/3.0.41"}, aisdk.Head{Version: aisdk.V2}},
		{"agent 3", "/x/config", map[string]string{"user-agent": "ai-sdk/gateway/3.0.232 runtime/node.js/v20"}, aisdk.Head{Version: aisdk.V3}},
		{"agent 4", "/x/config", map[string]string{"user-agent": "app ai-sdk-gateway/4.0.146 node.js/v20"}, aisdk.Head{Version: aisdk.V4}},
		{"agent 9", "/x/config", map[string]string{"user-agent": "ai-sdk-gateway/9.0.0"}, aisdk.Head{Version: aisdk.V4}},
		{"the SDK's own", "/x", map[string]string{"user-agent": "ai/6.0.326 ai-sdk/provider-utils/4"}, aisdk.Head{Version: aisdk.V3}},
		{"nothing", "/x/config", map[string]string{"user-agent": "curl/8 ai/x ai-sdk-gateway/"}, aisdk.Head{Version: aisdk.V4}},
	} {
		h := http.Header{}
		for k, v := range c.header {
			h.Set(k, v)
		}
		got, err := aisdk.ReadHead(c.path, h)
		if err != nil || got != c.want {
			t.Errorf("%s: %+v, %v; want %+v", c.name, got, err, c.want)
		}
	}
	for header, value := range map[string]string{
		"Ai-Language-Model-Specification-Version": "5", "Ai-Image-Model-Specification-Version": "x",
		"Ai-Language-Model-Streaming": "maybe",
	} {
		_, err := aisdk.ReadHead("/v4/ai/language-model", http.Header{header: {value}})
		if e := llm.AsError(err); e == nil || e.Kind != llm.ErrBadRequest {
			t.Errorf("%s: %s gives %v", header, value, err)
		}
	}
}
