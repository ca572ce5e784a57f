package sim

import (
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

const responsesPath = "/v1/responses"

func geminiPath(model, method string) string { return "/v1beta/models/" + model + ":" + method }

func geminiBody(text, extra string) string {
	return `{"contents":[{"role":"user","parts":[{"text":"` + text + `"}]}]` + extra + `}`
}

func responsesBody(model, text, extra string) string {
	return `{"model":"` + model + `","input":"` + text + `"` + extra + `}`
}

func whole(t *testing.T, resp *http.Response) gjson.Result {
	t.Helper()
	b, err := io.ReadAll(resp.Body)
	if err != nil || !gjson.ValidBytes(b) {
		t.Fatalf("%v in %s", err, b)
	}
	return gjson.ParseBytes(b)
}

const (
	thoughtful   = `,"generationConfig":{"thinkingConfig":{"includeThoughts":true}}`
	declaration  = `,"tools":[{"functionDeclarations":[{"name":"weather","parameters":{"type":"OBJECT","properties":{"city":{"type":"STRING"}},"required":["city"]}}]}]`
	responsesFns = `,"tools":[{"type":"web_search"},{"type":"function","name":"weather","parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}},{"type":"custom","name":"note"}]`
)

func TestGeminiWhole(t *testing.T) {
	srv, _ := newServer(t)
	for extra, shown := range map[string]int{"": 0, thoughtful: 1} {
		got := whole(t, post(t, srv, geminiPath("think", "generateContent"), geminiBody("why?", extra)))
		parts := got.Get("candidates.0.content.parts").Array()
		if len(parts) != 1+shown || got.Get("candidates.0.finishReason").Str != "STOP" || got.Get("modelVersion").Str != "think" {
			t.Fatal(got)
		}
		text := parts[shown]
		token, err := base64.StdEncoding.DecodeString(text.Get("thoughtSignature").Str)
		if err != nil || !sealed(token) || !strings.HasSuffix(text.Get("text").Str, "why?") {
			t.Errorf("%v: %s", err, text)
		}
		u := got.Get("usageMetadata")
		if u.Get("promptTokenCount").Int() != 4 || u.Get("candidatesTokenCount").Int() != count(text.Get("text").Str) ||
			u.Get("thoughtsTokenCount").Int() != count(thoughts("why?")) ||
			u.Get("totalTokenCount").Int() != 4+u.Get("candidatesTokenCount").Int()+u.Get("thoughtsTokenCount").Int() {
			t.Errorf("usage %s", u)
		}
	}
	cut := whole(t, post(t, srv, geminiPath("echo", "generateContent"), geminiBody("x", `,"generationConfig":{"maxOutputTokens":2}`)))
	if cut.Get("candidates.0.finishReason").Str != "MAX_TOKENS" || cut.Get("usageMetadata.candidatesTokenCount").Int() != 2 {
		t.Error(cut)
	}
}

// TestGeminiStream: as events and as an array, the objects are the same, and joined they give the whole answer.
func TestGeminiStream(t *testing.T) {
	srv, _ := newServer(t)
	resp := post(t, srv, geminiPath("think", "streamGenerateContent")+"?alt=sse", geminiBody("why?", thoughtful))
	_, data, err := events(resp)
	if err != nil || resp.Header.Get("Content-Type") != "text/event-stream; charset=utf-8" {
		t.Fatal(err, resp.Header)
	}
	resp = post(t, srv, geminiPath("think", "streamGenerateContent"), geminiBody("why?", thoughtful))
	array := whole(t, resp).Array()
	if len(array) != len(data) || !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
		t.Fatalf("%d events, %d elements, %v", len(data), len(array), resp.Header)
	}
	for _, objects := range [][]gjson.Result{array, parsed(data)} {
		var text, thought string
		for i, o := range objects {
			p := o.Get("candidates.0.content.parts.0")
			if p.Get("thought").Bool() {
				thought += p.Get("text").Str
			} else {
				text += p.Get("text").Str
			}
			last := i == len(objects)-1
			if o.Get("candidates.0.finishReason").Exists() != last || p.Get("thoughtSignature").Exists() != last {
				t.Errorf("object %d: %s", i, o)
			}
		}
		if thought != thoughts("why?") || !strings.HasSuffix(text, "why?") {
			t.Errorf("%q %q", thought, text)
		}
	}
	last := array[len(array)-1].Get("usageMetadata")
	if last.Get("thoughtsTokenCount").Int() != count(thoughts("why?")) {
		t.Error(last)
	}
}

