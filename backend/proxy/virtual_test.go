package proxy

import (
	"encoding/json"
	"strings"
	"testing"

	"gatehouse/backend/access"
	"gatehouse/backend/catalog"
	"gatehouse/backend/gateway"
	"gatehouse/backend/routing"
)

// TestVirtualModelsAreListed: with the limits of what they stand for first, to whoever may use them.
func TestVirtualModelsAreListed(t *testing.T) {
	d := openDoor(t, doorOptions{active: "coder", edit: func(o *Options, g *gateway.Options) {
		o.Catalog = func() *catalog.Catalog { return shelf }
		world := g.World
		g.World = func() routing.World {
			w := world()
			w.Catalog = shelf
			w.Config = &routing.Config{Virtual: map[string]routing.Virtual{
				"coder": {Targets: []routing.Weighted{{Model: "inner"}, {Model: "sim/echo"}}},
				"inner": {Targets: []routing.Weighted{{Model: "anthropic/claude"}}},
			}}
			return w
		}
		o.Virtual = func() []catalog.Model { return g.World().VirtualModels() }
	}})
	_, text := d.get("/v1/models")
	var list openAIModels
	check(t, json.Unmarshal([]byte(text), &list))
	found := map[string]openAIModel{}
	for _, m := range list.Data {
		found[m.ID] = m
	}
	coder, active := found["coder"], found[routing.ActiveModel]
	if coder.ContextWindow != 1_000_000 || coder.Pricing != nil || coder.Description != "virtual model for inner, sim/echo" || coder.Name != "coder" {
		t.Errorf("%+v", coder)
	}
	if active.ContextWindow != 1_000_000 {
		t.Errorf("the active model has not the virtual one's limits: %+v", active)
	}
	if _, text := d.get("/v1/models/coder", "Anthropic-Version", "2023-06-01"); !strings.Contains(text, `"id":"coder"`) {
		t.Error(text)
	}
	_, token, err := d.keys.Create(access.NewKey{Name: "few", Models: []string{"inner"}})
	check(t, err)
	d.token = token
	if _, text := d.get("/v1/models"); !strings.Contains(text, `"inner"`) || strings.Contains(text, `"coder"`) || strings.Contains(text, `"sim/echo"`) {
		t.Error(text)
	}
}
