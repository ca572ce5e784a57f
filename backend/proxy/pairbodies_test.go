package proxy

import (
	"fmt"
	"strconv"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/carry"
)

// What a coding agent sends after hours of work, in every client's dialect: a system prompt, twenty tools, and turns of
// reasoning with its signature, a tool call and the file that it read.

const (
	longCode = `   12\tfunc build(ctx context.Context, args ...string) (*Result, error) {\n   13\t\tif err := run(ctx, \"build\", args...); err != nil {\n   14\t\t\treturn nil, fmt.Errorf(\"build %s: %w\", name, err)\n   15\t\t}\n   16\t\t// 保留用户的选择 → merge(defaults, options) – naïve but right 🙂\n   17\t\tresult.Options = merge(defaults, options)\n   18\t\treturn &Result{Path: filepath.Join(root, \"out\", name+\".bin\"), Size: size, Took: time.Since(start)}, nil\n   19\t}\n`
	longSay  = `I see where it goes wrong: the options are merged before the defaults are read. I will read the caller next, and then change both.\n\n* first the **caller**\n* then its tests\n`
	longNote = `The user wants the build to keep their options. merge() takes the defaults first, so the order matters; let me look at what calls it, and whether \"build\" is the only place. `
)

// longSchema is a tool's, as agents write them.
const longSchema = `{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{"path":{"type":"string","description":"The absolute path of the file"},"offset":{"type":"integer","minimum":0,"description":"The line to start at"},"mode":{"type":"string","enum":["text","binary","auto"],"default":"auto"},"edits":{"type":"array","items":{"type":"object","properties":{"old":{"type":"string"},"new":{"type":"string"},"all":{"type":"boolean","default":false}},"required":["old","new"],"additionalProperties":false}}},"required":["path"],"additionalProperties":false}`

// longTurn is one round of a conversation, as its dialect writes it.
type longTurn struct {
	n         int
	signature string
}

func (t longTurn) id() string   { return "call_" + strconv.Itoa(100000+t.n) }
func (t longTurn) tool() string { return "tool_" + strconv.Itoa(t.n%20) }
func (t longTurn) args() string {
	return fmt.Sprintf(`{"path":"/srv/project/internal/build/step%d.go","offset":%d}`, t.n, t.n)
}
func (t longTurn) quoted() string { return strconv.Quote(t.args()) }
func (t longTurn) code() string   { return strings.Repeat(longCode, 3+t.n%9) }

// longForm is how a dialect's client writes such a request.
type longForm struct {
	head, tool, between, foot string // head takes the model, tool a number
	turn                      func(longTurn) string
}

