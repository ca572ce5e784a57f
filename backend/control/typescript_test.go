package control

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write the generated TypeScript")

//go:generate go test . -run TestTypeScriptIsCurrent -update

// TestTypeScriptIsCurrent holds the web UI's types to the Go ones.
func TestTypeScriptIsCurrent(t *testing.T) {
	path := filepath.Join("..", "..", "frontend", "src", "api", "contract.gen.ts")
	want := TypeScript()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is out of date; run: go generate ./backend/control", path)
	}
}
