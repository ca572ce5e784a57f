package routing

import (
	"net/http"
	"strings"
	"testing"

	"gatehouse/backend/llm"
)

// TestRefusedOptions: what is not understood is refused by its name.
func TestRefusedOptions(t *testing.T) {
	for raw, says := range map[string]string{
		`[]`:                                      "must be an object",
		`{"oder":["openai"]}`:                     ".oder is not understood",
		`{"order":"openai"}`:                      ".order must be a list",
		`{"only":[""]}`:                           ".only holds an empty name",
		`{"models":[{"model":"a/b"}]}`:            ".models must be a list of names",
		`{"sort":"best"}`:                         ".sort must be one of cost, ttft, tps",
		`{"has":["wings"]}`:                       `.has names "wings"`,
		`{"tags":[1]}`:                            ".tags must be a list",
		`{"user":1}`:                              ".user must be a string",
		`{"speed":"slow"}`:                        ".speed must be one of fast",
		`{"serviceTier":"gold"}`:                  ".serviceTier must be one of flex, priority",
		`{"caching":true}`:                        ".caching must be one of auto",
		`{"cacheAnchorItems":-1}`:                 ".cacheAnchorItems must be a number",
		`{"cacheTtl":"2h"}`:                       ".cacheTtl must be one of 5m, 1h",
		`{"zeroDataRetention":"yes"}`:             ".zeroDataRetention must be true or false",
		`{"disallowPromptTraining":1}`:            ".disallowPromptTraining must be",
		`{"hedge":"a"}`:                           ".hedge must be",
		`{"allowGatewayFallback":"a"}`:            ".allowGatewayFallback must be",
		`{"allowFallbackFromFast":0}`:             ".allowFallbackFromFast must be",
		`{"providerTimeouts":{"a":{"b":5000}}}`:   `.providerTimeouts names "a"`,
		`{"providerTimeouts":{"idle":{"b":999}}}`: "outside 1000 to 789000",
		`{"providerTimeouts":{"idle":{"b":18446744075710}}}`:    "outside 1000 to 789000",
		`{"inferenceRegion":{"scope":"moon"}}`:                  ".inferenceRegion must be",
		`{"inferenceRegion":{"scope":"zone"}}`:                  `needs a "geoRegion"`,
		`{"inferenceRegion":{"scope":"global","more":1}}`:       ".inferenceRegion must be",
		`{"byok":{"openai":"secret-value"}}`:                    ".byok must be like",
		`{"byok":{"openai":[{"apiKey":""}]}}`:                   ".byok for openai must hold",
		`{"byok":{"bedrock":[{"accessKeyId":"secret-value"}]}}`: ".byok for bedrock must hold",
		`{"` + strings.Repeat("x", 5000) + `":1}`:               "xxx... is not understood",
	} {
		_, err := ParseOptions([]byte(raw))
		e := llm.AsError(err)
		if e == nil || e.Kind != llm.ErrBadRequest || e.Code != "invalid_option" || !strings.Contains(e.Message, says) {
			t.Errorf("%.80s: %v", raw, err)
		} else if strings.Contains(e.Message, "secret-value") || len(e.Message) > 800 {
			t.Errorf("%.80s says too much: %s", raw, e.Message)
		}
	}
}

