package proxy

import (
	"fmt"
	"net/http"
	"strings"
)

// wish is what a request of the matrix asks for, in no protocol's words.
type wish struct {
	text, system string
	stream       bool
	tools        bool
	// choice is empty, none, required, or named: take_picture then.
	choice     string
	noParallel bool
	image, pdf bool
	schema     bool
	stop       string
}

const (
	wishSystem = "Speak like a canary."
	wishSchema = `{"type":"object","properties":{"city":{"type":"string"},"degrees":{"type":"integer"}},"required":["city","degrees"],"additionalProperties":false}`
	// onePage is what begins as a PDF does.
	onePage = "JVBERi0xLjQKMSAwIG9iago8PD4+CmVuZG9iagp0cmFpbGVyPDw+PgolJUVPRgo="
)

// wisher writes a wish as a client's request. A wish that the client's protocol has no words for gives why not.
type wisher struct {
	name, form string
	write      func(model string, w wish) (path string, header http.Header, body, inexpressible string)
}

var wishers = []wisher{
	{"chat", "chat", wishChat},
	{"responses", "responses", wishResponses},
	{"messages", "messages", wishMessages},
	{"gemini", "gemini", wishGemini},
	{"ai-sdk 5", "ai-sdk 2", wishAISDK(2)},
	{"ai-sdk 6", "ai-sdk 3", wishAISDK(3)},
	{"ai-sdk 7", "ai-sdk 4", wishAISDK(4)},
}

// object joins members that are not empty.
func object(members ...string) string {
	var kept []string
	for _, m := range members {
		if m != "" {
			kept = append(kept, m)
		}
	}
	return "{" + joined(kept) + "}"
}

func when(condition bool, text string) string {
	if condition {
		return text
	}
	return ""
}

// toolList writes the tools by a form with the places NAME, DESCRIPTION and SCHEMA.
func toolList(form string) string {
	var out []string
	for _, t := range talkTools {
		out = append(out, strings.NewReplacer("NAME", t.name, "DESCRIPTION", t.description, "SCHEMA", t.schema).Replace(form))
	}
	return joined(out)
}

func wishChat(model string, w wish) (string, http.Header, string, string) {
	content := `{"type":"text","text":` + quoted(w.text) + `}` +
		when(w.image, `,{"type":"image_url","image_url":{"url":"data:image/png;base64,`+onePixel+`"}}`) +
		when(w.pdf, `,{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,`+onePage+`"}}`)
	choice := map[string]string{
		"none": `"none"`, "required": `"required"`, "named": `{"type":"function","function":{"name":"take_picture"}}`,
	}[w.choice]
	return "/v1/chat/completions", nil, object(
		`"model":"`+model+`"`, fmt.Sprintf(`"stream":%v`, w.stream), when(w.stream, `"stream_options":{"include_usage":true}`),
		`"messages":[`+when(w.system != "", `{"role":"system","content":`+quoted(w.system)+`},`)+`{"role":"user","content":[`+content+`]}]`,
		when(w.tools, `"tools":[`+toolList(`{"type":"function","function":{"name":"NAME","description":"DESCRIPTION","parameters":SCHEMA}}`)+`]`),
		when(choice != "", `"tool_choice":`+choice), when(w.noParallel, `"parallel_tool_calls":false`),
		when(w.schema, `"response_format":{"type":"json_schema","json_schema":{"name":"weather","strict":true,"schema":`+wishSchema+`}}`),
		when(w.stop != "", `"stop":[`+quoted(w.stop)+`]`),
	), ""
}

func wishResponses(model string, w wish) (string, http.Header, string, string) {
	content := `{"type":"input_text","text":` + quoted(w.text) + `}` +
		when(w.image, `,{"type":"input_image","image_url":"data:image/png;base64,`+onePixel+`"}`) +
		when(w.pdf, `,{"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,`+onePage+`"}`)
	choice := map[string]string{"none": `"none"`, "required": `"required"`, "named": `{"type":"function","name":"take_picture"}`}[w.choice]
	return "/v1/responses", nil, object(
		`"model":"`+model+`"`, fmt.Sprintf(`"stream":%v`, w.stream), `"store":false`,
		when(w.system != "", `"instructions":`+quoted(w.system)), `"input":[{"role":"user","content":[`+content+`]}]`,
		when(w.tools, `"tools":[`+toolList(`{"type":"function","name":"NAME","description":"DESCRIPTION","strict":false,"parameters":SCHEMA}`)+`]`),
		when(choice != "", `"tool_choice":`+choice), when(w.noParallel, `"parallel_tool_calls":false`),
		when(w.schema, `"text":{"format":{"type":"json_schema","name":"weather","strict":true,"schema":`+wishSchema+`}}`),
	), when(w.stop != "", "OpenAI Responses has no stop sequences")
}

