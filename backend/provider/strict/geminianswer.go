package strict

import (
	"fmt"
	"net/http"
	"strings"
)

func (p *gemini) refuse(r *refusal) (int, string) {
	word := map[int]string{
		400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED",
		503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED",
	}[r.status]
	status := r.status
	if word == "" {
		word = "INTERNAL"
	}
	if status == 529 {
		status, word = http.StatusServiceUnavailable, "UNAVAILABLE"
	}
	text := r.message
	if r.kind == "context" {
		text = "The input token count (200001) exceeds the maximum number of tokens allowed (200000)."
	}
	if r.field != "" {
		text = r.field + ": " + text
	}
	return status, fmt.Sprintf(`{"error":{"code":%d,"message":%s,"status":"%s"}}`, status, quote(text), word)
}

func (p *gemini) broken() string {
	return `data: {"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}` + "\n\n"
}

// tail is what every object ends in; thoughts are not among the candidates' tokens (API reference, "UsageMetadata").
func (p *gemini) tail() string {
	return fmt.Sprintf(`,"usageMetadata":{"promptTokenCount":%d,"cachedContentTokenCount":%d,"candidatesTokenCount":%d,`+
		`"thoughtsTokenCount":%d,"totalTokenCount":%d},"modelVersion":%s,"responseId":"r%d"}`,
		uncached+cacheRead, cacheRead, answered, reasoned, uncached+cacheRead+answered+reasoned, quote(p.model), p.next())
}

func (p *gemini) object(parts []string, finish string) string {
	out := `{"candidates":[{"content":{"parts":[` + strings.Join(parts, ",") + `],"role":"model"}`
	if finish != "" {
		out += `,"finishReason":"` + finish + `"`
	}
	return out + `,"index":0}]` + p.tail()
}

func (p *gemini) finish(r reply) string {
	switch r.finish {
	case tooLong:
		return "MAX_TOKENS"
	case filtered, refused:
		return "SAFETY"
	}
	return "STOP" // also with calls
}

// parts are the answer's: in Gemini 3 the first call of a step is signed, in older models the text is, if they thought.
func (p *gemini) parts(r reply, cut bool) (out []string) {
	texts := func(s string) []string {
		if cut {
			return pieces(s)
		}
		return []string{s}
	}
	if r.thinking != "" {
		for _, s := range texts(r.thinking) {
			out = append(out, `{"text":`+quote(s)+`,"thought":true}`)
		}
	}
	if r.text != "" {
		for _, s := range texts(r.text) {
			out = append(out, `{"text":`+quote(s)+`}`)
		}
	}
	for i, c := range r.calls {
		id, signature := "", ""
		if p.third() {
			id = fmt.Sprintf(`"id":"g%d",`, p.next())
		}
		if i == 0 && r.thinking != "" {
			signature = `,"thoughtSignature":"` + p.sealed("part", "call "+c.name) + `"`
		}
		out = append(out, `{"functionCall":{`+id+`"name":`+quote(c.name)+`,"args":`+c.args+`}`+signature+`}`)
	}
	if len(r.calls) == 0 && r.thinking != "" { // on an empty text behind the others
		out = append(out, `{"text":"","thoughtSignature":"`+p.sealed("part", "text")+`"}`)
	}
	return out
}

func (p *gemini) whole(_ ask, r reply) string { return p.object(p.parts(r, false), p.finish(r)) }

func (p *gemini) stream(_ ask, r reply) (before, after []string) {
	parts := p.parts(r, true)
	for i, part := range parts {
		finish := ""
		if i == len(parts)-1 {
			finish = p.finish(r)
		}
		event := "data: " + p.object([]string{part}, finish) + "\r\n\r\n"
		if i <= len(pieces(r.thinking)) && i < len(parts)-1 {
			before = append(before, event)
		} else {
			after = append(after, event)
		}
	}
	return before, after
}
