package aisdk_test

import (
	"encoding/json"
	"strings"
	"testing"

	"gatehouse/backend/protocol/aisdk"
	"gatehouse/backend/protocol/jsonedit"
)

func TestPrivate(t *testing.T) {
	for body, want := range map[string]string{
		`{"prompt":[]}`: "",
		`{"prompt":[],"headers":{"user-agent":"ai/7","anthropic-beta":"x"}}`:                                     "",
		`{"headers":{"Authorization":"Bearer k","user-agent":"ai/7","X-API-Key" : "k","a":{"b":1}},"prompt":[]}`: `{"headers":{"user-agent":"ai/7","a":{"b":1}},"prompt":[]}`,
		`{"headers":{"cookie":"k"},"prompt":[{"headers":{"cookie":"kept"}}]}`:                                    `{"headers":{},"prompt":[{"headers":{"cookie":"kept"}}]}`,
		`{"headers":{"\u0063ookie":"k"}}`:                                                                        `{"headers":{}}`,
		`{"headers":null}`:                                                                                       "",
		`{"headers":["cookie"]}`:                                                                                 "",
	} {
		edits, err := aisdk.Private([]byte(body))
		if want == "" {
			if len(edits) > 0 || err != nil {
				t.Errorf("%s: %d edits, %v", body, len(edits), err)
			}
			continue
		}
		if got := string(jsonedit.Apply([]byte(body), edits...).Bytes()); got != want || err != nil {
			t.Errorf("%s became %s, %v", body, got, err)
		}
	}
	if _, err := aisdk.Private([]byte(`{"headers":`)); err == nil {
		t.Error("a cut body was taken")
	}
}

func FuzzPrivate(f *testing.F) {
	f.Add(`{"headers":{"Authorization":"Bearer k","user-agent":"ai/7"},"prompt":[]}`)
	f.Add(`{"a":{"headers":1},"headers" : {"\u0041":"x"}}`)
	f.Fuzz(func(t *testing.T, body string) {
		edits, err := aisdk.Private([]byte(body))
		if err != nil || len(edits) == 0 || !json.Valid([]byte(body)) {
			return
		}
		got := jsonedit.Apply([]byte(body), edits...).Bytes()
		if !json.Valid(got) {
			t.Fatalf("%q became %q", body, got)
		}
		if again, err := aisdk.Private(got); err != nil || len(again) > 0 {
			t.Errorf("%q still holds %d in %q, %v", body, len(again), strings.ToLower(string(got)), err)
		}
	})
}
