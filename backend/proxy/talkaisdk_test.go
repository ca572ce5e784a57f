package proxy

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/tidwall/gjson"
)

// aisdkTalker speaks the AI SDK's gateway protocol in the words of one specification version: providerMetadata of an
// answer goes back as providerOptions.
type aisdkTalker struct {
	version int
	history []string
	extra   string
}

func (c *aisdkTalker) file(kind string) string {
	switch {
	case c.version == 4:
		return `{"type":"file","mediaType":"image/png","data":{"type":"data","data":"` + onePixel + `"}}`
	case kind == "result" && c.version == 3:
		return `{"type":"image-data","mediaType":"image/png","data":"` + onePixel + `"}`
	case kind == "result":
		return `{"type":"media","mediaType":"image/png","data":"` + onePixel + `"}`
	}
	return `{"type":"file","mediaType":"image/png","data":"data:image/png;base64,` + onePixel + `"}`
}

func (c *aisdkTalker) user(text string, picture bool) {
	image := ""
	if picture {
		image = "," + c.file("user")
	}
	c.history = append(c.history, `{"role":"user","content":[{"type":"text","text":`+quoted(text)+`}`+image+`]}`)
}

func (c *aisdkTalker) results(calls []talkCall) {
	var parts []string
	for i, call := range calls {
		output := `{"type":"text","value":"done"}`
		if i == 0 {
			output = `{"type":"content","value":[{"type":"text","text":"done, see"},` + c.file("result") + `]}`
		}
		parts = append(parts, `{"type":"tool-result","toolCallId":`+quoted(call.id)+`,"toolName":"`+call.name+`","output":`+output+`}`)
	}
	c.history = append(c.history, `{"role":"tool","content":[`+joined(parts)+`]}`)
}

func (c *aisdkTalker) request(model string, stream bool) (string, http.Header, string) {
	var tools []string
	for _, t := range talkTools {
		tools = append(tools, `{"type":"function","name":"`+t.name+`","description":"`+t.description+`","inputSchema":`+t.schema+`}`)
	}
	path := map[int]string{2: "/v1/ai/language-model", 3: "/v3/ai/language-model", 4: "/v4/ai/language-model"}[c.version]
	return path, aisdkHeader(fmt.Sprint(c.version))(model, stream), fmt.Sprintf(`{%s"prompt":[{"role":"system","content":"be brief"},%s],"tools":[%s],`+
		`"toolChoice":{"type":"auto"},"providerOptions":{"anthropic":{"thinking":{"type":"enabled","budgetTokens":2000}}}}`,
		c.extra, joined(c.history), joined(tools))
}

func (c *aisdkTalker) answer(body string, stream bool) (talkAnswer, error) {
	var a talkAnswer
	var content []gjson.Result
	if !stream {
		content = gjson.Get(body, "content").Array()
		if !gjson.Get(body, "finishReason").Exists() {
			return a, errors.New("the answer has no finishReason")
		}
	} else {
		list, err := foldAISDK(body)
		if err != nil {
			return a, err
		}
		content = list
	}
	var parts []string
	for _, p := range content {
		options := ""
		if m := p.Get("providerMetadata"); m.Exists() {
			options = `,"providerOptions":` + m.Raw
		}
		switch p.Get("type").String() {
		case "text":
			a.text += p.Get("text").String()
			parts = append(parts, `{"type":"text","text":`+p.Get("text").Raw+options+`}`)
		case "reasoning":
			a.thinking += p.Get("text").String()
			parts = append(parts, `{"type":"reasoning","text":`+p.Get("text").Raw+options+`}`)
		case "tool-call":
			input := p.Get("input").Str
			if input == "" {
				input = "{}"
			}
			if p.Get("input").Type != gjson.String || !gjson.Valid(input) {
				return a, fmt.Errorf("a call's input is no JSON text: %s", p.Raw)
			}
			a.calls = append(a.calls, talkCall{p.Get("toolCallId").String(), p.Get("toolName").String(), input})
			parts = append(parts, `{"type":"tool-call","toolCallId":`+p.Get("toolCallId").Raw+`,"toolName":`+p.Get("toolName").Raw+`,"input":`+input+options+`}`)
		}
	}
	if len(parts) > 0 {
		c.history = append(c.history, `{"role":"assistant","content":[`+joined(parts)+`]}`)
	}
	return a, nil
}

// foldAISDK puts a stream's parts together as the SDK does: the newest providerMetadata of a part counts.
func foldAISDK(body string) ([]gjson.Result, error) {
	type part struct{ kind, text, meta string }
	var order []*part
	byID := map[string]*part{}
	var out []gjson.Result
	finished := false
	for _, e := range events(body) {
		kind, id, meta := e.Get("type").String(), e.Get("id").String(), e.Get("providerMetadata").Raw
		switch kind {
		case "text-start", "reasoning-start":
			p := &part{kind: kind[:len(kind)-len("-start")], meta: meta}
			byID[kind[:4]+id], order = p, append(order, p)
		case "text-delta", "reasoning-delta", "text-end", "reasoning-end":
			p := byID[kind[:4]+id]
			if p == nil {
				return nil, fmt.Errorf("%s for %s, which did not start", kind, id)
			}
			p.text += e.Get("delta").String()
			if meta != "" {
				p.meta = meta
			}
		case "tool-call":
			order = append(order, &part{kind: "call", text: e.Raw})
		case "finish":
			finished = true
		case "error":
			return nil, fmt.Errorf("the answer holds an error: %s", e.Raw)
		}
	}
	if !finished {
		return nil, errors.New("the stream has no finish")
	}
	for _, p := range order {
		if p.kind == "call" {
			out = append(out, gjson.Parse(p.text))
			continue
		}
		raw := `{"type":"` + p.kind + `","text":` + quoted(p.text)
		if p.meta != "" {
			raw += `,"providerMetadata":` + p.meta
		}
		out = append(out, gjson.Parse(raw+"}"))
	}
	return out, nil
}