func parsed(data []string) (out []gjson.Result) {
	for _, d := range data {
		out = append(out, gjson.Parse(d))
	}
	return out
}

func TestToolsTwoStepsOnGemini(t *testing.T) {
	srv, _ := newServer(t)
	path := geminiPath("tools", "generateContent")
	got := whole(t, post(t, srv, path, geminiBody("go", declaration)))
	call := got.Get("candidates.0.content.parts.0")
	if call.Get("functionCall.args").Raw != `{"city":"example city"}` || got.Get("candidates.0.finishReason").Str != "STOP" {
		t.Fatal(got)
	}
	_, data, err := events(post(t, srv, geminiPath("tools", "streamGenerateContent")+"?alt=sse", geminiBody("go", declaration)))
	streamed := gjson.Get(data[0], "candidates.0.content.parts.0")
	if err != nil || streamed.Get("functionCall.args").Raw != call.Get("functionCall.args").Raw || !streamed.Get("thoughtSignature").Exists() {
		t.Errorf("%v %v", err, data)
	}
	step := func(call string, answers ...string) string {
		return `{"contents":[{"role":"user","parts":[{"text":"go"}]},{"role":"model","parts":[` + call + `]},{"role":"user","parts":[` +
			strings.Join(answers, ",") + `]}]` + declaration + `}`
	}
	answer := `{"functionResponse":{"id":"` + call.Get("functionCall.id").Str + `","name":"weather","response":{"result":"rain"}}}`
	unsigned := strings.Replace(call.Raw, call.Get("thoughtSignature").Str, "", 1)
	for _, c := range []struct {
		name, body, want string
		status           int
	}{
		{"signed", step(call.Raw, answer), "weather answered: rain", 200},
		{"failed", step(call.Raw, strings.Replace(answer, `"result"`, `"error"`, 1)), "weather failed with: rain", 200},
		{"unsigned", step(unsigned, answer), "missing a thought_signature", 400},
		{"skipped", step(strings.Replace(call.Raw, call.Get("thoughtSignature").Str, skipSignature, 1), answer), "rain", 200},
		{"foreign", step(strings.Replace(call.Raw, call.Get("thoughtSignature").Str, "Zm9yZWlnbg==", 1), answer), "not valid", 400},
		{"twice", step(call.Raw, answer, answer), "function call turn", 400},
		{"text alone", step(call.Raw, `{"text":"x"}`), "number of function response parts", 400},
		{"another name", step(call.Raw, strings.Replace(answer, "weather", "clock", 1)), "in their order", 400},
		{"open", strings.Replace(step(call.Raw), `,{"role":"user","parts":[]}`, "", 1), "followed by", 400},
		{"an earlier turn unsigned", strings.Replace(step(unsigned, answer), `]}]`+declaration, `]},{"role":"user","parts":[{"text":"on"}]}]`+declaration, 1), "example city", 200},
	} {
		resp := post(t, srv, path, c.body)
		if got := whole(t, resp); resp.StatusCode != c.status || !strings.Contains(got.Raw, c.want) {
			t.Errorf("%s: %d %s", c.name, resp.StatusCode, got)
		}
	}
}

