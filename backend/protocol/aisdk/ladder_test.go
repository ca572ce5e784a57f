package aisdk_test

import (
	"strings"
	"testing"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/aisdk"
	"gatehouse/backend/protocol/carry"
)

// sample is a value of a field and what the call must show of it.
type sample struct {
	value string
	shows func(*aisdk.Call) bool
}

var callSamples = map[string]sample{
	"prompt":           {`[{"role":"user","content":[{"type":"text","text":"x"}]}]`, func(c *aisdk.Call) bool { return len(c.Request.Messages) == 1 }},
	"maxOutputTokens":  {`7`, func(c *aisdk.Call) bool { return *c.Request.MaxOutputTokens == 7 }},
	"temperature":      {`0`, func(c *aisdk.Call) bool { return *c.Request.Temperature == 0 }},
	"topP":             {`0.5`, func(c *aisdk.Call) bool { return *c.Request.TopP == 0.5 }},
	"topK":             {`5`, func(c *aisdk.Call) bool { return *c.Request.TopK == 5 }},
	"presencePenalty":  {`0.1`, func(c *aisdk.Call) bool { return *c.Request.PresencePenalty == 0.1 }},
	"frequencyPenalty": {`0.2`, func(c *aisdk.Call) bool { return *c.Request.FrequencyPenalty == 0.2 }},
	"seed":             {`9007199254740991`, func(c *aisdk.Call) bool { return *c.Request.Seed == 9007199254740991 }},
	"stopSequences":    {`["a","b"]`, func(c *aisdk.Call) bool { return strings.Join(c.Request.Stop, "") == "ab" }},
	"responseFormat": {`{"type":"json","schema":{"b":1.0,"a":2},"name":"n","description":"d"}`, func(c *aisdk.Call) bool {
		f := c.Request.Format
		return string(f.Schema) == `{"b":1.0,"a":2}` && f.Name == "n" && f.Description == "d"
	}},
	"tools": {
		`[{"type":"function","name":"f","inputSchema":{"b":1.0},"strict":true},{"type":"provider","id":"openai.x","name":"x","args":{}}]`,
		func(c *aisdk.Call) bool {
			tools := c.Request.Tools
			return string(tools[0].InputSchema) == `{"b":1.0}` && *tools[0].Strict && tools[1].Own.Dialect == llm.AISDK && tools[1].Name == "x"
		},
	},
	"toolChoice": {`{"type":"tool","toolName":"f"}`, func(c *aisdk.Call) bool {
		return *c.Request.ToolChoice == llm.ToolChoice{Mode: llm.ToolNamed, Name: "f"}
	}},
	"reasoning":        {`"xhigh"`, func(c *aisdk.Call) bool { return c.Request.Reasoning.Effort == "xhigh" }},
	"providerOptions":  {`{"gateway":{"order":["a"]}}`, func(c *aisdk.Call) bool { return string(c.Gateway) == `{"order":["a"]}` }},
	"includeRawChunks": {`true`, func(c *aisdk.Call) bool { return c.Notices[0].Field == "includeRawChunks" }},
	"headers":          {`{"authorization":"x"}`, nothing},
	"abortSignal":      {`{}`, nothing},
}

func nothing(c *aisdk.Call) bool { return len(c.Notices) == 0 && len(c.Request.Extra) == 0 }

func TestLadder(t *testing.T) {
	seen := map[string]bool{}
	for _, rung := range aisdk.Ladder() {
		seen[rung.Field] = true
		s, ok := callSamples[rung.Field]
		if !ok {
			t.Errorf("%s has no sample", rung.Field)
			continue
		}
		body := `{`
		if rung.Field != "prompt" {
			body += hi + `,`
		}
		if rung.Field == "toolChoice" {
			body += `"tools":[{"type":"function","name":"f"}],`
		}
		call := decode(t, head, body+`"`+rung.Field+`":`+s.value+`}`)
		if !s.shows(call) || len(call.Request.Extra) > 0 {
			t.Errorf("%s is not %s: %s", rung.Field, rung.Fate, render(call))
		}
		if rung.Fate == aisdk.Dropped && rung.Why == "" {
			t.Errorf("%s is dropped without a reason", rung.Field)
		}
		// null is as good as nothing
		if rung.Field != "prompt" {
			if call := decode(t, head, `{`+hi+`,"`+rung.Field+`":null}`); !nothing(call) {
				t.Errorf("%s: null gives %s", rung.Field, render(call))
			}
		}
	}
	for field := range callSamples {
		if !seen[field] {
			t.Errorf("%s has a sample but no rung", field)
		}
	}
	call := decode(t, head, `{`+hi+`,"new":{"b":1.0,"a":2}}`)
	if len(call.Request.Extra) != 1 || call.Request.Extra[0].Name != "new" || string(call.Request.Extra[0].Raw) != `{"b":1.0,"a":2}` {
		t.Errorf("%+v", call.Request.Extra)
	}
}

