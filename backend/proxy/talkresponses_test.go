package proxy

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/tidwall/gjson"
)

// responsesTalker speaks Responses without storage, as Codex does: every item of an answer goes back as it came.
type responsesTalker struct {
	history []string
	extra   string
}

func (c *responsesTalker) user(text string, picture bool) {
	image := ""
	if picture {
		image = `,{"type":"input_image","image_url":"data:image/png;base64,` + onePixel + `"}`
	}
	c.history = append(c.history, `{"type":"message","role":"user","content":[{"type":"input_text","text":`+quoted(text)+`}`+image+`]}`)
}

func (c *responsesTalker) results(calls []talkCall) {
	for i, call := range calls {
		output := `"done by ` + call.name + `"`
		if i == 0 {
			output = `[{"type":"input_text","text":"done, see"},{"type":"input_image","image_url":"data:image/png;base64,` + onePixel + `"}]`
		}
		c.history = append(c.history, `{"type":"function_call_output","call_id":`+quoted(call.id)+`,"output":`+output+`}`)
	}
}

func (c *responsesTalker) request(model string, stream bool) (string, http.Header, string) {
	var tools []string
	for _, t := range talkTools {
		tools = append(tools, `{"type":"function","name":"`+t.name+`","description":"`+t.description+`","strict":false,"parameters":`+t.schema+`}`)
	}
	return "/v1/responses", nil, fmt.Sprintf(`{"model":"%s","stream":%v,"store":false,"include":["reasoning.encrypted_content"],`+
		`"reasoning":{"effort":"medium","summary":"auto"},"instructions":"be brief",%s"input":[%s],"tools":[%s]}`,
		model, stream, c.extra, joined(c.history), joined(tools))
}

func (c *responsesTalker) answer(body string, stream bool) (talkAnswer, error) {
	var a talkAnswer
	var items []gjson.Result
	done := gjson.Parse(body)
	if stream {
		done = gjson.Result{}
		for _, e := range events(body) {
			if err := brokenAnswer(e); err != nil {
				return a, err
			}
			switch e.Get("type").String() {
			case "response.output_item.done":
				items = append(items, e.Get("item"))
			case "response.completed", "response.incomplete":
				done = e.Get("response")
			}
		}
		if done.Get("id").String() == "" {
			return a, errors.New("the stream has no terminal event")
		}
		if want, have := len(items), len(done.Get("output").Array()); want != have {
			return a, fmt.Errorf("%d items were done, the response has %d", want, have)
		}
	} else {
		items = done.Get("output").Array()
	}
	for _, item := range items {
		c.history = append(c.history, item.Raw)
		switch item.Get("type").String() {
		case "message":
			for _, p := range item.Get("content").Array() {
				a.text += p.Get("text").String() + p.Get("refusal").String()
			}
		case "reasoning":
			for _, s := range item.Get("summary").Array() {
				a.thinking += s.Get("text").String()
			}
		case "function_call":
			a.calls = append(a.calls, talkCall{item.Get("call_id").String(), item.Get("name").String(), item.Get("arguments").String()})
		}
	}
	return a, nil
}