func TestGeminiRefusals(t *testing.T) {
	srv, _ := newServer(t)
	for _, c := range []struct {
		model, body string
		status      int
		word, has   string
	}{
		{"echo", `{`, 400, "INVALID_ARGUMENT", "JSON"},
		{"echo", `{}`, 400, "INVALID_ARGUMENT", "contents is not specified"},
		{"echo", geminiBody("x", `,"messages":[]`), 400, "INVALID_ARGUMENT", "messages"},
		{"echo", geminiBody("x", `,"toolConfig":{"functionCallingConfig":{"mode":"AUTO"}}`), 400, "INVALID_ARGUMENT", "without function_declarations"},
		{"echo", geminiBody("x", `,"generationConfig":{"stopSequences":["a","b","c","d","e","f"]}`), 400, "INVALID_ARGUMENT", "stop sequences"},
		{"gemini", geminiBody("x", ""), 404, "NOT_FOUND", "gemini"},
		{"down", geminiBody("x", ""), 503, "UNAVAILABLE", "stand-in"},
		{"flaky", geminiBody("fail=stream", ""), 500, "INTERNAL", "broke off"},
	} {
		resp := post(t, srv, geminiPath(c.model, "generateContent"), c.body)
		got := whole(t, resp)
		if resp.StatusCode != c.status || got.Get("error.code").Int() != int64(c.status) || got.Get("error.status").Str != c.word ||
			!strings.Contains(got.Get("error.message").Str, c.has) {
			t.Errorf("%s: %d %s", c.body, resp.StatusCode, got)
		}
	}
	if got := whole(t, post(t, srv, geminiPath("down", "streamGenerateContent"), geminiBody("x", ""))); got.Get("0.error.code").Int() != 503 {
		t.Errorf("a refused array is %s", got)
	}
	resp := post(t, srv, geminiPath("flaky", "streamGenerateContent"), geminiBody("fail=stream", ""))
	if got := whole(t, resp).Array(); resp.StatusCode != 200 || got[len(got)-1].Get("error.status").Str != "INTERNAL" {
		t.Errorf("%d %v", resp.StatusCode, got)
	}
	if resp := post(t, srv, geminiPath("echo", "predict"), geminiBody("x", "")); resp.StatusCode != 404 {
		t.Errorf("an unknown method gave %d", resp.StatusCode)
	}
}

