package cli

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"gatehouse/backend/app"
	"gatehouse/backend/export"
)

// ask has the stand-in answer one request.
func ask(t *testing.T, core *app.Core, key string) {
	t.Helper()
	body := strings.NewReader(`{"model":"sim/echo","messages":[{"role":"user","content":"hello"}]}`)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, core.Service().Status().Endpoint.URL+"/v1/chat/completions", body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(io.Discard, resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatal(resp.Status, err)
	}
}

// What is exported is the history, in each format, to a file and to the standard output, whether or not a Gatehouse runs.
func TestUsageExport(t *testing.T) {
	home, out := shortHome(t), t.TempDir()
	core := start(t, home)
	key := strings.TrimSpace(gatehouse(t, home, "", "key", "create", "cline", "--project", "web").stdout)
	for range 3 {
		ask(t, core, key)
	}
	for _, runs := range []bool{true, false} {
		if !runs {
			closeCore(core)
		}
		r := gatehouse(t, home, "", "usage", "export", "--project", "web")
		rows, err := csv.NewReader(strings.NewReader(r.stdout)).ReadAll()
		if err != nil || r.code != 0 || len(rows) != 4 || rows[0][0] != "id" || !strings.HasPrefix(rows[1][0], "req_") {
			t.Fatalf("running %v: %v %+v", runs, err, r)
		}
		if r := gatehouse(t, home, "", "usage", "export", "--project", "another", "--format", "json"); r.stdout != "[]\n" {
			t.Errorf("running %v: %+v", runs, r)
		}
		var totals []export.Total
		r = gatehouse(t, home, "", "usage", "export", "--by", "model", "--format", "json")
		if err := json.Unmarshal([]byte(r.stdout), &totals); err != nil || len(totals) != 1 || totals[0].Requests != 3 {
			t.Errorf("running %v: %v %+v", runs, err, r)
		}
		file := filepath.Join(out, map[bool]string{true: "running", false: "alone"}[runs]+".parquet")
		if r := gatehouse(t, home, "", "usage", "export", "-o", file); r.code != 0 {
			t.Fatalf("running %v: %+v", runs, r)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		read, err := parquet.Read[export.Request](bytes.NewReader(text), int64(len(text)))
		if err != nil || len(read) != 3 || read[0].ID != rows[1][0] || read[0].Project != "web" || *read[0].OutputTokens == 0 {
			t.Errorf("running %v: %v %+v", runs, err, read)
		}
		if r := gatehouse(t, home, "", "usage", "export", "-o", file); r.code != exitFailed || !strings.Contains(r.stderr, "there already") {
			t.Errorf("over a file that is there: %+v", r)
		}
		if again, _ := os.ReadFile(file); !bytes.Equal(again, text) {
			t.Error("a file that is there was changed")
		}
	}
	failed := filepath.Join(out, "failed.csv")
	if r := gatehouse(t, home, "", "usage", "export", "--since", "2026-11-20", "--until", "2026-11-01", "-o", failed); r.code != exitFailed {
		t.Errorf("%+v", r)
	}
	if _, err := os.Stat(failed); !os.IsNotExist(err) {
		t.Error("a file is left of an export that failed:", err)
	}
}
