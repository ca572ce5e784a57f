package control

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"gatehouse/backend/access"
	"gatehouse/backend/catalog"
	"gatehouse/backend/llm"
	"gatehouse/backend/provider"
	"gatehouse/backend/routing"
	"gatehouse/backend/settings"
	"gatehouse/backend/store"
)

func change(value string, path ...string) []SettingChange {
	return []SettingChange{{Path: path, Value: json.RawMessage(value)}}
}

// TestSettingsDraft: what is shown before it is saved is what is saved, and only that.
func TestSettingsDraft(t *testing.T) {
	d := openDesk(t, "{\n  // mine\n  \"version\": 1\n}\n")
	fast := change(`{"model": "sim/echo"}`, "virtualModels", "fast")
	draft, err := d.previewSettings(t.Context(), SettingChanges{fast})
	if err != nil || !strings.Contains(draft.Diff, `+    "fast": {`) || strings.Contains(d.text(t), "fast") {
		t.Fatal(err, draft.Diff)
	}
	if _, err := d.applySettings(t.Context(), SettingsEdit{draft.Revision, change(`{"model": ""}`, "virtualModels", "fast")}); llm.AsError(err).Code != "settings_invalid" {
		t.Fatal(err)
	}
	if _, err := d.applySettings(t.Context(), SettingsEdit{draft.Revision, fast}); err != nil || d.text(t) != draft.Text {
		t.Fatal(err, d.text(t))
	}
	if _, err := d.applySettings(t.Context(), SettingsEdit{draft.Revision, change("null", "virtualModels", "fast")}); llm.AsError(err).Code != "settings_changed" {
		t.Fatal(err)
	}
	view, err := d.settingsView(t.Context(), Empty{})
	if err != nil || view.Effective.VirtualModels["fast"].Model != "sim/echo" || view.Effective.Providers == nil {
		t.Fatal(err, view.Text)
	}
}

func openKeys(t *testing.T) *access.Keys {
	t.Helper()
	db, err := store.Open(filepath.Join(t.TempDir(), "keys.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := access.Open(db, access.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(keys.Close(context.Background()), db.Close()); err != nil {
			t.Error(err)
		}
	})
	return keys
}

// TestRouteWithChanges: a dry run can be had of settings that are not saved yet.
func TestRouteWithChanges(t *testing.T) {
	d := openDesk(t, "{}")
	d.Keys = openKeys(t)
	table := provider.NewTable(nil)
	d.World = func() routing.World {
		return routing.World{Providers: table, Catalog: catalog.New(nil, nil), Now: d.Now()}
	}
	d.Routing = func(s *settings.Settings) *routing.Config {
		c := &routing.Config{Virtual: map[string]routing.Virtual{}}
		for name, v := range s.VirtualModels {
			c.Virtual[name] = routing.Virtual{Targets: []routing.Weighted{{Model: v.Model}}}
		}
		for _, r := range s.Rules {
			c.Rules = append(c.Rules, routing.Rule{ID: r.ID, Hours: r.Hours, Deny: r.Deny})
		}
		return c
	}
	fast := change(`{"model": "sim/echo"}`, "virtualModels", "fast")
	route, err := d.route(t.Context(), RouteQuery{Model: "fast", Changes: fast})
	if err != nil || route.Virtual != "fast" || len(route.Attempts) != 1 || route.Attempts[0].Model != "sim/echo" {
		t.Fatalf("%+v, %v", route, err)
	}
	if route, err = d.route(t.Context(), RouteQuery{Model: "fast"}); err != nil || len(route.Attempts) > 0 || route.Problem == "" {
		t.Fatalf("%+v, %v", route, err)
	}
	night := change(`[{"id": "night", "deny": true, "hours": [3]}]`, "rules")
	for hour, denied := range map[int]bool{3: true, 4: false} {
		route, err := d.route(t.Context(), RouteQuery{Model: "sim/echo", Hour: &hour, Changes: night})
		if err != nil || (route.Rule == "night") != denied || (len(route.Attempts) == 0) != denied {
			t.Errorf("at %d: %+v, %v", hour, route, err)
		}
	}
	for want, q := range map[string]RouteQuery{
		"either a \"model\" or \"targets\"": {Model: "fast", Changes: change(`{}`, "virtualModels", "fast")},
		"wings is not understood":           {Model: "sim/echo", Options: `{"wings": true}`},
	} {
		if route, err := d.route(t.Context(), q); err != nil || !strings.Contains(route.Problem, want) {
			t.Errorf("%q, %v", route.Problem, err)
		}
	}
	if _, err := d.createKey(t.Context(), NewKey{Name: "laptop", Models: []string{"sim/think"}}); err != nil {
		t.Fatal(err)
	}
	if route, err = d.route(t.Context(), RouteQuery{Model: "sim/echo", Key: "laptop"}); err != nil || len(route.Attempts) > 0 {
		t.Fatalf("a key that may not use the model: %+v, %v", route, err)
	}
}
