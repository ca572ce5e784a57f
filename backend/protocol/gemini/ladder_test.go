package gemini_test

import (
	"encoding/json"
	"strings"
	"testing"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/gemini"
)

// outboundProbes set one field each; want is what must be found: in the body, or in the error where it is refused. A
// dropped field must give a notice of its own name with the ladder's words.
var outboundProbes = map[string]struct {
	set  func(*llm.Request)
	want string
}{
	"model":                 {func(*llm.Request) {}, ""},
	"messages":              {func(*llm.Request) {}, `"contents":[{"role":"user"`},
	"messages.system":       {func(r *llm.Request) { r.Messages = append([]llm.Message{say(llm.RoleSystem, "s")}, r.Messages...) }, `"systemInstruction"`},
	"messages.media.url":    {media(llm.Media{URL: "https://x.example/a"}), "does not fetch"},
	"messages.media.type":   {media(llm.Media{MediaType: "image/gif"}), "image/gif"},
	"messages.media.detail": {media(llm.Media{MediaType: "image/png", Detail: "high"}), `"inlineData"`},
	"messages.cache": {func(r *llm.Request) {
		r.Messages = append(r.Messages, llm.Message{Role: llm.RoleUser, Parts: []llm.Part{llm.Text{Text: "x", Cache: &llm.CacheMark{}}}})
	}, `"x"`},
	"messages.reasoning": {func(r *llm.Request) {
		r.Messages = append(r.Messages, assistant(llm.Reasoning{Text: "t", Signature: "s", Origin: two5}))
	}, `"thoughtSignature":"s"`},
	"tools":                   {func(r *llm.Request) { r.Tools = []llm.Tool{{Name: "f"}} }, `"functionDeclarations"`},
	"tools.freeform":          {func(r *llm.Request) { r.Tools = []llm.Tool{{Name: "f", Freeform: json.RawMessage("{}")}} }, `"input"`},
	"tools.own":               {func(r *llm.Request) { r.Tools = []llm.Tool{{Own: &llm.Opaque{Dialect: llm.Messages}}} }, ""},
	"tools.strict":            {func(r *llm.Request) { r.Tools = []llm.Tool{{Name: "f", Strict: new(true)}} }, `"functionDeclarations"`},
	"tool_choice":             {choose(llm.ToolChoice{Mode: llm.ToolNone}), `"mode":"NONE"`},
	"tool_choice.required":    {func(r *llm.Request) { r.ToolChoice = &llm.ToolChoice{Mode: llm.ToolRequired} }, "tool choice"},
	"tool_choice.no_parallel": {choose(llm.ToolChoice{Mode: llm.ToolAuto, NoParallel: true}), `"mode":"AUTO"`},
	"max_output_tokens":       {func(r *llm.Request) { r.MaxOutputTokens = new(int64(3)) }, `"maxOutputTokens":3`},
	"temperature":             {func(r *llm.Request) { r.Temperature = new(0.5) }, `"temperature":0.5`},
	"top_p":                   {func(r *llm.Request) { r.TopP = new(0.5) }, `"topP":0.5`},
	"top_k":                   {func(r *llm.Request) { r.TopK = new(int64(5)) }, `"topK":5`},
	"seed":                    {func(r *llm.Request) { r.Seed = new(int64(5)) }, `"seed":5`},
	"frequency_penalty":       {func(r *llm.Request) { r.Model = "gemini-3-pro"; r.FrequencyPenalty = new(0.5) }, `"frequencyPenalty":0.5`},
	"presence_penalty":        {func(r *llm.Request) { r.Model = "gemini-3-pro"; r.PresencePenalty = new(0.5) }, `"presencePenalty":0.5`},
	"stop":                    {func(r *llm.Request) { r.Stop = []string{"x"} }, `"stopSequences":["x"]`},
	"stop.many":               {func(r *llm.Request) { r.Stop = make([]string, 6) }, "stop sequences"},
	"format":                  {func(r *llm.Request) { r.Format = &llm.Format{} }, `"responseMimeType":"application/json"`},
	"reasoning":               {func(r *llm.Request) { r.Reasoning = &llm.ReasoningConfig{Effort: "low"} }, `"thinkingBudget"`},
	"user":                    {func(r *llm.Request) { r.User = "u" }, ""},
	"service_tier":            {func(r *llm.Request) { r.ServiceTier = "priority" }, `"serviceTier":"priority"`},
	"cache_key":               {func(r *llm.Request) { r.CacheKey = "k" }, ""},
	"metadata":                {func(r *llm.Request) { r.Metadata = json.RawMessage("{}") }, ""},
	"stream":                  {func(r *llm.Request) { r.Stream = true }, ""},
	"extra": {func(r *llm.Request) {
		r.Extra = []llm.Extra{{Dialect: llm.Gemini, Name: "labels", Raw: json.RawMessage(`{}`)}}
	}, `"labels":{}`},
}

