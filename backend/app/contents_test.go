package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatehouse/backend/control"
)

// said finds the files below a folder that hold a text.
func said(t *testing.T, folder, text string) (paths []string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // it was written to its end, or removed, meanwhile
		}
		if bytes.Contains(content, []byte(text)) {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// TestContentsLeaveNoTrace: no file of a running Gatehouse holds anything of a prompt or an answer, the journals and the log
// among them, unless that is turned on for the request's project; and then only one that is gone as soon as it is turned off
// or the request deleted, and that is in no backup.
func TestContentsLeaveNoTrace(t *testing.T) {
	home := shortHome(t)
	s := serve(t, home)
	token := call[control.CreatedKey](t, home, "keys.create", control.NewKey{Name: "k", Project: "site"}).Secret
	ask := func(canary string) string {
		t.Helper()
		id := ""
		for _, body := range []string{
			`{"model":"sim/echo","messages":[{"role":"user","content":"` + canary + `"}]}`,
			`{"model":"sim/echo","stream":true,"messages":[{"role":"user","content":"` + canary + `"}]}`,
			`{"model":"sim/down","messages":[{"role":"user","content":"` + canary + `"}]}`,
		} {
			req, err := http.NewRequest(http.MethodPost, s.url+"/v1/chat/completions", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+token)
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			if err != nil || resp.StatusCode == http.StatusOK && !strings.Contains(string(text), "canary") {
				t.Fatalf("%s, %v", text, err)
			}
			if resp.StatusCode == http.StatusOK {
				id = resp.Header.Get("X-Gatehouse-Request-Id")
			}
		}
		return id
	}
	kept := func(id string) control.RequestContents {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); ; {
			if c := call[control.RequestContents](t, home, "contents.get", control.UsageRef{ID: id}); c.Kept || time.Now().After(deadline) {
				return c
			}
		}
	}

	ask("canary-off-3141592653")
	if paths := said(t, home, "canary"); paths != nil {
		t.Errorf("while it is off, %v hold it", paths)
	}

	if list := call[control.ContentsList](t, home, "contents.set", control.ContentsRule{Project: "site", Keep: "24h"}); len(list.Projects) != 1 {
		t.Errorf("%+v", list)
	}
	if status := call[control.Status](t, home, "status.get", control.Empty{}); len(status.Contents) != 1 || status.Contents[0].Keep != "24h" {
		t.Errorf("the status says %+v", status.Contents)
	}
	id := ask("canary-on-3141592653")
	c := kept(id)
	if !c.Kept || len(c.Messages) != 1 || c.Messages[0].Parts[0].Text != "canary-on-3141592653" || len(c.Answered) == 0 ||
		!strings.Contains(c.Answered[0].Text, "canary-on-3141592653") || !strings.Contains(c.Request.Text, `"stream":true`) {
		t.Errorf("%+v", c)
	}
	for _, path := range said(t, home, "canary") {
		if filepath.Dir(path) != filepath.Join(home, contentsFolder) {
			t.Errorf("%s holds it", path)
		}
	}
	file := filepath.Join(t.TempDir(), "backup.db")
	call[control.BackupDone](t, home, "backup.make", control.BackupFile{Path: file})
	if paths := said(t, filepath.Dir(file), "canary"); paths != nil {
		t.Error("a backup holds it")
	}
	call[control.ContentsList](t, home, "contents.set", control.ContentsRule{Project: "site"})
	if paths := said(t, home, "canary"); paths != nil {
		t.Errorf("after it was turned off, %v hold it", paths)
	}

	call[control.ContentsList](t, home, "contents.set", control.ContentsRule{Project: "site", Keep: "2d"})
	id = ask("canary-deleted-3141592653")
	if c := kept(id); !c.Kept || c.Keep != "2d" {
		t.Errorf("%+v", c)
	}
	project := "site"
	if done := call[control.UsageChange](t, home, "usage.delete", control.UsageDeletion{Project: &project}); done.Requests != 9 {
		t.Errorf("%d requests were deleted", done.Requests)
	}
	if paths := said(t, home, "canary"); paths != nil {
		t.Errorf("after it was deleted, %v hold it", paths)
	}
}

// There is no way to keep contents for good.
func TestContentsExpire(t *testing.T) {
	home := shortHome(t)
	core, err := Open(Options{Home: home, Version: "test", Build: "headless", Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer core.Close(context.Background())
	for _, keep := range []string{"forever", "0s", "0d", "-1d", "91d", "2161h", "30s", "d"} {
		params := fmt.Sprintf(`{"project":"site","keep":%q}`, keep)
		if _, err := core.Dispatcher().Call(t.Context(), "contents.set", []byte(params)); err == nil {
			t.Errorf("%q is taken", keep)
		}
	}
	for keep, want := range map[string]string{"90d": "90d", "24h": "24h", "48h": "2d", "90m": "1h30m", "1d": "24h"} {
		params := fmt.Sprintf(`{"project":"site","keep":%q}`, keep)
		got, err := core.Dispatcher().Call(t.Context(), "contents.set", []byte(params))
		if list, ok := got.(control.ContentsList); err != nil || !ok || list.Projects[0].Keep != want {
			t.Errorf("%q: %+v, %v", keep, got, err)
		}
	}
}