var vendorSamples = map[string]sample{
	"gateway.serviceTier":       {`"flex"`, func(c *aisdk.Call) bool { return c.Request.ServiceTier == "flex" && len(c.Gateway) > 0 }},
	"openai.reasoningEffort":    {`"low"`, effort("low")},
	"azure.reasoningEffort":     {`"low"`, effort("low")},
	"xai.reasoningEffort":       {`"high"`, effort("high")},
	"groq.reasoningEffort":      {`"none"`, effort("none")},
	"openai.reasoningSummary":   {`"detailed"`, func(c *aisdk.Call) bool { return c.Request.Reasoning.Summary == "detailed" }},
	"openai.user":               {`"u"`, func(c *aisdk.Call) bool { return c.Request.User == "u" }},
	"openai.serviceTier":        {`"priority"`, func(c *aisdk.Call) bool { return c.Request.ServiceTier == "priority" }},
	"openai.promptCacheKey":     {`"k"`, func(c *aisdk.Call) bool { return c.Request.CacheKey == "k" }},
	"openai.metadata":           {`{"a":"b"}`, func(c *aisdk.Call) bool { return string(c.Request.Metadata) == `{"a":"b"}` }},
	"groq.parallelToolCalls":    {`false`, func(c *aisdk.Call) bool { return c.Request.ToolChoice.NoParallel }},
	"mistral.parallelToolCalls": {`false`, func(c *aisdk.Call) bool { return c.Request.ToolChoice.NoParallel }},
	"openai.parallelToolCalls":  {`false`, func(c *aisdk.Call) bool { return c.Request.ToolChoice.NoParallel }},
	"anthropic.disableParallelToolUse": {`true`, func(c *aisdk.Call) bool {
		return *c.Request.ToolChoice == llm.ToolChoice{Mode: llm.ToolAuto, NoParallel: true}
	}},
	"openai.strictJsonSchema": {`true`, func(c *aisdk.Call) bool { return *c.Request.Format.Strict }},
	"deepseek.thinking":       {`{"type":"disabled"}`, effort("none")},
	"anthropic.thinking":      {`{"type":"enabled","budgetTokens":2048}`, func(c *aisdk.Call) bool { return *c.Request.Reasoning.Budget == 2048 }},
	"anthropic.effort":        {`"max"`, effort("max")},
	"anthropic.cacheControl": {`{"type":"ephemeral"}`, func(c *aisdk.Call) bool {
		return c.Request.Messages[0].Parts[0].(llm.Text).Cache != nil
	}},
	"google.thinkingConfig": {`{"thinkingBudget":100,"includeThoughts":true}`, func(c *aisdk.Call) bool {
		return *c.Request.Reasoning.Budget == 100 && c.Request.Reasoning.Summary == "auto"
	}},
	"vertex.thinkingConfig": {`{"thinkingLevel":"LOW"}`, effort("low")},
}

func effort(want string) func(*aisdk.Call) bool {
	return func(c *aisdk.Call) bool { return c.Request.Reasoning != nil && c.Request.Reasoning.Effort == want }
}

func TestVendorOptions(t *testing.T) {
	const rest = `,"tools":[{"type":"function","name":"f"}],"responseFormat":{"type":"json","schema":{}}`
	seen := map[string]bool{}
	for _, rung := range aisdk.VendorOptions() {
		seen[rung.Field] = true
		s, ok := vendorSamples[rung.Field]
		if !ok {
			t.Errorf("%s has no sample", rung.Field)
			continue
		}
		vendor, name, _ := strings.Cut(rung.Field, ".")
		body := `{` + hi + rest + `,"providerOptions":{"` + vendor + `":{"` + name + `":` + s.value + `}}}`
		for _, model := range []string{vendor + "/m", "alias"} { // its own model, and one that might be
			call := decode(t, aisdk.Head{Version: aisdk.V4, Model: model}, body)
			if !s.shows(call) || len(call.Request.Extra) > 0 {
				t.Errorf("%s is not %s: %s", rung.Field, rung.Fate, render(call))
			}
		}
	}
	for field := range vendorSamples {
		if !seen[field] {
			t.Errorf("%s has a sample but no rung", field)
		}
	}
}