func media(m llm.Media) func(*llm.Request) {
	return func(r *llm.Request) {
		r.Messages = append(r.Messages, llm.Message{Role: llm.RoleUser, Parts: []llm.Part{m}})
	}
}

func choose(c llm.ToolChoice) func(*llm.Request) {
	return func(r *llm.Request) { r.Tools, r.ToolChoice = []llm.Tool{{Name: "f"}}, &c }
}

func TestOutboundLadder(t *testing.T) {
	if len(outboundProbes) != len(gemini.Outbound()) {
		t.Errorf("%d probes for %d fields", len(outboundProbes), len(gemini.Outbound()))
	}
	for _, rung := range gemini.Outbound() {
		probe, ok := outboundProbes[rung.Field]
		if !ok {
			t.Errorf("%s has no probe", rung.Field)
			continue
		}
		req := &llm.Request{Model: two5.Model, Messages: []llm.Message{user}}
		probe.set(req)
		body, notices, err := gemini.EncodeRequest(req, gemini.Options{Target: two5})
		if rung.Fate == "refused" {
			if err == nil || llm.AsError(err).Kind != llm.ErrBadRequest || !strings.Contains(err.Error(), probe.want) {
				t.Errorf("%s: %v", rung.Field, err)
			}
			continue
		}
		if err != nil || !strings.Contains(string(body), probe.want) {
			t.Errorf("%s: %v %s", rung.Field, err, body)
		}
		told := len(notices) == 1 && notices[0] == (llm.Notice{Field: rung.Field, Message: rung.Why})
		if told != (rung.Fate == "dropped") || !told && len(notices) > 0 {
			t.Errorf("%s is %s, with the notices %q", rung.Field, rung.Fate, notices)
		}
	}
}

