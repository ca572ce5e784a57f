package strict

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

func itoa(n int) string { return strconv.Itoa(n) }

func jsonText(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

// refuse writes an error in the vendor's shape.
func (p *chat) refuse(r *refusal) (int, string) {
	kind, code := "invalid_request_error", "null"
	switch {
	case r.kind == "context":
		code = `"context_length_exceeded"`
	case r.status == http.StatusUnauthorized:
		kind, code = "authentication_error", `"invalid_api_key"`
	case r.status == http.StatusNotFound:
		code = `"model_not_found"`
	case r.status == http.StatusTooManyRequests:
		kind, code = "rate_limit_error", `"rate_limit_exceeded"`
	case r.status >= 500:
		kind = "server_error"
	}
	message := quote(r.field + ": " + r.message)
	if p.vendor == "mistral" { // a flat one (Mistral API, "Errors")
		return r.status, `{"object":"error","message":` + message + `,"type":"` + kind + `","param":null,"code":` + code + `}`
	}
	return r.status, `{"error":{"message":` + message + `,"type":"` + kind + `","param":` + quote(r.field) + `,"code":` + code + `}}`
}

func (p *chat) broken() string {
	return `data: {"error":{"message":"the server had an error","type":"server_error","param":null,"code":null}}` + "\n\n"
}

// callID is an id as the vendor writes them.
func (p *chat) callID() string {
	n := p.next()
	if p.ids == mistralID {
		return fmt.Sprintf("m%08d", n)
	}
	return fmt.Sprintf("call_%s_%d", p.vendor, n)
}

func (p *chat) finish(r reply) string {
	switch r.finish {
	case calling:
		return "tool_calls"
	case tooLong:
		return "length"
	case filtered:
		return "content_filter"
	}
	return "stop"
}

// usage is reported with cached tokens inside the prompt's and reasoning inside the completion's (API reference,
// "Chat completion object"); DeepSeek and Ollama have their own.
func (p *chat) usage() string {
	details := fmt.Sprintf(`,"prompt_tokens_details":{"cached_tokens":%d},"completion_tokens_details":{"reasoning_tokens":%d}`, cacheRead, reasoned)
	switch p.vendor {
	case "deepseek":
		details = fmt.Sprintf(`,"prompt_cache_hit_tokens":%d,"prompt_cache_miss_tokens":%d,"completion_tokens_details":{"reasoning_tokens":%d}`,
			cacheRead, uncached, reasoned)
	case "ollama":
		details = ""
	case "mistral":
		details = fmt.Sprintf(`,"num_cached_tokens":%d`, cacheRead)
	}
	return fmt.Sprintf(`{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d%s}`,
		uncached+cacheRead, answered+reasoned, uncached+cacheRead+answered+reasoned, details)
}

func (p *chat) head(a ask, object string) string {
	return fmt.Sprintf(`{"id":"chatcmpl-%d","object":"%s","created":1770000000,"model":%s`, p.next(), object, quote(a.model))
}

// thought is the member that carries reasoning.
func (p *chat) thought(text string) string {
	if text == "" || p.reasons == "" || p.reasons == "parts" {
		return ""
	}
	return `,"` + p.reasons + `":` + quote(text)
}

func (p *chat) parts(r reply) string {
	if r.thinking == "" || p.reasons != "parts" {
		return quote(r.text)
	}
	return `[{"type":"thinking","thinking":[{"type":"text","text":` + quote(r.thinking) + `}],"closed":true},{"type":"text","text":` + quote(r.text) + `}]`
}

func (p *chat) call(c called, id string) string {
	if c.freeform {
		return `{"id":"` + id + `","type":"custom","custom":{"name":` + quote(c.name) + `,"input":` + quote(c.args) + `}}`
	}
	return `{"id":"` + id + `","type":"function","function":{"name":` + quote(c.name) + `,"arguments":` + quote(c.args) + `}}`
}

func (p *chat) whole(a ask, r reply) string {
	p.keep(r.thinking)
	content := p.parts(r)
	if r.finish == refused && p.vendor == "openai" {
		content = `null,"refusal":` + quote(r.text)
	}
	message := `{"role":"assistant","content":` + content + p.thought(r.thinking)
	var calls []string
	for _, c := range r.calls {
		calls = append(calls, p.call(c, p.callID()))
	}
	if len(calls) > 0 {
		message += `,"tool_calls":[` + strings.Join(calls, ",") + `]`
	}
	return p.head(a, "chat.completion") + `,"choices":[{"index":0,"message":` + message + `},"finish_reason":"` + p.finish(r) +
		`","logprobs":null}],"usage":` + p.usage() + `}`
}

func (p *chat) stream(a ask, r reply) (before, after []string) {
	p.keep(r.thinking)
	head := p.head(a, "chat.completion.chunk")
	chunk := func(delta, finish string) string {
		tail := "}"
		if a.usage && p.vendor == "openai" {
			tail = `,"usage":null}`
		}
		return "data: " + head + `,"choices":[{"index":0,"delta":` + delta + `,"finish_reason":` + finish + `,"logprobs":null}]` + tail + "\n\n"
	}
	before = append(before, chunk(`{"role":"assistant","content":""}`, "null"))
	if p.reasons == "parts" && r.thinking != "" {
		for _, s := range pieces(r.thinking) {
			before = append(before, chunk(`{"content":[{"type":"thinking","thinking":[{"type":"text","text":`+quote(s)+`}]}]}`, "null"))
		}
	} else if p.reasons != "" {
		for _, s := range pieces(r.thinking) {
			before = append(before, chunk(`{`+p.thought(s)[1:]+`}`, "null"))
		}
	}
	member := "content"
	if r.finish == refused && p.vendor == "openai" {
		member = "refusal"
	}
	for i, s := range pieces(r.text) {
		if e := chunk(`{"`+member+`":`+quote(s)+`}`, "null"); i == 0 {
			before = append(before, e)
		} else {
			after = append(after, e)
		}
	}
	after = append(after, p.callDeltas(r, chunk)...)
	after = append(after, chunk("{}", `"`+p.finish(r)+`"`))
	if a.usage {
		after = append(after, "data: "+head+`,"choices":[],"usage":`+p.usage()+"}\n\n")
	}
	return before, append(after, "data: [DONE]\n\n")
}

// callDeltas writes parallel calls as OpenAI may: their pieces take turns. Mistral and Ollama send calls whole.
func (p *chat) callDeltas(r reply, chunk func(delta, finish string) string) (out []string) {
	whole := p.vendor == "mistral" || p.vendor == "ollama"
	var rest [][]string
	for i, c := range r.calls {
		name, input, kind := c.name, c.args, `"type":"function","function":{"name":%s,"arguments":%s}`
		if c.freeform {
			kind = `"type":"custom","custom":{"name":%s,"input":%s}`
		}
		first := ""
		if whole {
			first, input = input, ""
		}
		out = append(out, chunk(`{"tool_calls":[{"index":`+itoa(i)+`,"id":"`+p.callID()+`",`+
			fmt.Sprintf(kind, quote(name), quote(first))+`}]}`, "null"))
		rest = append(rest, pieces(input))
	}
	for more := true; more; {
		more = false
		for i := range rest {
			if len(rest[i]) == 0 {
				continue
			}
			kind := `"function":{"arguments":%s}`
			if r.calls[i].freeform {
				kind = `"custom":{"input":%s}`
			}
			out = append(out, chunk(`{"tool_calls":[{"index":`+itoa(i)+`,`+fmt.Sprintf(kind, quote(rest[i][0]))+`}]}`, "null"))
			rest[i], more = rest[i][1:], true
		}
	}
	return out
}