func TestRefusedHeadersAndShorthands(t *testing.T) {
	for _, h := range []struct{ name, value, says string }{
		{"X-Gatehouse-Oder", "openai", "X-Gatehouse-Oder is not understood"},
		{"X-Gatehouse-Sort", "best", "X-Gatehouse-Sort must be one of"},
		{"X-Gatehouse-Order", "", "X-Gatehouse-Order holds an empty name"},
		{"X-Gatehouse-Hedge", "null", "X-Gatehouse-Hedge must be true or false"},
		{"X-Gatehouse-Allow-Gateway-Fallback", "null", "must be true or false"},
		{"X-Gatehouse-Idle-Timeout", "5s", "X-Gatehouse-Idle-Timeout must be"},
		{"X-Gatehouse-Inference-Region", "moon", "geoRegion"},
	} {
		if _, err := ParseHeader(http.Header{h.name: {h.value}}); err == nil || !strings.Contains(err.Error(), h.says) {
			t.Errorf("%s: %v", h.name, err)
		}
	}
	for name, c := range map[string][2]string{
		"models": {`"a/b"`, `"models" must be a list`}, "caching": {`1`, `"caching" must be one of`},
		"provider": {`{"allow_fallbacks":true}`, `"provider".allow_fallbacks is not understood`},
	} {
		if _, err := ParseShorthand(map[string][]byte{name: []byte(c[0])}); err == nil || !strings.Contains(err.Error(), c[1]) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestWhereOptionsComeFrom: the body's object before its shorthands before headers, each option by itself.
func TestWhereOptionsComeFrom(t *testing.T) {
	body, err := ParseOptions([]byte(`{"cacheTtl":"1h","allowFallbackFromFast":false,"sort":"cost"}`))
	if err != nil {
		t.Fatal(err)
	}
	short, err := ParseShorthand(map[string][]byte{"caching": []byte(`"auto"`), "provider": []byte(`{"sort":"tps","only":["a"]}`)})
	if err != nil {
		t.Fatal(err)
	}
	header, err := ParseHeader(http.Header{"X-Gatehouse-Order": {"a, b", "c"}, "X-Gatehouse-Only": {"z"}, "X-Gatehouse-Idle-Timeout": {"5000"}, "X-Gatehouse-Total-Timeout": {"9000"}})
	if err != nil {
		t.Fatal(err)
	}
	o := Join(body, short, header)
	if o.Sort != ByCost || !o.Caching.Auto || o.Caching.TTL != "1h" || !o.NoSlower || strings.Join(o.Only, " ") != "a" ||
		strings.Join(o.Order, " ") != "a b c" || o.Timeouts["*"].Idle == 0 || o.Timeouts["*"].Total == 0 {
		t.Errorf("%+v", o)
	}
}

func FuzzParseOptions(f *testing.F) {
	for _, raw := range []string{
		`{}`, `null`, `{"order":["a"],"only":[],"sort":"@default"}`, `{"byok":{"openai":[{"apiKey":"k"}]}}`,
		`{"providerTimeouts":{"idle":{"*":5000}},"inferenceRegion":{"scope":"zone","geoRegion":"eu"}}`,
	} {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		o, err := ParseOptions(raw)
		if e := llm.AsError(err); e != nil && (e.Kind != llm.ErrBadRequest || e.Message == "" || len(e.Message) > 5000+len(raw)*4) {
			t.Errorf("%q: %+v", raw, e)
		}
		for id, at := range o.Timeouts {
			if at.Idle < 0 || at.Idle > longestTimeout || at.Total > longestTimeout || at.FirstToken > longestTimeout {
				t.Errorf("%s: %+v", id, at)
			}
		}
		if err == nil {
			Attempt{Terms: &Terms{Options: o}}.Hosted()
		}
		short, _ := ParseShorthand(map[string][]byte{"provider": raw, "models": raw, "caching": raw})
		Join(o, short)
	})
}

func FuzzParseHeader(f *testing.F) {
	f.Add("Order", "a, b")
	f.Add("Idle-Timeout", "5000")
	f.Add("Inference-Region", "eu")
	f.Add("Hedge", "null")
	f.Fuzz(func(t *testing.T, name, value string) {
		h := http.Header{HeaderPrefix + name: {value}, "Ai-Reporting-Tags": {value}}
		_, err := ParseHeader(h)
		if e := llm.AsError(err); e != nil && e.Kind != llm.ErrBadRequest {
			t.Errorf("%s: %q: %+v", name, value, e)
		}
	})
}