var longForms = map[string]longForm{
	"chat": {
		head:    `{"model":"%s","stream":true,"stream_options":{"include_usage":true},"max_completion_tokens":32000,"tools":[`,
		tool:    `{"type":"function","function":{"name":"tool_%d","description":"Reads a file and gives its text with line numbers.","parameters":` + longSchema + `}}`,
		between: `],"messages":[{"role":"system","content":"` + strings.Repeat(longSay, 40) + `"},{"role":"user","content":"Please repair the build."}`,
		turn: func(t longTurn) string {
			return `,{"role":"assistant","content":"` + longSay + `","reasoning_details":[{"type":"reasoning.text","text":"` + longNote + `","signature":"` + t.signature + `","format":"anthropic-claude-v1","index":0}],` +
				`"tool_calls":[{"id":"` + t.id() + `","type":"function","function":{"name":"` + t.tool() + `","arguments":` + t.quoted() + `}}]},{"role":"tool","tool_call_id":"` + t.id() + `","content":"` + t.code() + `"}`
		},
		foot: `]}`,
	},
	"responses": {
		head:    `{"model":"%s","stream":true,"store":false,"include":["reasoning.encrypted_content"],"max_output_tokens":32000,"tools":[`,
		tool:    `{"type":"function","name":"tool_%d","description":"Reads a file and gives its text with line numbers.","strict":false,"parameters":` + longSchema + `}`,
		between: `],"instructions":"` + strings.Repeat(longSay, 40) + `","input":[{"role":"user","content":[{"type":"input_text","text":"Please repair the build."}]}`,
		turn: func(t longTurn) string {
			return `,{"type":"reasoning","id":"rs_` + strconv.Itoa(t.n) + `","summary":[{"type":"summary_text","text":"` + longNote + `"}],"encrypted_content":"` + t.signature + `"},` +
				`{"type":"message","role":"assistant","id":"msg_` + strconv.Itoa(t.n) + `","status":"completed","content":[{"type":"output_text","text":"` + longSay + `","annotations":[]}]},` +
				`{"type":"function_call","call_id":"` + t.id() + `","name":"` + t.tool() + `","arguments":` + t.quoted() + `},{"type":"function_call_output","call_id":"` + t.id() + `","output":"` + t.code() + `"}`
		},
		foot: `]}`,
	},
	"messages": {
		head:    `{"model":"%s","stream":true,"max_tokens":32000,"thinking":{"type":"enabled","budget_tokens":8000},"tools":[`,
		tool:    `{"name":"tool_%d","description":"Reads a file and gives its text with line numbers.","input_schema":` + longSchema + `}`,
		between: `],"system":[{"type":"text","text":"` + strings.Repeat(longSay, 40) + `","cache_control":{"type":"ephemeral"}}],"messages":[{"role":"user","content":"Please repair the build."}`,
		turn: func(t longTurn) string {
			return `,{"role":"assistant","content":[{"type":"thinking","thinking":"` + longNote + `","signature":"` + t.signature + `"},{"type":"text","text":"` + longSay + `"},` +
				`{"type":"tool_use","id":"` + t.id() + `","name":"` + t.tool() + `","input":` + t.args() + `}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"` + t.id() + `","content":[{"type":"text","text":"` + t.code() + `"}]}]}`
		},
		foot: `]}`,
	},
	"gemini": {
		head:    `{"generationConfig":{"maxOutputTokens":32000,"thinkingConfig":{"includeThoughts":true}},"tools":[{"functionDeclarations":[`,
		tool:    `{"name":"tool_%d","description":"Reads a file and gives its text with line numbers.","parametersJsonSchema":` + longSchema + `}`,
		between: `]}],"systemInstruction":{"parts":[{"text":"` + strings.Repeat(longSay, 40) + `"}]},"contents":[{"role":"user","parts":[{"text":"Please repair the build."}]}`,
		turn: func(t longTurn) string {
			return `,{"role":"model","parts":[{"thought":true,"text":"` + longNote + `","thoughtSignature":"` + t.signature + `"},{"text":"` + longSay + `"},{"functionCall":{"id":"` + t.id() + `","name":"` + t.tool() + `","args":` + t.args() + `}}]},` +
				`{"role":"user","parts":[{"functionResponse":{"id":"` + t.id() + `","name":"` + t.tool() + `","response":{"output":"` + t.code() + `"}}}]}`
		},
		foot: `]}`,
	},
	"ai-sdk": {
		head:    `{"maxOutputTokens":32000,"toolChoice":{"type":"auto"},"tools":[`,
		tool:    `{"type":"function","name":"tool_%d","description":"Reads a file and gives its text with line numbers.","inputSchema":` + longSchema + `}`,
		between: `],"prompt":[{"role":"system","content":"` + strings.Repeat(longSay, 40) + `"},{"role":"user","content":[{"type":"text","text":"Please repair the build."}]}`,
		turn: func(t longTurn) string {
			return `,{"role":"assistant","content":[{"type":"reasoning","text":"` + longNote + `","providerOptions":{"gatehouse":{"signature":"` + t.signature + `"}}},{"type":"text","text":"` + longSay + `"},` +
				`{"type":"tool-call","toolCallId":"` + t.id() + `","toolName":"` + t.tool() + `","input":` + t.args() + `}]},` +
				`{"role":"tool","content":[{"type":"tool-result","toolCallId":"` + t.id() + `","toolName":"` + t.tool() + `","output":{"type":"text","value":"` + t.code() + `"}}]}`
		},
		foot: `]}`,
	},
}

// longBody writes a request of a size, in bytes, in a client's dialect. The reasoning is the target's own: as the target
// itself signed it for clients of its own dialect, else in our carriers, so that all of it has to be brought into the
// target's form.
func longBody(client string, model string, target llm.Origin, own bool, size int) []byte {
	form := longForms[client]
	var b strings.Builder
	b.WriteString(form.head)
	for i := range 20 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, form.tool, i)
	}
	b.WriteString(form.between)
	for n := 0; b.Len() < size; n++ {
		signature := strings.Repeat(strconv.Itoa(n*7919), 60)
		if !own {
			signature = carry.Pack(target, carry.Signature, []byte(signature))
			if client == "gemini" {
				signature = carry.Base64(signature)
			}
		}
		b.WriteString(form.turn(longTurn{n, signature}))
	}
	b.WriteString(form.foot)
	return []byte(strings.Replace(b.String(), `"model":"%s"`, `"model":"`+model+`"`, 1))
}
