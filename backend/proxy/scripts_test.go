package proxy

import (
	"strings"
)

// More of what stand-ins answer: whole and streamed.
var (
	inResponses = [2]string{
		`{"id":"resp_1","object":"response","created_at":1,"status":"completed","error":null,"model":"m","output":[` + responsesItem + `],` + responsesUsage + `}`,
		strings.Join([]string{
			`data: {"type":"response.created","response":{"id":"resp_1","object":"response","created_at":1,"status":"in_progress","model":"m","output":[]}}`,
			`data: {"type":"response.output_item.added","output_index":0,"item":{"id":"msg_1","type":"message","role":"assistant","status":"in_progress","content":[]}}`,
			`data: {"type":"response.content_part.added","item_id":"msg_1","output_index":0,"content_index":0,"part":{"type":"output_text","text":"","annotations":[]}}`,
			`data: {"type":"response.output_text.delta","item_id":"msg_1","output_index":0,"content_index":0,"delta":"Hi"}`,
			`data: {"type":"response.output_text.done","item_id":"msg_1","output_index":0,"content_index":0,"text":"Hi"}`,
			`data: {"type":"response.output_item.done","output_index":0,"item":` + responsesItem + `}`,
			`data: {"type":"response.completed","response":{"id":"resp_1","object":"response","created_at":1,"status":"completed","error":null,"model":"m","output":[` +
				responsesItem + `],` + responsesUsage + `}}`, "",
		}, "\n\n"),
	}
	inGemini = [2]string{
		`{"candidates":[{"content":{"role":"model","parts":[{"text":"Hi"}]},"finishReason":"STOP"}],` + geminiUsage + `}`,
		`data: {"candidates":[{"content":{"role":"model","parts":[{"text":"Hi"}]}}],"responseId":"g","modelVersion":"m"}` + "\n\n" +
			`data: {"candidates":[{"content":{"role":"model","parts":[{"text":""}]},"finishReason":"STOP"}],` + geminiUsage + "}\n\n",
	}
	inAISDK = [2]string{
		`{"content":[{"type":"text","text":"Hi"}],"finishReason":{"unified":"stop","raw":"stop"},` + aisdkUsage + `,"warnings":[]}`,
		strings.Join([]string{
			`data: {"type":"stream-start","warnings":[]}`, `data: {"type":"text-start","id":"0"}`, `data: {"type":"text-delta","id":"0","delta":"Hi"}`,
			`data: {"type":"text-end","id":"0"}`, `data: {"type":"finish","finishReason":{"unified":"stop","raw":"stop"},` + aisdkUsage + `}`, "",
		}, "\n\n"),
	}
)

const (
	responsesItem  = `{"id":"msg_1","type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","text":"Hi","annotations":[]}]}`
	responsesUsage = `"usage":{"input_tokens":1000,"output_tokens":10,"total_tokens":1010}`
	geminiUsage    = `"usageMetadata":{"promptTokenCount":1000,"candidatesTokenCount":10,"totalTokenCount":1010},"responseId":"g","modelVersion":"m"`
	aisdkUsage     = `"usage":{"inputTokens":{"total":1000,"noCache":1000},"outputTokens":{"total":10,"text":10}}`
)

// script is what a stand-in for a provider says: a whole answer and a streamed one, which is cut behind its first content
// where it is to break. The answers name the provider.
type script struct{ id, whole, begin, end, broken string }

// scriptedIn are the answers in each dialect, by the provider that speaks it, with an error within a stream.
var scriptedIn = map[string]struct {
	answers [2]string
	broken  string
}{
	"groq":      {inChat, `data: {"error":{"message":"it broke","type":"server_error"}}` + "\n\n"},
	"anthropic": {inMessages, "event: error\n" + `data: {"type":"error","error":{"type":"overloaded_error","message":"it broke"}}` + "\n\n"},
	"openai":    {inResponses, "event: error\n" + `data: {"type":"error","code":"server_error","message":"it broke","param":null}` + "\n\n"},
	"google":    {inGemini, `data: {"error":{"code":503,"message":"it broke","status":"UNAVAILABLE"}}` + "\n\n"},
	"gateway":   {inAISDK, `data: {"type":"error","error":{"message":"it broke","type":"internal_server_error"}}` + "\n\n"},
}

func scriptOf(id string) script {
	of := scriptedIn[id]
	name := func(s string) string { return strings.ReplaceAll(s, `"Hi"`, `"from-`+id+`"`) }
	stream := name(of.answers[1])
	cut := strings.Index(stream, "from-"+id)
	cut += strings.Index(stream[cut:], "\n\n") + 2
	return script{id, name(of.answers[0]), stream[:cut], stream[cut:], of.broken}
}

// nativeOf is the provider that a client reaches in its own dialect, empty where there is none.
func nativeOf(client string) string {
	switch word, _, _ := strings.Cut(client, " "); word {
	case "chat":
		return "groq"
	case "messages":
		return "anthropic"
	case "responses":
		return "openai"
	case "gemini":
		return "google"
	}
	if client == "ai-sdk 7" {
		return "gateway"
	}
	return ""
}
