package control_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatehouse/backend/budget"
	"gatehouse/backend/control"
	"gatehouse/backend/event"
	"gatehouse/backend/gateway"
	"gatehouse/backend/store"
	"gatehouse/backend/usage"
)

// A page downloads a backup and sends it back; what is sent in another way, or is none, is refused, and nothing is left of
// either but what was put back.
func TestBackupOverHTTP(t *testing.T) {
	home := t.TempDir()
	db, err := store.Open(filepath.Join(home, "gatehouse.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	history, err := usage.Open(db, usage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(history.Close(context.Background()), db.Close()); err != nil {
			t.Error(err)
		}
	})
	logger := slog.New(slog.DiscardHandler)
	budgets := budget.Open(budget.Options{DB: db, Now: time.Now, Zone: time.UTC, Broker: &event.Broker{}, Logger: logger})
	defer budgets.Close()
	s := control.New(control.Options{
		Home: home, DB: db, History: history, Budgets: budgets, Broker: &event.Broker{}, Logger: logger, Now: time.Now,
	})
	server := httptest.NewServer(s.API(&control.Dispatcher{}))
	defer server.Close()

	for range 3 {
		at := time.Now().Add(-time.Hour)
		entry := history.Begin(gateway.Opening{ID: gateway.NewRequestID(at), StartedAt: at, Project: "site"})
		entry.Settle(gateway.Settlement{Outcome: gateway.OK, Status: 200})
	}
	other := "shop" // of which there are none: what ended is in the database when it is done
	if n, err := history.Delete(t.Context(), usage.Deletion{Project: &other}); n != 0 || err != nil {
		t.Fatal(n, err)
	}
	resp, err := http.Get(server.URL + "/api/backup.download")
	if err != nil {
		t.Fatal(err)
	}
	backup, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil || resp.StatusCode != 200 || int64(len(backup)) != resp.ContentLength ||
		!strings.Contains(resp.Header.Get("Content-Disposition"), `attachment; filename="gatehouse-`) {
		t.Fatal(resp.Status, resp.Header, len(backup), err)
	}
	if n, err := history.Delete(t.Context(), usage.Deletion{To: time.Now()}); n != 3 || err != nil {
		t.Fatal(n, err)
	}
	send := func(kind string, body []byte) (int, string) {
		t.Helper()
		resp, err := http.Post(server.URL+"/api/backup.upload", kind, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close() //nolint:errcheck // read to its end
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(text)
	}
	for _, c := range []struct {
		kind   string
		body   []byte
		status int
		want   string
	}{
		{"text/plain", backup, 415, "application/octet-stream"}, // what any page can send without being asked
		{"application/octet-stream", nil, 400, "it is empty"},
		{"application/octet-stream", []byte("no backup"), 400, "is no backup of Gatehouse's"},
		{"application/octet-stream", backup, 200, `{"requests":3}`},
		{"application/octet-stream", backup, 200, `{"requests":0}`},
	} {
		if status, text := send(c.kind, c.body); status != c.status || !strings.Contains(text, c.want) {
			t.Errorf("%s, %d bytes: %d %s", c.kind, len(c.body), status, text)
		}
	}
	entries, err := os.ReadDir(home)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".passing-") {
			t.Errorf("%s is left", e.Name())
		}
	}
}
