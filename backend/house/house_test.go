// Package house holds the rules of the repository as tests: which package may import which, and that each says what it
// is for. It has no code of its own.
package house

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// floors are the packages from the ground up; imports point down only. Packages of one floor do not know each other
// unless siblings says so.
var floors = [][]string{
	{"event", "store", "secret", "llm", "filewatch", "quantile", "jsonc", "wholefile", "notify"},
	{"catalog", "fetch", "recall", "autostart"},
	{"catalog/snapshot"},
	{"protocol/sse", "protocol/jsonedit", "protocol/jsonread", "protocol/carry", "protocol/watch", "protocol/tokens"},
	{"protocol/jsonwrite", "protocol/hosted", "protocol/blocks"},
	{"protocol/fit"},
	{
		"protocol/chatcompletions", "protocol/messages", "protocol/responses", "protocol/gemini", "protocol/aisdk",
		"protocol/ollama", "protocol/embeddings", "protocol/formedit", "protocol/whole",
	},
	{"protocol", "prefix"},
	{"provider", "provider/sim", "provider/strict"},
	{"routing"},
	{"gateway"},
	{"settings", "access", "usage", "balance", "chat", "credential", "modellist", "calibration", "objects", "health", "answers", "contents", "connect", "stray", "rollout", "budget", "drift"},
	{"export", "telemetry", "compare"},
	{"control", "proxy", "tray", "desktop"},
	{"app"},
	{"shell", "cli"},
}

// bans are imports that the floors alone would allow, each with the reason why not.
var bans = []struct{ from, to, reason string }{
	{"llm", "*", "the vocabulary is what everybody shares; it depends on nobody"},
	{"event", "*", "a broadcast does not know what it carries"},
	{"store", "*", "the database does not know what it keeps"},
	{"secret", "*", "the keychain does not know what it keeps"},
	{"gateway", "store", "what it remembers goes through Recorder"},
	{"gateway", "secret", "credentials come through Credentials"},
	{"routing", "store", "a decision is pure"},
	{"prefix", "store", "its hashes are of use as long as their key, which is kept in memory only"},
	{"provider", "store", "upstreams have no memory"},
	{"proxy", "provider", "the door does not know upstreams"},
	{"proxy", "credential", "the door never sees a credential"},
	{"proxy", "secret", "the door never sees a credential"},
	{"proxy", "store", "the door keeps nothing"},
	{"contents", "store", "a database's file keeps what is deleted from it, and its backups hold it"},
	{"tray", "store", "a menu keeps nothing"},
	{"tray", "gateway", "a menu carries no requests"},
	{"desktop", "gateway", "the window's requests go through control and chat"},
	{"connect", "store", "what was changed is kept where the user can read it"},
	{"connect", "secret", "it is given the key that it writes"},
	{"stray", "store", "what was changed is kept where the user can read it, without the secrets"},
	{"stray", "secret", "what it finds is put away by whoever asked"},
	{"telemetry", "store", "what it counts begins with the program"},
	{"notify", "*", "what is worth a notification is decided by who shows it"},
	{"drift", "provider", "who is asked, and how, is told to it"},
	{"settings", "provider", "settings don't know providers by name"},
	{"budget", "provider", "what is spent does not depend on how it is sent"},
}

// only says who alone may import a library.
var only = map[string][]string{
	"go.etcd.io/bbolt":                    {"backend/store"},
	"github.com/zalando/go-keyring":       {"backend/secret"},
	"fyne.io/systray":                     {"backend/tray"},
	"github.com/wailsapp/wails/v2":        {".", "backend/desktop"}, // there only to generate bindings
	"github.com/alecthomas/kong":          {"backend/cli"},
	"github.com/fsnotify/fsnotify":        {"backend/filewatch"},
	"github.com/joho/godotenv":            {"backend/credential"},
	"github.com/DataDog/sketches-go":      {"backend/quantile"},
	"github.com/parquet-go/parquet-go":    {"backend/export"},
	"go.opentelemetry.io/otel":            {"backend/telemetry"},
	"github.com/prometheus/client_golang": {"backend/telemetry"},
}

