package proxy

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/tidwall/gjson"
)

// chatTalker speaks Chat Completions. With details it sends reasoning_details and extra_content back as they came, with
// content reasoning_content, as editors for reasoning models do; else text and calls only.
type chatTalker struct {
	details, content bool
	history          []string
	extra            string // members of the request besides
}

func (c *chatTalker) user(text string, picture bool) {
	if !picture {
		c.history = append(c.history, `{"role":"user","content":`+quoted(text)+`}`)
		return
	}
	c.history = append(c.history, `{"role":"user","content":[{"type":"text","text":`+quoted(text)+
		`},{"type":"image_url","image_url":{"url":"data:image/png;base64,`+onePixel+`"}}]}`)
}

func (c *chatTalker) results(calls []talkCall) {
	for _, call := range calls {
		c.history = append(c.history, `{"role":"tool","tool_call_id":`+quoted(call.id)+`,"content":"done by `+call.name+`"}`)
	}
}

func (c *chatTalker) request(model string, stream bool) (string, http.Header, string) {
	var tools []string
	for _, t := range talkTools {
		tools = append(tools, `{"type":"function","function":{"name":"`+t.name+`","description":"`+t.description+`","parameters":`+t.schema+`}}`)
	}
	options := ""
	if stream {
		options = `"stream_options":{"include_usage":true},`
	}
	return "/v1/chat/completions", nil, fmt.Sprintf(`{"model":"%s","stream":%v,%s%s"messages":[%s],"tools":[%s]}`,
		model, stream, options, c.extra, joined(c.history), joined(tools))
}

func (c *chatTalker) answer(body string, stream bool) (talkAnswer, error) {
	var a talkAnswer
	var details []string
	finish, signatures := "", map[string]string{}
	read := func(m gjson.Result) {
		a.text += m.Get("content").String() + m.Get("refusal").String()
		a.thinking += m.Get("reasoning_content").String()
		for _, d := range m.Get("reasoning_details").Array() {
			details = append(details, d.Raw)
		}
		for i, t := range m.Get("tool_calls").Array() {
			at := i
			if t.Get("index").Exists() {
				at = int(t.Get("index").Int())
			}
			for len(a.calls) <= at {
				a.calls = append(a.calls, talkCall{})
			}
			call := &a.calls[at]
			call.id += t.Get("id").String()
			call.name += t.Get("function.name").String()
			call.input += t.Get("function.arguments").String()
			if s := t.Get("extra_content"); s.Exists() {
				signatures[call.id] = `,"extra_content":` + s.Raw
			}
		}
	}
	if !stream {
		choice := gjson.Get(body, "choices.0")
		finish = choice.Get("finish_reason").String()
		read(choice.Get("message"))
	} else {
		if !strings.HasSuffix(body, "data: [DONE]\n\n") {
			return a, errors.New("the stream has no [DONE]")
		}
		for _, e := range events(body) {
			if err := brokenAnswer(e); err != nil {
				return a, err
			}
			read(e.Get("choices.0.delta"))
			finish += e.Get("choices.0.finish_reason").String()
		}
	}
	if finish == "" {
		return a, errors.New("the answer has no finish_reason")
	}
	message := `{"role":"assistant","content":` + quoted(a.text)
	if c.details && len(details) > 0 {
		message += `,"reasoning_details":[` + joined(details) + `]`
	}
	if c.content && a.thinking != "" {
		message += `,"reasoning_content":` + quoted(a.thinking)
	}
	var calls []string
	for _, call := range a.calls {
		extra := ""
		if c.details {
			extra = signatures[call.id]
		}
		calls = append(calls, `{"id":`+quoted(call.id)+`,"type":"function","function":{"name":`+quoted(call.name)+`,"arguments":`+
			quoted(call.input)+`}`+extra+`}`)
	}
	if len(calls) > 0 {
		message += `,"tool_calls":[` + joined(calls) + `]`
	}
	c.history = append(c.history, message+"}")
	return a, nil
}