func wishMessages(model string, w wish) (string, http.Header, string, string) {
	content := `{"type":"text","text":` + quoted(w.text) + `}` +
		when(w.image, `,{"type":"image","source":{"type":"base64","media_type":"image/png","data":"`+onePixel+`"}}`) +
		when(w.pdf, `,{"type":"document","title":"a.pdf","source":{"type":"base64","media_type":"application/pdf","data":"`+onePage+`"}}`)
	choice := map[string]string{
		"none": `{"type":"none"}`, "required": `{"type":"any"}`, "named": `{"type":"tool","name":"take_picture"}`,
	}[w.choice]
	if w.noParallel {
		choice = `{"type":"auto","disable_parallel_tool_use":true}`
	}
	return "/v1/messages", http.Header{"Anthropic-Version": {"2023-06-01"}}, object(
		`"model":"`+model+`"`, fmt.Sprintf(`"stream":%v`, w.stream), `"max_tokens":4000`, when(w.system != "", `"system":`+quoted(w.system)),
		`"messages":[{"role":"user","content":[`+content+`]}]`,
		when(w.tools, `"tools":[`+toolList(`{"name":"NAME","description":"DESCRIPTION","input_schema":SCHEMA}`)+`]`),
		when(choice != "", `"tool_choice":`+choice),
		when(w.schema, `"output_config":{"format":{"type":"json_schema","schema":`+wishSchema+`}}`),
		when(w.stop != "", `"stop_sequences":[`+quoted(w.stop)+`]`),
	), ""
}

func wishGemini(model string, w wish) (string, http.Header, string, string) {
	parts := `{"text":` + quoted(w.text) + `}` +
		when(w.image, `,{"inlineData":{"mimeType":"image/png","data":"`+onePixel+`"}}`) +
		when(w.pdf, `,{"inlineData":{"mimeType":"application/pdf","data":"`+onePage+`"}}`)
	choice := map[string]string{
		"none": `{"mode":"NONE"}`, "required": `{"mode":"ANY"}`, "named": `{"mode":"ANY","allowedFunctionNames":["take_picture"]}`,
	}[w.choice]
	config := object(
		when(w.schema, `"responseMimeType":"application/json","responseJsonSchema":`+wishSchema), when(w.stop != "", `"stopSequences":[`+quoted(w.stop)+`]`),
	)
	path := "/v1beta/models/" + model + ":generateContent"
	if w.stream {
		path = "/v1beta/models/" + model + ":streamGenerateContent?alt=sse"
	}
	return path, nil, object(
		when(w.system != "", `"systemInstruction":{"parts":[{"text":`+quoted(w.system)+`}]}`), `"contents":[{"role":"user","parts":[`+parts+`]}]`,
		when(w.tools, `"tools":[{"functionDeclarations":[`+toolList(`{"name":"NAME","description":"DESCRIPTION","parametersJsonSchema":SCHEMA}`)+`]}]`),
		when(choice != "", `"toolConfig":{"functionCallingConfig":`+choice+`}`), when(config != "{}", `"generationConfig":`+config),
	), when(w.noParallel, "Gemini can't forbid parallel calls")
}

func wishAISDK(version int) func(string, wish) (string, http.Header, string, string) {
	return func(model string, w wish) (string, http.Header, string, string) {
		file := func(kind, data string) string {
			if version == 4 {
				return `,{"type":"file","filename":"a","mediaType":"` + kind + `","data":{"type":"data","data":"` + data + `"}}`
			}
			return `,{"type":"file","filename":"a","mediaType":"` + kind + `","data":"data:` + kind + `;base64,` + data + `"}`
		}
		content := `{"type":"text","text":` + quoted(w.text) + `}` + when(w.image, file("image/png", onePixel)) + when(w.pdf, file("application/pdf", onePage))
		choice := map[string]string{
			"none": `{"type":"none"}`, "required": `{"type":"required"}`, "named": `{"type":"tool","toolName":"take_picture"}`, "": `{"type":"auto"}`,
		}[w.choice]
		path := map[int]string{2: "/v1/ai/language-model", 3: "/v3/ai/language-model", 4: "/v4/ai/language-model"}[version]
		return path, aisdkHeader(fmt.Sprint(version))(model, w.stream), object(
			`"prompt":[`+when(w.system != "", `{"role":"system","content":`+quoted(w.system)+`},`)+`{"role":"user","content":[`+content+`]}]`,
			when(w.tools, `"tools":[`+toolList(`{"type":"function","name":"NAME","description":"DESCRIPTION","inputSchema":SCHEMA}`)+`]`),
			`"toolChoice":`+choice, when(w.noParallel, `"providerOptions":{"openai":{"parallelToolCalls":false},"anthropic":{"disableParallelToolUse":true},"mistral":{"parallelToolCalls":false},"groq":{"parallelToolCalls":false}}`),
			when(w.schema, `"responseFormat":{"type":"json","name":"weather","schema":`+wishSchema+`}`),
			when(w.stop != "", `"stopSequences":[`+quoted(w.stop)+`]`),
		), when(w.noParallel && strings.HasPrefix(model, "google/"), "the AI SDK has no word for Gemini to forbid parallel calls")
	}
}
