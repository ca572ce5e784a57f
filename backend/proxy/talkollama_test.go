package proxy

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/tidwall/gjson"
)

// ollamaTalker speaks Ollama's /api/chat. Newer clients keep the ids of calls; others, forgetful, send back a call's name
// and arguments only, and say which tool a result is of, not which call.
type ollamaTalker struct {
	forgetful bool
	history   []string
	extra     string
}

func (c *ollamaTalker) user(text string, picture bool) {
	image := ""
	if picture {
		image = `,"images":["` + onePixel + `"]`
	}
	c.history = append(c.history, `{"role":"user","content":`+quoted(text)+image+`}`)
}

func (c *ollamaTalker) results(calls []talkCall) {
	for _, call := range calls {
		id := ""
		if !c.forgetful {
			id = `"tool_call_id":` + quoted(call.id) + `,`
		}
		c.history = append(c.history, `{"role":"tool",`+id+`"tool_name":"`+call.name+`","content":"done by `+call.name+`"}`)
	}
}

func (c *ollamaTalker) request(model string, stream bool) (string, http.Header, string) {
	var tools []string
	for _, t := range talkTools {
		tools = append(tools, `{"type":"function","function":{"name":"`+t.name+`","description":"`+t.description+`","parameters":`+t.schema+`}}`)
	}
	asks := `"stream":false,`
	if stream { // which is what they ask for by saying nothing
		asks = ""
	}
	return "/api/chat", nil, fmt.Sprintf(`{"model":"%s",%s%s"think":true,"options":{"num_ctx":8192,"num_predict":8000},"messages":[{"role":"system","content":"be brief"},%s],"tools":[%s]}`,
		model, asks, c.extra, joined(c.history), joined(tools))
}

func (c *ollamaTalker) answer(body string, stream bool) (talkAnswer, error) {
	var a talkAnswer
	var calls []string
	done := false
	lines := strings.Split(strings.TrimSuffix(body, "\n"), "\n")
	if !stream && len(lines) != 1 {
		return a, errors.New("the answer has several lines")
	}
	for _, line := range lines {
		e := gjson.Parse(line)
		if err := brokenAnswer(e); err != nil {
			return a, err
		}
		if !gjson.Valid(line) || done || e.Get("message.role").String() != "assistant" || e.Get("created_at").Time().IsZero() {
			return a, fmt.Errorf("no line of an answer: %s", line)
		}
		done = e.Get("done").Bool()
		a.text += e.Get("message.content").String()
		a.thinking += e.Get("message.thinking").String()
		for _, t := range e.Get("message.tool_calls").Array() {
			call := talkCall{t.Get("id").String(), t.Get("function.name").String(), t.Get("function.arguments").Raw}
			if !t.Get("function.arguments").IsObject() {
				return a, fmt.Errorf("the arguments are no object: %s", t.Raw)
			}
			a.calls = append(a.calls, call)
			if c.forgetful {
				calls = append(calls, `{"function":{"name":`+quoted(call.name)+`,"arguments":`+call.input+`}}`)
			} else {
				calls = append(calls, t.Raw)
			}
		}
	}
	if !done {
		return a, errors.New("the answer is not done")
	}
	message := `{"role":"assistant","content":` + quoted(a.text)
	if a.thinking != "" && !c.forgetful {
		message += `,"thinking":` + quoted(a.thinking)
	}
	if len(calls) > 0 {
		message += `,"tool_calls":[` + joined(calls) + `]`
	}
	c.history = append(c.history, message+"}")
	return a, nil
}
