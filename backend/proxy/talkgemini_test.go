package proxy

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/tidwall/gjson"
)

// geminiTalker speaks Gemini as its SDK's chats do: every piece of a streamed answer goes back as a content of its own.
type geminiTalker struct {
	history []string
	extra   string
}

func (c *geminiTalker) user(text string, picture bool) {
	image := ""
	if picture {
		image = `,{"inlineData":{"mimeType":"image/png","data":"` + onePixel + `"}}`
	}
	c.history = append(c.history, `{"role":"user","parts":[{"text":`+quoted(text)+`}`+image+`]}`)
}

func (c *geminiTalker) results(calls []talkCall) {
	var parts []string
	for _, call := range calls {
		id := ""
		if call.id != "" {
			id = `"id":` + quoted(call.id) + `,`
		}
		parts = append(parts, `{"functionResponse":{`+id+`"name":"`+call.name+`","response":{"output":"done"}}}`)
	}
	c.history = append(c.history, `{"role":"user","parts":[`+joined(parts)+`]}`)
}

func (c *geminiTalker) request(model string, stream bool) (string, http.Header, string) {
	var tools []string
	for _, t := range talkTools {
		tools = append(tools, `{"name":"`+t.name+`","description":"`+t.description+`","parametersJsonSchema":`+t.schema+`}`)
	}
	path := "/v1beta/models/" + model + ":generateContent"
	if stream {
		path = "/v1beta/models/" + model + ":streamGenerateContent?alt=sse"
	}
	return path, nil, fmt.Sprintf(`{"systemInstruction":{"parts":[{"text":"be brief"}]},%s"contents":[%s],"tools":[{"functionDeclarations":[%s]}],`+
		`"generationConfig":{"maxOutputTokens":8000,"thinkingConfig":{"includeThoughts":true}}}`, c.extra, joined(c.history), joined(tools))
}

func (c *geminiTalker) answer(body string, stream bool) (talkAnswer, error) {
	var a talkAnswer
	list := []gjson.Result{gjson.Parse(body)}
	if stream {
		list = events(body)
	}
	finish := ""
	for _, e := range list {
		if err := brokenAnswer(e); err != nil {
			return a, err
		}
		candidate := e.Get("candidates.0")
		finish += candidate.Get("finishReason").String()
		for _, p := range candidate.Get("content.parts").Array() {
			if p.Get("thought").Bool() {
				a.thinking += p.Get("text").String()
			} else {
				a.text += p.Get("text").String()
			}
			if f := p.Get("functionCall"); f.Exists() {
				a.calls = append(a.calls, talkCall{f.Get("id").String(), f.Get("name").String(), f.Get("args").Raw})
			}
		}
		if len(candidate.Get("content.parts").Array()) > 0 {
			c.history = append(c.history, candidate.Get("content").Raw)
		}
	}
	if finish == "" {
		return a, errors.New("the answer has no finishReason")
	}
	return a, nil
}
