package proxy

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/tidwall/gjson"
)

// messagesTalker speaks Messages with thinking on, as Claude Code does: the blocks of an answer go back as they came.
type messagesTalker struct {
	history []string
	extra   string
	plain   bool // thinking is not asked for
}

func (c *messagesTalker) user(text string, picture bool) {
	image := ""
	if picture {
		image = `,{"type":"image","source":{"type":"base64","media_type":"image/png","data":"` + onePixel + `"}}`
	}
	c.history = append(c.history, `{"role":"user","content":[{"type":"text","text":`+quoted(text)+`}`+image+`]}`)
}

func (c *messagesTalker) results(calls []talkCall) {
	var blocks []string
	for i, call := range calls {
		content := `"done by ` + call.name + `"`
		if i == 0 {
			content = `[{"type":"text","text":"done, see"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"` + onePixel + `"}}]`
		}
		blocks = append(blocks, `{"type":"tool_result","tool_use_id":`+quoted(call.id)+`,"content":`+content+`}`)
	}
	c.history = append(c.history, `{"role":"user","content":[`+joined(blocks)+`]}`)
}

func (c *messagesTalker) request(model string, stream bool) (string, http.Header, string) {
	var tools []string
	for _, t := range talkTools {
		tools = append(tools, `{"name":"`+t.name+`","description":"`+t.description+`","input_schema":`+t.schema+`}`)
	}
	thinking := `"thinking":{"type":"enabled","budget_tokens":2000},`
	if c.plain {
		thinking = ""
	}
	return "/v1/messages", http.Header{"Anthropic-Version": {"2023-06-01"}}, fmt.Sprintf(`{"model":"%s","stream":%v,"max_tokens":8000,%s%s`+
		`"system":[{"type":"text","text":"be brief","cache_control":{"type":"ephemeral"}}],"messages":[%s],"tools":[%s]}`,
		model, stream, thinking, c.extra, joined(c.history), joined(tools))
}

func (c *messagesTalker) answer(body string, stream bool) (talkAnswer, error) {
	var a talkAnswer
	var blocks []string
	if !stream {
		for _, b := range gjson.Get(body, "content").Array() {
			blocks = append(blocks, b.Raw)
		}
		if gjson.Get(body, "stop_reason").String() == "" {
			return a, errors.New("the answer has no stop_reason")
		}
	} else {
		list, err := foldMessages(body)
		if err != nil {
			return a, err
		}
		blocks = list
	}
	for _, raw := range blocks {
		b := gjson.Parse(raw)
		a.text += b.Get("text").String()
		a.thinking += b.Get("thinking").String()
		if b.Get("type").String() == "tool_use" {
			a.calls = append(a.calls, talkCall{b.Get("id").String(), b.Get("name").String(), b.Get("input").Raw})
		}
	}
	if len(blocks) > 0 {
		c.history = append(c.history, `{"role":"assistant","content":[`+joined(blocks)+`]}`)
	}
	return a, nil
}

// foldMessages puts a stream's blocks together as Anthropic's SDK does, which wants one block at a time.
func foldMessages(body string) (blocks []string, err error) {
	var start gjson.Result
	var text, signature, input string
	open, ended, began := false, false, false
	for _, e := range events(body) {
		if err := brokenAnswer(e); err != nil {
			return nil, err
		}
		d := e.Get("delta")
		switch e.Get("type").String() {
		case "message_start":
			if began {
				return nil, errors.New("a second message_start")
			}
			began = true
		case "content_block_start":
			if open || e.Get("index").Int() != int64(len(blocks)) {
				return nil, fmt.Errorf("block %s starts where block %d was due", e.Get("index").Raw, len(blocks))
			}
			open, start = true, e.Get("content_block")
			text, signature, input = start.Get("text").String()+start.Get("thinking").String(), start.Get("signature").String(), ""
		case "content_block_delta":
			if !open || e.Get("index").Int() != int64(len(blocks)) {
				return nil, fmt.Errorf("a delta for block %s, which is not open", e.Get("index").Raw)
			}
			text += d.Get("text").String() + d.Get("thinking").String()
			signature += d.Get("signature").String()
			input += d.Get("partial_json").String()
		case "content_block_stop":
			open = false
			switch start.Get("type").String() {
			case "text":
				blocks = append(blocks, `{"type":"text","text":`+quoted(text)+`}`)
			case "thinking":
				blocks = append(blocks, `{"type":"thinking","thinking":`+quoted(text)+`,"signature":`+quoted(signature)+`}`)
			case "tool_use":
				if input == "" {
					input = "{}"
				}
				if !gjson.Valid(input) {
					return nil, fmt.Errorf("a call's input is no JSON: %s", input)
				}
				blocks = append(blocks, `{"type":"tool_use","id":`+start.Get("id").Raw+`,"name":`+start.Get("name").Raw+`,"input":`+input+`}`)
			default:
				blocks = append(blocks, start.Raw)
			}
		case "message_stop":
			ended = true
		}
	}
	if !ended || open || !began {
		return nil, errors.New("the stream did not end in order")
	}
	return blocks, nil
}
