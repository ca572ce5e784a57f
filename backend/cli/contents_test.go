package cli

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"gatehouse/backend/control"
)

// Prompts and answers are kept, shown with their request and removed, whether or not a Gatehouse runs.
func TestContents(t *testing.T) {
	home := shortHome(t)
	core := start(t, home)
	key := strings.TrimSpace(gatehouse(t, home, "", "key", "create", "cline", "--project", "web").stdout)
	newest := func() string {
		var records []control.UsageRecord
		if err := json.Unmarshal([]byte(gatehouse(t, home, "", "usage", "--json").stdout), &records); err != nil || len(records) == 0 {
			t.Fatal(records, err)
		}
		return records[0].ID
	}
	ask(t, core, key)
	if r := gatehouse(t, home, "", "usage", "show", newest()); r.code != 0 || !strings.Contains(r.stdout, `gatehouse contents keep "web" 24h`) {
		t.Errorf("%+v", r)
	}
	if r := gatehouse(t, home, "", "contents"); r.stdout != "no prompts and answers are kept\n" {
		t.Errorf("%+v", r)
	}
	for _, args := range [][]string{{"contents", "keep", "web"}, {"contents", "keep", "web", ""}} {
		if r := gatehouse(t, home, "", args...); r.code != exitUsage {
			t.Errorf("%v: %+v", args, r)
		}
	}
	if r := gatehouse(t, home, "", "contents", "keep", "web", "forever"); r.code != exitFailed || !strings.Contains(r.stderr, "at most 90d") {
		t.Errorf("%+v", r)
	}
	if r := gatehouse(t, home, "", "contents", "keep", "web", "7d"); r.code != 0 || !strings.Contains(r.stdout, "web      7d") {
		t.Errorf("%+v", r)
	}
	if r := gatehouse(t, home, "", "status"); !strings.Contains(r.stdout, `project "web" for 7d`) {
		t.Errorf("%+v", r)
	}
	ask(t, core, key)
	id := newest()
	shown := func() result { return gatehouse(t, home, "", "usage", "show", id) }
	for deadline := time.Now().Add(20 * time.Second); strings.Contains(shown().stdout, "not kept") && time.Now().Before(deadline); {
	}
	for _, runs := range []bool{true, false} {
		if !runs {
			closeCore(core)
		}
		if r := shown(); !strings.Contains(r.stdout, "--- user\nhello\n") || !strings.Contains(r.stdout, "--- answer\n") {
			t.Errorf("running %v: %+v", runs, r)
		}
		var whole struct{ Contents control.RequestContents }
		r := gatehouse(t, home, "", "usage", "show", id, "--json")
		if err := json.Unmarshal([]byte(r.stdout), &whole); err != nil || !strings.Contains(whole.Contents.Request.Text, `"sim/echo"`) {
			t.Errorf("running %v: %v %+v", runs, err, r)
		}
	}
	if r := gatehouse(t, home, "", "contents", "off", "web"); r.stdout != "no prompts and answers are kept\n" {
		t.Errorf("%+v", r)
	}
	if r := shown(); !strings.Contains(r.stdout, "are not kept") {
		t.Errorf("%+v", r)
	}
	if r := gatehouse(t, home, "", "usage", "show", "req_none"); r.code != exitFailed {
		t.Errorf("%+v", r)
	}
}
