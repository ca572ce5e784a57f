package strict

import (
	"fmt"
	"net/http"
	"strings"
)

func (p *messages) refuse(r *refusal) (int, string) {
	kinds := map[int]string{
		400: "invalid_request_error", 401: "authentication_error", 402: "billing_error", 403: "permission_error", 404: "not_found_error",
		413: "request_too_large", 429: "rate_limit_error", 503: "overloaded_error", 504: "timeout_error", 529: "overloaded_error",
	}
	kind := kinds[r.status]
	if kind == "" {
		kind = "api_error"
	}
	status := r.status
	if status == http.StatusServiceUnavailable {
		status = 529
	}
	text := r.message
	if r.field != "" {
		text = r.field + ": " + text
	}
	return status, `{"type":"error","error":{"type":"` + kind + `","message":` + quote(text) + `},"request_id":"req_strict"}`
}

func (p *messages) broken() string {
	return "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n"
}

// usage leaves cached tokens out of input_tokens (API reference, "Usage").
func (p *messages) usage(output int) string {
	return fmt.Sprintf(`{"input_tokens":%d,"cache_creation_input_tokens":%d,"cache_read_input_tokens":%d,`+
		`"cache_creation":{"ephemeral_5m_input_tokens":%d,"ephemeral_1h_input_tokens":%d},"output_tokens":%d,"service_tier":"standard"}`,
		uncached, cacheWrite5m+cacheWrite1h, cacheRead, cacheWrite5m, cacheWrite1h, output)
}

func (p *messages) stopReason(r reply) (reason, sequence string) {
	switch r.finish {
	case calling:
		return "tool_use", "null"
	case tooLong:
		return "max_tokens", "null"
	case filtered, refused:
		return "refusal", "null"
	case stopSequence:
		return "stop_sequence", quote(r.stop)
	}
	return "end_turn", "null"
}

// blocks are the answer's content: what starts a block, its deltas, and the block as a whole.
type block struct {
	start, whole string
	deltas       []string
}

func (p *messages) blocks(r reply) []block {
	var out []block
	deltas := func(kind, member, text string) (list []string) {
		for _, s := range pieces(text) {
			list = append(list, `{"type":"`+kind+`","`+member+`":`+quote(s)+`}`)
		}
		return list
	}
	if r.thinking != "" {
		signature := quote(p.sealed("thinking", r.thinking))
		out = append(out, block{
			`{"type":"thinking","thinking":"","signature":""}`,
			`{"type":"thinking","thinking":` + quote(r.thinking) + `,"signature":` + signature + `}`,
			append(deltas("thinking_delta", "thinking", r.thinking), `{"type":"signature_delta","signature":`+signature+`}`),
		})
	}
	if r.redacted != "" {
		data := `{"type":"redacted_thinking","data":` + quote(p.sealed("redacted", r.redacted)) + `}`
		out = append(out, block{data, data, nil})
	}
	if r.text != "" {
		out = append(out, block{`{"type":"text","text":""}`, `{"type":"text","text":` + quote(r.text) + `}`, deltas("text_delta", "text", r.text)})
	}
	for _, c := range r.calls {
		head := fmt.Sprintf(`{"type":"tool_use","id":"toolu_%06d","name":%s,"input":`, p.next(), quote(c.name))
		out = append(out, block{
			head + "{}}", head + c.args + "}",
			append([]string{`{"type":"input_json_delta","partial_json":""}`}, deltas("input_json_delta", "partial_json", c.args)...),
		})
	}
	return out
}

func (p *messages) head(a ask) string {
	return fmt.Sprintf(`{"id":"msg_%06d","type":"message","role":"assistant","model":%s`, p.next(), quote(a.model))
}

func (p *messages) whole(a ask, r reply) string {
	var blocks []string
	for _, b := range p.blocks(r) {
		blocks = append(blocks, b.whole)
	}
	reason, sequence := p.stopReason(r)
	return p.head(a) + `,"content":[` + strings.Join(blocks, ",") + `],"stop_reason":"` + reason + `","stop_sequence":` + sequence +
		`,"usage":` + p.usage(answered+reasoned) + `}`
}

func (p *messages) stream(a ask, r reply) (before, after []string) {
	event := func(kind, members string) string {
		return "event: " + kind + "\ndata: {\"type\":\"" + kind + "\"" + members + "}\n\n"
	}
	all := []string{
		event("message_start", `,"message":`+p.head(a)+`,"content":[],"stop_reason":null,"stop_sequence":null,"usage":`+p.usage(1)+`}`),
		event("ping", ""),
	}
	half := 0
	for i, b := range p.blocks(r) {
		all = append(all, event("content_block_start", `,"index":`+itoa(i)+`,"content_block":`+b.start))
		for _, d := range b.deltas {
			all = append(all, event("content_block_delta", `,"index":`+itoa(i)+`,"delta":`+d))
			if half == 0 && strings.Contains(d, `"text_delta"`) {
				half = len(all)
			}
		}
		all = append(all, event("content_block_stop", `,"index":`+itoa(i)))
	}
	reason, sequence := p.stopReason(r)
	all = append(all,
		event("message_delta", `,"delta":{"stop_reason":"`+reason+`","stop_sequence":`+sequence+`},"usage":`+p.usage(answered+reasoned)),
		event("message_stop", ""))
	return all[:half], all[half:]
}
