package chat

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"gatehouse/backend/llm"
)

// FuzzProvidersTools reads what providers say of the tools that they run themselves: nothing of it may harm the turn.
func FuzzProvidersTools(f *testing.F) {
	for _, raw := range []string{
		`{"type":"server_tool_use","id":"s1","name":"web_search","input":{"query":"x"}}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"a\":1}"}}`,
		`{"type":"web_search_tool_result","tool_use_id":"s1","content":[{"url":"https://example.com"}]}`,
		`{"type":"web_search_tool_result","tool_use_id":"s1","content":{"type":"web_search_tool_result_error","error_code":"x"}}`,
		`{"type":"mcp_call","id":"m1","name":"roll","arguments":"{\"sides\":6}","output":"4","error":null}`,
		`{"type":"code_interpreter_call","id":"c","code":"1+1","outputs":[{"type":"logs","logs":"2"}]}`,
		`{"type":"_call"}`, `{"type":"_tool_result"}`, `{"index":-1}`, `{"type":5}`, `[]`, `null`, ``, "\xff",
		`{"type":"x_tool_use","name":"` + strings.Repeat("n", 100) + `","input":"` + strings.Repeat("ä", maxToolText) + `"}`,
	} {
		f.Add(`{"type":"server_tool_use","id":"s1","name":"n"}`, raw)
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		r := newRun(t.Context(), "c", time.Now)
		for i, raw := range []string{first, second, second} {
			_, err := r.take(llm.PartStart{Index: i, Part: llm.Opaque{Raw: json.RawMessage(raw)}})
			if err == nil {
				_, err = r.take(llm.OpaqueEvent{Opaque: llm.Opaque{Raw: json.RawMessage(raw)}})
			}
			if err == nil {
				_, err = r.take(llm.PartEnd{Index: i})
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		turn := r.snapshot().view()
		for _, tool := range turn.Tools {
			if len(tool.Arguments) > maxToolText+3 || len(tool.Result) > maxToolText+3 || len(tool.Name) > maxToolName+3 || !utf8.ValidString(tool.Arguments) {
				t.Errorf("kept %d and %d bytes", len(tool.Arguments), len(tool.Result))
			}
		}
		if _, err := json.Marshal(turn); err != nil {
			t.Error(err)
		}
	})
}
