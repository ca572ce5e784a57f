package app

import (
	"reflect"
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
	config, problems := routingConfig(&settings.Settings{
		VirtualModels: map[string]settings.VirtualModel{"coder": {Model: "x/y", Options: &full}},
	})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	o := config.Virtual["coder"].Options
	if o.Sort != routing.ByFirstToken || !o.NoGateway || o.Caching.TTL != "1h" || o.Timeouts["*"].Idle == 0 || o.Region.Geo != "eu" || !o.Hedge {
		t.Errorf("%+v", o)
	}
}

func TestWrongOptionsMakeAVirtualModelUnusable(t *testing.T) {
	config, problems := routingConfig(&settings.Settings{VirtualModels: map[string]settings.VirtualModel{
		"odd": {Model: "x/y", Options: &settings.RoutingOptions{Has: []string{"wings"}}},
	}})
	if len(config.Virtual) != 0 || problems["virtualModels.odd"] == nil {
		t.Errorf("%+v %v", config, problems)
	}
}