func TestGeminiModels(t *testing.T) {
	srv, _ := newServer(t)
	get := func(path string) (int, gjson.Result) {
		resp, err := srv.Client().Get(srv.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		return resp.StatusCode, whole(t, resp)
	}
	var ids []string
	token := ""
	for range 10 {
		status, page := get("/v1beta/models?pageSize=3&pageToken=" + token)
		if status != 200 {
			t.Fatal(status, page)
		}
		for _, name := range page.Get("models.#.name").Array() {
			ids = append(ids, strings.TrimPrefix(name.Str, "models/"))
		}
		if token = page.Get("nextPageToken").Str; token == "" {
			break
		}
	}
	if got := strings.Join(ids, " "); got != "echo stream tools editor think flaky slow down" {
		t.Error(got)
	}
	if status, m := get("/v1beta/models/think"); status != 200 || m.Get("inputTokenLimit").Int() != contextWindow || !m.Get("thinking").Bool() {
		t.Error(status, m)
	}
	for _, path := range []string{"/v1beta/models/none", "/v1beta/models?pageToken=none"} {
		if status, m := get(path); status/100 != 4 || !m.Get("error.status").Exists() {
			t.Error(path, status, m)
		}
	}
}

// TestResponsesStreamOrder: events come in OpenAI's order, under numbers without a gap, and the terminal event holds
// what was streamed.
func TestResponsesStreamOrder(t *testing.T) {
	srv, _ := newServer(t)
	const text = " output_item.added content_part.added output_text.delta output_text.done content_part.done output_item.done"
	for _, c := range []struct{ name, body, want string }{
		{"text", responsesBody("echo", "hi", `,"stream":true`), text + " completed"},
		{"cut", responsesBody("echo", "hi", `,"stream":true,"max_output_tokens":16`), text + " incomplete"},
		{"hidden reasoning", responsesBody("think", "hi", `,"stream":true`), " output_item.added output_item.done" + text + " completed"},
		{
			"reasoning", responsesBody("think", "hi", `,"stream":true,"reasoning":{"summary":"auto"}`),
			" output_item.added reasoning_summary_part.added reasoning_summary_text.delta reasoning_summary_text.done" +
				" reasoning_summary_part.done output_item.done" + text + " completed",
		},
		{
			"tools", responsesBody("tools", "hi", `,"stream":true`+responsesFns),
			" output_item.added function_call_arguments.delta function_call_arguments.done output_item.done" +
				" output_item.added custom_tool_call_input.delta custom_tool_call_input.done output_item.done completed",
		},
		{"failed", responsesBody("flaky", "fail=stream", `,"stream":true`), " output_item.added content_part.added output_text.delta failed"},
	} {
		names, data, err := events(post(t, srv, responsesPath, c.body))
		if err != nil {
			t.Fatal(c.name, err)
		}
		order, last := "", ""
		items := map[string]string{}
		for i, d := range data {
			e := gjson.Parse(d)
			if e.Get("type").Str != names[i] || e.Get("sequence_number").Int() != int64(i) {
				t.Fatalf("event %d %q has data %s", i, names[i], d)
			}
			if names[i] != last {
				order += " " + strings.TrimPrefix(names[i], "response.")
			}
			last = names[i]
			if id := e.Get("item_id").Str; id != "" && items[id] == "" {
				t.Errorf("%s: %s comes before its item", c.name, names[i])
			}
			if it := e.Get("item"); it.Exists() {
				items[it.Get("id").Str] = it.Raw
			}
		}
		if want := " created in_progress" + c.want; order != want {
			t.Errorf("%s:\n got%s\nwant%s", c.name, order, want)
		}
		for _, it := range gjson.Get(data[len(data)-1], "response.output").Array() {
			if items[it.Get("id").Str] != it.Raw {
				t.Errorf("%s: the answer has %s, the stream %s", c.name, it, items[it.Get("id").Str])
			}
		}
	}
}

func TestResponsesWhole(t *testing.T) {
	srv, _ := newServer(t)
	got := whole(t, post(t, srv, responsesPath, responsesBody("think", "why?", `,"include":["reasoning.encrypted_content"]`)))
	reasoning, message := got.Get("output.0"), got.Get("output.1")
	if got.Get("status").Str != "completed" || reasoning.Get("summary").Raw != "[]" || reasoning.Get("encrypted_content").Str != encrypt(thoughts("why?")) ||
		!strings.HasSuffix(message.Get("content.0.text").Str, "why?") {
		t.Fatal(got)
	}
	u := got.Get("usage")
	if u.Get("input_tokens").Int() != 4 || u.Get("output_tokens_details.reasoning_tokens").Int() != count(thoughts("why?")) ||
		u.Get("total_tokens").Int() != 4+u.Get("output_tokens").Int() {
		t.Error(u)
	}
	for _, c := range []struct {
		name, items string
		status      int
		has         string
	}{
		{"whole history", `{"role":"user","content":"why?"},` + reasoning.Raw + `,` + message.Raw + `,{"role":"user","content":[{"type":"input_text","text":"and now?"}]}`, 200, "and now?"},
		{"altered", strings.Replace(reasoning.Raw, "gAAAAAB", "gAAAAABA", 1) + `,` + message.Raw, 400, "could not be verified"},
		{"another's", `{"type":"reasoning","summary":[],"encrypted_content":"ghr1.AAAA"},` + message.Raw, 400, "invalid_encrypted_content"},
		{"not encrypted", `{"type":"reasoning","id":"rs_1","summary":[]},` + message.Raw, 400, "not persisted"},
		{"led to nothing", reasoning.Raw + `,{"role":"user","content":"x"}`, 400, "required following item"},
		{"reference", `{"type":"item_reference","id":"rs_1"}`, 400, "not found"},
		{"answered", `{"type":"function_call","call_id":"c","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c","output":"x"}`, 200, "completed"},
		{"not answered", `{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}`, 400, "No tool output found for function call c"},
		{"not asked", `{"type":"function_call_output","call_id":"c","output":"x"}`, 400, "No tool call found"},
		{"wrong part", `{"role":"user","content":[{"type":"output_text","text":"x"}]}`, 400, "output_text"},
		{"role", `{"role":"boss","content":"x"}`, 400, "boss"},
	} {
		resp := post(t, srv, responsesPath, `{"model":"echo","input":[`+c.items+`]}`)
		if got := whole(t, resp); resp.StatusCode != c.status || !strings.Contains(got.Raw, c.has) {
			t.Errorf("%s: %d %s", c.name, resp.StatusCode, got)
		}
	}
	for body, code := range map[string]string{
		`{"input":"x"}`:                                                "missing_required_parameter",
		`{"model":"echo"}`:                                             "missing_required_parameter",
		responsesBody("gpt", "x", ""):                                  "model_not_found",
		responsesBody("echo", "x", `,"stop":["a"]`):                    "unknown_parameter",
		responsesBody("echo", "x", `,"max_output_tokens":15`):          "integer_below_min_value",
		responsesBody("echo", "x", `,"previous_response_id":"r"`):      "previous_response_not_found",
		responsesBody("echo", "x", `,"background":true`):               "unsupported_value",
		responsesBody("down", "x", ""):                                 "overloaded",
		responsesBody("echo", "x", `,"tool_choice":{"name":"nobody"}`): "invalid_value",
	} {
		resp := post(t, srv, responsesPath, body)
		if got := whole(t, resp); resp.StatusCode < 400 || got.Get("error.code").Str != code {
			t.Errorf("%s: %d %s", body, resp.StatusCode, got)
		}
	}
}

func TestToolsTwoStepsOnResponses(t *testing.T) {
	srv, _ := newServer(t)
	got := whole(t, post(t, srv, responsesPath, responsesBody("tools", "go", responsesFns)))
	calls := got.Get("output").Array()
	if len(calls) != 2 || calls[0].Get("arguments").Str != `{"city":"example city"}` || calls[1].Get("type").Str != "custom_tool_call" ||
		calls[1].Get("input").Str != "example input of note" {
		t.Fatal(got)
	}
	history := `{"model":"tools","input":[{"role":"user","content":"go"},` + calls[0].Raw + `,` + calls[1].Raw +
		`,{"type":"function_call_output","call_id":"` + calls[0].Get("call_id").Str + `","output":"rain"}` +
		`,{"type":"custom_tool_call_output","call_id":"` + calls[1].Get("call_id").Str + `","output":[{"type":"input_text","text":"noted"}]}]` + responsesFns + `}`
	end := whole(t, post(t, srv, responsesPath, history)).Get("output.0.content.0.text").Str
	if !strings.Contains(end, "weather answered: rain") || !strings.Contains(end, "note answered: noted") {
		t.Error(end)
	}
}

// TestThinkFirst: any model reasons first where the text asks for it, on every surface.
func TestThinkFirst(t *testing.T) {
	srv, _ := newServer(t)
	for path, c := range map[string]struct{ body, at string }{
		chatPath:                               {chatBody("tools", "think=yes", `,"tools":[{"type":"function","function":{"name":"f"}}]`), "choices.0.message.reasoning_content"},
		messagesPath:                           {messagesBody("tools", "think=yes", `,"tools":[{"name":"f","input_schema":{"type":"object"}}]`), "content.0.thinking"},
		responsesPath:                          {responsesBody("tools", "think=yes", `,"reasoning":{"summary":"auto"},"tools":[{"type":"function","name":"f"}]`), "output.0.summary.0.text"},
		geminiPath("tools", "generateContent"): {geminiBody("think=yes", thoughtful+`,"tools":[{"functionDeclarations":[{"name":"f"}]}]`), "candidates.0.content.parts.0.text"},
	} {
		got := whole(t, post(t, srv, path, c.body))
		if got.Get(c.at).Str != thoughts("think=yes") || !strings.Contains(got.Raw, `"f"`) {
			t.Errorf("%s: %s", path, got)
		}
	}
	if readKnobs("think=no").think {
		t.Error("think=no thinks")
	}
}