// inboundProbes are a member each. want is, where it is extra, refused or not, what must be found in the request to a
// provider, the extra's name or the error.
var inboundProbes = map[string]struct{ body, want string }{
	"contents":                               {`"labels":{}`, `"text":"hi"`},
	"systemInstruction":                      {`"systemInstruction":{"parts":[{"text":"s"}]}`, `"systemInstruction":{"parts":[{"text":"s"}]}`},
	"tools.functionDeclarations":             {`"tools":[{"functionDeclarations":[{"name":"f","parameters":{"type":"OBJECT"}}]}]`, `"parametersJsonSchema":{"type":"object"}`},
	"tools.googleSearch":                     {`"tools":[{"googleSearch":{}}]`, `"tools":[{"googleSearch":{}}]`},
	"toolConfig.functionCallingConfig":       {`"tools":[{"functionDeclarations":[{"name":"f"}]}],"toolConfig":{"functionCallingConfig":{"mode":"ANY"}}`, `"mode":"ANY"`},
	"toolConfig.retrievalConfig":             {`"toolConfig":{"retrievalConfig":{"a":1}}`, `"toolConfig":{"retrievalConfig":{"a":1}}`},
	"generationConfig.temperature":           {`"generationConfig":{"temperature":1}`, `"temperature":1`},
	"generationConfig.topP":                  {`"generationConfig":{"topP":0.5}`, `"topP":0.5`},
	"generationConfig.topK":                  {`"generationConfig":{"topK":5}`, `"topK":5`},
	"generationConfig.maxOutputTokens":       {`"generationConfig":{"maxOutputTokens":5}`, `"maxOutputTokens":5`},
	"generationConfig.seed":                  {`"generationConfig":{"seed":5}`, `"seed":5`},
	"generationConfig.presencePenalty":       {`"generationConfig":{"presencePenalty":0.5}`, `"presencePenalty":0.5`},
	"generationConfig.frequencyPenalty":      {`"generationConfig":{"frequencyPenalty":0.5}`, `"frequencyPenalty":0.5`},
	"generationConfig.stopSequences":         {`"generationConfig":{"stopSequences":["x"]}`, `"stopSequences":["x"]`},
	"generationConfig.responseMimeType":      {`"generationConfig":{"responseMimeType":"application/json"}`, `"responseMimeType":"application/json"`},
	"generationConfig.responseMimeType.enum": {`"generationConfig":{"responseMimeType":"text/x.enum"}`, "text/x.enum"},
	"generationConfig.responseSchema":        {`"generationConfig":{"responseMimeType":"application/json","responseSchema":{"type":"STRING"}}`, `"responseJsonSchema":{"type":"string"}`},
	"generationConfig.responseJsonSchema":    {`"generationConfig":{"responseMimeType":"application/json","responseJsonSchema":{"x":1.0}}`, `"responseJsonSchema":{"x":1.0}`},
	"generationConfig.thinkingConfig":        {`"generationConfig":{"thinkingConfig":{"thinkingLevel":"LOW"}}`, `"thinkingLevel":"LOW"`},
	"generationConfig.candidateCount":        {`"generationConfig":{"candidateCount":2}`, "candidateCount"},
	"generationConfig.responseModalities":    {`"generationConfig":{"responseModalities":["TEXT"]}`, `"generationConfig":{"responseModalities":["TEXT"]}`},
	"serviceTier":                            {`"serviceTier":"flex"`, `"serviceTier":"flex"`},
	"safetySettings":                         {`"safetySettings":[]`, `"safetySettings":[]`},
	"cachedContent":                          {`"cachedContent":"c"`, `"cachedContent":"c"`},
	"labels":                                 {`"labels":{"a":"b"}`, `"labels":{"a":"b"}`},
	"model":                                  {`"model":"models/x"`, `"text":"hi"`},
}

func TestInboundLadder(t *testing.T) {
	if len(inboundProbes) != len(gemini.Inbound()) {
		t.Errorf("%d probes for %d fields", len(inboundProbes), len(gemini.Inbound()))
	}
	for _, rung := range gemini.Inbound() {
		probe, ok := inboundProbes[rung.Field]
		if !ok {
			t.Errorf("%s has no probe", rung.Field)
			continue
		}
		req, err := gemini.DecodeRequest([]byte(`{"contents":[{"parts":[{"text":"hi"}]}],`+probe.body+`}`), three.Model, false)
		if rung.Fate == "refused" {
			if err == nil || llm.AsError(err).Kind != llm.ErrBadRequest || !strings.Contains(err.Error(), probe.want) {
				t.Errorf("%s: %v", rung.Field, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", rung.Field, err)
			continue
		}
		if kept := len(req.Extra) == 1 && req.Extra[0].Name == rung.Field; rung.Fate == "extra" && !kept {
			t.Errorf("%s: extra %v", rung.Field, req.Extra)
		}
		body, notices, err := gemini.EncodeRequest(req, gemini.Options{Target: three})
		if err != nil || len(notices) > 0 || !strings.Contains(string(body), probe.want) {
			t.Errorf("%s: %v %q %s", rung.Field, err, notices, body)
		}
	}
}