type imports map[string][]string // package folder -> imports, tests left out

func load(t *testing.T) (root string, all imports, docs map[string]bool) {
	t.Helper()
	root = filepath.Join("..", "..")
	all, docs = imports{}, map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); name == "node_modules" || name == "testdata" || strings.HasPrefix(name, ".") && len(name) > 2 {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		folder := filepath.ToSlash(rel)
		docs[folder] = docs[folder] || file.Doc != nil
		for _, i := range file.Imports {
			all[folder] = append(all[folder], strings.Trim(i.Path.Value, `"`))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return root, all, docs
}

func TestImportsPointDown(t *testing.T) {
	_, all, _ := load(t)
	floor := map[string]int{}
	for n, names := range floors {
		for _, name := range names {
			floor["backend/"+name] = n
			if _, ok := all["backend/"+name]; !ok {
				t.Errorf("the floors name backend/%s, which is not there", name)
			}
		}
	}
	for from, list := range all {
		if !strings.HasPrefix(from, "backend/") {
			continue
		}
		mine, ok := floor[from]
		if !ok {
			t.Errorf("%s stands on no floor: give it one in this test", from)
			continue
		}
		for _, path := range list {
			to, ours := strings.CutPrefix(path, "gatehouse/")
			if !ours || !strings.HasPrefix(to, "backend/") {
				continue
			}
			if floor[to] >= mine {
				t.Errorf("%s imports %s, which is not below it", from, to)
			}
		}
	}
}

func TestBans(t *testing.T) {
	_, all, _ := load(t)
	for _, ban := range bans {
		from := "backend/" + ban.from
		for _, path := range all[from] {
			to, ours := strings.CutPrefix(path, "gatehouse/backend/")
			if ours && (ban.to == "*" || to == ban.to) {
				t.Errorf("%s imports %s: %s", from, path, ban.reason)
			}
		}
	}
}

// TestStandInsStayInTests: what answers as a real provider would is of no use to anybody else.
func TestStandInsStayInTests(t *testing.T) {
	_, all, _ := load(t)
	for from, list := range all {
		if slices.Contains(list, "gatehouse/backend/provider/strict") {
			t.Errorf("%s imports the strict stand-ins, which are for tests", from)
		}
	}
}

func TestLibrariesHaveOneDoor(t *testing.T) {
	_, all, _ := load(t)
	for library, allowed := range only {
		used := false
		for from, list := range all {
			for _, path := range list {
				if path != library && !strings.HasPrefix(path, library+"/") {
					continue
				}
				used = true
				if !slices.Contains(allowed, from) {
					t.Errorf("%s imports %s, which only %v may", from, path, allowed)
				}
			}
		}
		if !used {
			t.Errorf("nobody imports %s any more; drop its rule", library)
		}
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	_, _, docs := load(t)
	for folder, has := range docs {
		if !has && folder != "." {
			t.Errorf("%s has no package comment", folder)
		}
	}
}

// TestRepositorySpeaksOfTheProjectAlone: no machine's paths, no registry hosts.
func TestRepositorySpeaksOfTheProjectAlone(t *testing.T) {
	root, _, _ := load(t)
	banned := []string{"/wo" + "rk/", "/ro" + "ot/", "registry.npm" + "js.org", "proxy.golang" + ".org"}
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if name == "node_modules" || name == ".git" || name == "bin" || name == "out" || name == "dist" {
				return filepath.SkipDir
			}
			return nil
		}
		switch filepath.Ext(name) {
		case ".git", ".png", ".ico", ".icns", ".sum", ".db", ".log":
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, word := range banned {
			if strings.Contains(string(text), word) {
				t.Errorf("%s names %s", path, word)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
