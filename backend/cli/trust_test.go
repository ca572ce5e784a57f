package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"gatehouse/backend/control"
)

// TestBrokenPrefixes: a conversation whose system prompt changes shows in the totals and in the list; what only goes on does
// not.
func TestBrokenPrefixes(t *testing.T) {
	home := shortHome(t)
	core := start(t, home)
	key := strings.TrimSpace(gatehouse(t, home, "", "key", "create", "cline").stdout)
	if r := gatehouse(t, home, "", "usage", "prefixes"); r.code != 0 || !strings.Contains(r.stdout, "went on") {
		t.Fatalf("%+v", r)
	}
	for i, system := range []string{"be brief", "be brief", "be brief at noon"} {
		turns := strings.Repeat(`,{"role":"assistant","content":"so"},{"role":"user","content":"and on"}`, i)
		body := fmt.Sprintf(`{"model":"sim/echo","messages":[{"role":"system","content":%q},{"role":"user","content":"hello"}%s]}`, system, turns)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, core.Service().Status().Endpoint.URL+"/v1/chat/completions", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+key)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
	var records []control.UsageRecord
	if err := json.Unmarshal([]byte(gatehouse(t, home, "", "usage", "--broken", "--json").stdout), &records); err != nil || len(records) != 1 {
		t.Fatalf("%+v, %v", records, err)
	}
	if p := records[0].Prefix; p == nil || p.Cause != "content" || p.Part != "system" || p.Kept != 0 || p.Blocks != 4 {
		t.Errorf("%+v", p)
	}
	r := gatehouse(t, home, "", "usage", "prefixes", "--since", "1h")
	for _, part := range []string{"Broken prefixes: 1;", "system", records[0].ID, records[0].Conversation} {
		if !strings.Contains(r.stdout, part) {
			t.Errorf("%q is not in %s", part, r.stdout)
		}
	}
	var sums control.UsagePrefixes
	if err := json.Unmarshal([]byte(gatehouse(t, home, "", "usage", "prefixes", "--json").stdout), &sums); err != nil || sums.Sums.Requests != 1 {
		t.Errorf("%+v, %v", sums, err)
	}
	if r := gatehouse(t, home, "", "usage", "drift"); r.code != 0 || !strings.Contains(r.stdout, "Nothing was compared") {
		t.Errorf("%+v", r)
	}
	if r := gatehouse(t, home, "", "usage", "drift", "--since", "soon"); r.code != 2 {
		t.Errorf("%+v", r)
	}
}
