package app

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatehouse/backend/control"
	"gatehouse/backend/usage"
)

// refused calls a method that must fail, and gives its message.
func refused(b *budgeted, name string, params any) string {
	b.t.Helper()
	body, err := json.Marshal(params)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err = b.Dispatcher().Call(b.t.Context(), name, body); err == nil {
		b.t.Fatalf("%s of %s was done", name, body)
	}
	return err.Error()
}

// Backups, deletion and restoring, as the window and the command line ask for them: what they do, what they refuse, and that the
// pages hear of it.
func TestBackupDeleteRestore(t *testing.T) {
	bill, home := openBilling(t), shortHome(t)
	writeSettings(t, home, settingsOf(bill.URL, `"budgets":{"b":{"usd":"1000","per":"total"},"p":{"requests":100,"per":"month","project":"p"}}`))
	b := openBudgeted(t, home, "")
	other := calls[control.CreatedKey](b, "keys.create", control.NewKey{Name: "other", Project: "q"}).Secret
	for i := range 6 {
		token := b.token
		if i%3 == 0 {
			b.token = other
		}
		if status, text := b.post("/v1/chat/completions", chatBody); status != 200 {
			t.Fatal(status, text)
		}
		b.token = token
	}
	b.drained()
	heard := b.Events().Subscribe(100)
	defer heard.Close()
	told := func() {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		for kind := ""; kind != control.EventUsageChanged; {
			e, err := heard.Next(ctx)
			if err != nil {
				t.Fatal("nobody is told: ", err)
			}
			kind = e.Type
		}
	}
	has := func(when string, all, ofP int) {
		t.Helper()
		records := calls[control.UsagePage](b, "usage.list", control.UsageQuery{}).Records
		n := 0
		for _, row := range calls[control.UsageRows](b, "usage.totals", control.UsageBy{By: "project"}).Rows {
			if row.Name == "p" {
				n = int(row.Requests)
			}
		}
		if len(records) != all || n != ofP {
			t.Errorf("%s: %d records, %d of the project; want %d and %d", when, len(records), n, all, ofP)
		}
		if spent, count := b.budget("b").Spent, b.budget("p").Spent; spent != 6*priceEach || count != 4 {
			t.Errorf("%s: the budgets have spent %d and %d", when, spent, count)
		}
	}
	has("at first", 6, 4)
	folder := t.TempDir()
	path := filepath.Join(folder, "backup.db")
	for deadline := time.Now().Add(10 * time.Second); len(b.history.Ended()) > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("they are not stored")
		}
	}
	if done := calls[control.BackupDone](b, "backup.make", control.BackupFile{Path: path}); done.Path != path || done.Bytes == 0 {
		t.Errorf("%+v", done)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}

	project := "p"
	if n := calls[control.UsageChange](b, "usage.delete", control.UsageDeletion{Project: &project}).Requests; n != 4 {
		t.Errorf("%d are deleted", n)
	}
	told()
	has("without the project", 2, 0)
	if n := calls[control.UsageChange](b, "backup.restore", control.BackupFile{Path: path}).Requests; n != 4 {
		t.Errorf("%d are put back", n)
	}
	told()
	has("put back", 6, 4)
	if n := calls[control.UsageChange](b, "backup.restore", control.BackupFile{Path: path}).Requests; n != 0 {
		t.Errorf("%d are put back twice", n)
	}

	text := filepath.Join(folder, "text")
	empty := filepath.Join(folder, "empty")
	for name, content := range map[string]string{text: strings.Repeat("this is no database\n", 1000), empty: ""} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		call, says string
		params     any
	}{
		{"backup.make", "absolute path", control.BackupFile{Path: "backup.db"}},
		{"backup.make", "exist", control.BackupFile{Path: path}},
		{"backup.make", "no such", control.BackupFile{Path: filepath.Join(folder, "none", "backup.db")}},
		{"backup.restore", "absolute path", control.BackupFile{Path: "backup.db"}},
		{"backup.restore", "no such", control.BackupFile{Path: filepath.Join(folder, "none")}},
		{"backup.restore", "no backup of Gatehouse's", control.BackupFile{Path: text}},
		{"backup.restore", "empty", control.BackupFile{Path: empty}},
		{"usage.delete", "say what to delete", control.UsageDeletion{}},
	} {
		if says := refused(b, c.call, c.params); !strings.Contains(says, c.says) {
			t.Errorf("%s of %+v says %q, not %q", c.call, c.params, says, c.says)
		}
	}
	has("after what was refused", 6, 4)
	if left, _ := filepath.Glob(filepath.Join(home, ".passing-*")); len(left) > 0 {
		t.Errorf("%v stay behind", left)
	}
	b.close()
	broken := filepath.Join(home, ".passing-1") // as a kill leaves it
	if err := errors.Join(os.Mkdir(broken, 0o700), os.WriteFile(filepath.Join(broken, "backup.db"), []byte("half"), 0o600)); err != nil {
		t.Fatal(err)
	}
	b = openBudgeted(t, home, b.token)
	if _, err := os.Stat(broken); !os.IsNotExist(err) {
		t.Errorf("what was broken off stays: %v", err)
	}
	has("after a restart", 6, 4)
	days, err := b.history.Totals(t.Context(), usage.ReportQuery{By: usage.ByDay})
	if err != nil || len(days) == 0 {
		t.Errorf("%v, %v", days, err)
	}
}