// Options for other vendors' models mean nothing; the vendor's own go before the call's.
func TestVendorOptionsMeantForOthers(t *testing.T) {
	const options = `,"reasoning":"high","providerOptions":{"anthropic":{"thinking":{"type":"enabled","budgetTokens":1024},"sendReasoning":true},` +
		`"openai":{"store":false,"reasoningEffort":"low"},"bedrock":{"x":1}}}`
	openai := decode(t, aisdk.Head{Version: aisdk.V4, Model: "openai/gpt"}, `{`+hi+options)
	if r := openai.Request.Reasoning; r.Effort != "low" || r.Budget != nil || len(openai.Notices) > 0 {
		t.Error(render(openai))
	}
	var kept []string
	for _, e := range openai.Request.Extra {
		kept = append(kept, e.Name)
	}
	if got := strings.Join(kept, " "); got != "providerOptions.openai.store providerOptions.bedrock.x" {
		t.Error(got)
	}
	claude := decode(t, aisdk.Head{Version: aisdk.V4, Model: "anthropic/claude"}, `{`+hi+options)
	if r := claude.Request.Reasoning; r.Effort != "" || *r.Budget != 1024 {
		t.Error(render(claude))
	}
	google := decode(t, aisdk.Head{Version: aisdk.V4, Model: "google/gemini"}, `{`+hi+options)
	if r := google.Request.Reasoning; r.Effort != "high" || r.Budget != nil {
		t.Error(render(google))
	}
	only := decode(t, aisdk.Head{Version: aisdk.V4, Model: "google/gemini"},
		`{`+hi+`,"reasoning":"high","providerOptions":{"google":{"thinkingConfig":{"includeThoughts":true}}}}`)
	if r := only.Request.Reasoning; r.Effort != "high" || r.Summary != "auto" {
		t.Error(render(only))
	}
	adaptive := decode(t, aisdk.Head{Version: aisdk.V4, Model: "anthropic/claude"},
		`{`+hi+`,"providerOptions":{"anthropic":{"effort":"low","thinking":{"type":"adaptive"}}}}`)
	if r := adaptive.Request.Reasoning; r.Effort != "low" || !r.Adaptive || len(adaptive.Notices) > 0 {
		t.Error(render(adaptive))
	}
}

var partSamples = map[string]struct{ part, want string }{
	"gatehouse.signature":              {`{"type":"reasoning","text":"r"}`, `signature="x" opaque= origin={p m}`},
	"gatehouse.opaque":                 {`{"type":"reasoning","text":"r"}`, `opaque={} origin={p m}`},
	"anthropic.cacheControl":           {`{"type":"text","text":"t"}`, `cache=""`},
	"anthropic.signature":              {`{"type":"reasoning","text":"r"}`, `signature="x" opaque= origin={ }`},
	"anthropic.redactedData":           {`{"type":"reasoning","text":"r"}`, `opaque={"type":"redacted_thinking","data":"x"}`},
	"google.thoughtSignature":          {`{"type":"tool-call","toolCallId":"c","toolName":"t"}`, `signature="x"`},
	"vertex.thoughtSignature":          {`{"type":"reasoning","text":"r"}`, `signature="x"`},
	"openai.itemId":                    {`{"type":"reasoning","text":"r"}`, `opaque={"reasoningEncryptedContent":"e","itemId":"x"}`},
	"openai.reasoningEncryptedContent": {`{"type":"reasoning","text":"r"}`, `opaque={"reasoningEncryptedContent":"x"}`},
	"openai.imageDetail":               {`{"type":"file","mediaType":"image","data":"iVBORw0KGgo="}`, `detail="x"`},
}

func TestPartOptions(t *testing.T) {
	issuer := llm.Origin{Provider: "p", Model: "m"}
	values := map[string]string{
		"gatehouse.signature":    `{"signature":"` + carry.Pack(issuer, carry.Signature, []byte("x")) + `"}`,
		"gatehouse.opaque":       `{"opaque":"` + carry.Pack(issuer, carry.Opaque, []byte("{}")) + `"}`,
		"anthropic.cacheControl": `{"cacheControl":{"type":"ephemeral"}}`,
		"openai.itemId":          `{"reasoningEncryptedContent":"e","itemId":"x"}`,
	}
	for _, rung := range aisdk.PartOptions() {
		s, ok := partSamples[rung.Field]
		if !ok {
			t.Errorf("%s has no sample", rung.Field)
			continue
		}
		vendor, name, _ := strings.Cut(rung.Field, ".")
		options := values[rung.Field]
		if options == "" {
			options = `{"` + name + `":"x"}`
		}
		part := strings.TrimSuffix(s.part, "}") + `,"providerOptions":{"` + vendor + `":` + options + `}}`
		call := decode(t, head, assistant(part))
		if got := renderPart("", call.Request.Messages[0].Parts[0]); !strings.Contains(got, s.want) || len(call.Notices) > 0 {
			t.Errorf("%s is not %s: %s %v", rung.Field, rung.Fate, got, call.Notices)
		}
	}
	if len(partSamples) != len(aisdk.PartOptions()) {
		t.Error("there are samples without a rung")
	}
}
