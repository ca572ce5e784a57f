package app

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"gatehouse/backend/routing"
	"gatehouse/backend/settings"
)

// TestEveryOptionOfSettingsIsRoutings checks that what a virtual model can set in settings is what routing reads.
func TestEveryOptionOfSettingsIsRoutings(t *testing.T) {
	yes, no := true, false
	full := settings.RoutingOptions{
		Order: []string{"openai"}, Only: []string{"openai"}, Models: []string{"a/b"}, Sort: "ttft", Has: []string{"vision"},
		ProviderTimeouts: map[string]map[string]int64{"idle": {"*": 5000}}, Speed: "fast", AllowFallbackFromFast: &yes,
		AllowGatewayFallback: &no, ServiceTier: "flex", Caching: "auto", CacheAnchorItems: 2, CacheTTL: "1h",
		ZeroDataRetention: true, DisallowPromptTraining: true, InferenceRegion: &settings.InferenceRegion{Scope: "zone", GeoRegion: "eu"},
		Hedge: true, User: "u", Tags: []string{"t"},
	}
	v := reflect.ValueOf(full)
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			t.Errorf("the test leaves %s out", v.Type().Field(i).Name)
		}
	}
	set := &settings.Settings{VirtualModels: map[string]settings.VirtualModel{"coder": {Model: "x/y", Options: &full}}}
	config := routingConfig(set)
	if at, err := checkOptions(set); err != nil || len(config.Unusable) > 0 {
		t.Fatal(at, err, config.Unusable)
	}
	o := config.Virtual["coder"].Options
	if o.Sort != routing.ByFirstToken || !o.NoGateway || o.Caching.TTL != "1h" || o.Timeouts["*"].Idle == 0 || o.Region.Geo != "eu" || !o.Hedge {
		t.Errorf("%+v", o)
	}
}

// TestWrongOptionsAreASettingsProblem: it says where, and nobody's request is planned with half of them.
func TestWrongOptionsAreASettingsProblem(t *testing.T) {
	path := filepath.Join(t.TempDir(), settings.FileName)
	text := "{\n  \"virtualModels\": {\"odd\": {\n    \"model\": \"x/y\",\n    \"options\": {\"has\": [\"wings\"]}}}\n}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	doc, err := settings.Open(path, settings.Options{Check: checkOptions})
	if err != nil {
		t.Fatal(err)
	}
	defer doc.Close()
	p := doc.Problem()
	if p == nil || p.Line != 4 || !strings.Contains(p.Message, "virtualModels.odd.options") || !strings.Contains(p.Message, `has names "wings"`) {
		t.Errorf("%+v", p)
	}
}

func TestUnusableVirtualModels(t *testing.T) {
	config := routingConfig(&settings.Settings{VirtualModels: map[string]settings.VirtualModel{
		"odd": {Model: "x/y", Options: &settings.RoutingOptions{Has: []string{"wings"}}},
		"old": {Model: "x/y", Archived: true},
	}})
	if len(config.Virtual) != 0 || !strings.Contains(config.Unusable["odd"], "wings") || !strings.Contains(config.Unusable["old"], "archived") {
		t.Errorf("%+v", config)
	}
}
