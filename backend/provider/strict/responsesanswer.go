package strict

import (
	"fmt"
	"net/http"
	"strings"
)

func (p *responses) refuse(r *refusal) (int, string) {
	kind, code := "invalid_request_error", `"invalid_value"`
	switch {
	case r.kind == "context":
		code = `"context_length_exceeded"`
	case r.kind != "":
		code = quote(r.kind)
	case r.status == http.StatusUnauthorized:
		code = `"invalid_api_key"`
	case r.status == http.StatusNotFound:
		code = `"model_not_found"`
	case r.status == http.StatusTooManyRequests:
		kind, code = "tokens", `"rate_limit_exceeded"`
	case r.status >= 500:
		kind, code = "server_error", `"server_error"`
	}
	return r.status, `{"error":{"message":` + quote(r.field+": "+r.message) + `,"type":"` + kind + `","param":` + quote(r.field) + `,"code":` + code + `}}`
}

func (p *responses) broken() string {
	return "event: error\ndata: {\"type\":\"error\",\"sequence_number\":99,\"code\":\"server_error\",\"message\":\"the server had an error\",\"param\":null}\n\n"
}

func (p *responses) usage() string {
	return fmt.Sprintf(`{"input_tokens":%d,"input_tokens_details":{"cached_tokens":%d},"output_tokens":%d,`+
		`"output_tokens_details":{"reasoning_tokens":%d},"total_tokens":%d}`,
		uncached+cacheRead, cacheRead, answered+reasoned, reasoned, uncached+cacheRead+answered+reasoned)
}

// output is an item of the answer: how it starts, the events that fill it, and how it ends.
type output struct {
	id, start, whole string
	fill             []string // the events' kinds and members
}

func (p *responses) outputs(r reply) []output {
	var out []output
	if r.thinking != "" {
		out = append(out, p.reasoning(r.thinking))
	}
	if r.text != "" {
		out = append(out, p.message(r))
	}
	for _, c := range r.calls {
		n := p.next()
		kind, id, member, event := "function_call", fmt.Sprintf("fc_%06d", n), "arguments", "response.function_call_arguments"
		if c.freeform {
			kind, id, member, event = "custom_tool_call", fmt.Sprintf("ctc_%06d", n), "input", "response.custom_tool_call_input"
		}
		head := fmt.Sprintf(`{"id":"%s","type":"%s","call_id":"call_r%06d","name":%s,"%s":`, id, kind, n, quote(c.name), member)
		o := output{id: id, start: head + `"","status":"in_progress"}`, whole: head + quote(c.args) + `,"status":"completed"}`}
		for _, s := range pieces(c.args) {
			o.fill = append(o.fill, event+`.delta,"delta":`+quote(s))
		}
		o.fill = append(o.fill, event+`.done,"`+member+`":`+quote(c.args))
		out = append(out, o)
	}
	for _, o := range out {
		p.keep(o.id)
	}
	return out
}

func (p *responses) reasoning(text string) output {
	id := fmt.Sprintf("rs_%06d", p.next())
	part := `{"type":"summary_text","text":` + quote(text) + `}`
	o := output{
		id:    id,
		start: `{"id":"` + id + `","type":"reasoning","summary":[]}`,
		whole: `{"id":"` + id + `","type":"reasoning","summary":[` + part + `],"encrypted_content":` + quote(p.sealed("encrypted", text)) + `}`,
	}
	o.fill = append(o.fill, `response.reasoning_summary_part.added,"summary_index":0,"part":{"type":"summary_text","text":""}`)
	for _, s := range pieces(text) {
		o.fill = append(o.fill, `response.reasoning_summary_text.delta,"summary_index":0,"delta":`+quote(s))
	}
	o.fill = append(o.fill, `response.reasoning_summary_text.done,"summary_index":0,"text":`+quote(text),
		`response.reasoning_summary_part.done,"summary_index":0,"part":`+part)
	return o
}

func (p *responses) message(r reply) output {
	id, kind, member := fmt.Sprintf("msg_%06d", p.next()), "output_text", "text"
	tail := `,"annotations":[],"logprobs":[]}`
	if r.finish == refused {
		kind, member, tail = "refusal", "refusal", "}"
	}
	part := func(text string) string { return `{"type":"` + kind + `","` + member + `":` + quote(text) + tail }
	head := `{"id":"` + id + `","type":"message","role":"assistant","status":"`
	o := output{id: id, start: head + `in_progress","content":[]}`, whole: head + `completed","content":[` + part(r.text) + `]}`}
	o.fill = append(o.fill, `response.content_part.added,"content_index":0,"part":`+part(""))
	for _, s := range pieces(r.text) {
		o.fill = append(o.fill, `response.`+kind+`.delta,"content_index":0,"delta":`+quote(s))
	}
	o.fill = append(o.fill, `response.`+kind+`.done,"content_index":0,"`+member+`":`+quote(r.text), `response.content_part.done,"content_index":0,"part":`+part(r.text))
	return o
}

// response is the response object; it ends incomplete where the answer is cut off (API reference, "The response object").
func (p *responses) response(a ask, id, status, outputs string, r reply) string {
	details, usage := "null", "null"
	if status != "in_progress" {
		usage = p.usage()
		switch r.finish {
		case tooLong:
			status, details = "incomplete", `{"reason":"max_output_tokens"}`
		case filtered:
			status, details = "incomplete", `{"reason":"content_filter"}`
		}
	}
	return `{"id":"` + id + `","object":"response","created_at":1770000000,"status":"` + status + `","error":null,"incomplete_details":` + details +
		`,"model":` + quote(a.model) + `,"output":[` + outputs + `],"parallel_tool_calls":true,"usage":` + usage + `}`
}

func (p *responses) whole(a ask, r reply) string {
	var list []string
	for _, o := range p.outputs(r) {
		list = append(list, o.whole)
	}
	return p.response(a, fmt.Sprintf("resp_%06d", p.next()), "completed", strings.Join(list, ","), r)
}

func (p *responses) stream(a ask, r reply) (before, after []string) {
	var all, list []string
	event := func(kind, members string) {
		all = append(all, fmt.Sprintf("event: %s\ndata: {\"type\":\"%s\",\"sequence_number\":%d%s}\n\n", kind, kind, len(all), members))
	}
	id, half := fmt.Sprintf("resp_%06d", p.next()), 0
	event("response.created", `,"response":`+p.response(a, id, "in_progress", "", r))
	event("response.in_progress", `,"response":`+p.response(a, id, "in_progress", "", r))
	for i, o := range p.outputs(r) {
		at := `,"output_index":` + itoa(i)
		event("response.output_item.added", at+`,"item":`+o.start)
		for _, f := range o.fill {
			kind, members, _ := strings.Cut(f, ",")
			event(kind, `,"item_id":"`+o.id+`"`+at+`,`+members)
			if half == 0 && (kind == "response.output_text.delta" || kind == "response.refusal.delta") {
				half = len(all)
			}
		}
		event("response.output_item.done", at+`,"item":`+o.whole)
		list = append(list, o.whole)
	}
	kind := "response.completed"
	if r.finish == tooLong || r.finish == filtered {
		kind = "response.incomplete"
	}
	event(kind, `,"response":`+p.response(a, id, "completed", strings.Join(list, ","), r))
	return all[:half], all[half:]
}
