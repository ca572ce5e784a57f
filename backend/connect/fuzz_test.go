package connect

import (
	"bytes"
	"reflect"
	"testing"
)

// FuzzPatch: whatever a file says, it is refused, or patched so that it says the same and ours, and taken back to where it
// was: by the record's own bytes exactly, and by the patch alone to a file that says the same.
func FuzzPatch(f *testing.F) {
	kinds := []struct {
		format  format
		assigns []assign
	}{
		{jsoncFile{}, []assign{{[]string{"env", "A"}, "x", plain}, {[]string{"env", "B"}, object{{"c", "d"}}, plain}, {[]string{"m"}, "y", plain}}},
		{tomlFile{}, []assign{{[]string{"m"}, "x", plain}, {[]string{"t", "u", "a"}, "y", plain}, {[]string{"t", "u", "b"}, "z", plain}}},
		{yamlFile{}, []assign{{[]string{"models", "N"}, item{{"name", "N"}, {"a", "b"}}, plain}, {[]string{"m"}, "y", plain}}},
		{block{posix}, []assign{{[]string{"A"}, "x", plain}, {[]string{"B"}, "y", plain}}},
	}
	corpus(f, func(_, _ string, text []byte) {
		for kind := range kinds {
			f.Add(byte(kind), text)
		}
	})
	f.Fuzz(func(t *testing.T, kind byte, text []byte) {
		k := kinds[int(kind)%len(kinds)]
		before := bytes.Clone(text)
		after, undos, err := apply(k.format, text, k.assigns)
		if !bytes.Equal(text, before) {
			t.Fatal("the text itself was written to")
		}
		if err != nil {
			return
		}
		again, _, err := apply(k.format, after, k.assigns)
		if err != nil || !bytes.Equal(again, after) {
			t.Fatalf("twice is not once:\n%q\n%q\n%v", after, again, err)
		}
		left, kept, err := revert(k.format, after, undos)
		if err != nil || len(kept) > 0 {
			t.Fatalf("%q, %v: %v", after, kept, err)
		}
		_, rest := cutBOM(text)
		want := tree(t, k.format, rest)
		_, rest = cutBOM(left)
		if got := tree(t, k.format, rest); !equalTrees(got, want) {
			t.Fatalf("left is\n%q\nof\n%q", left, text)
		}
	})
}

func tree(t *testing.T, f format, text []byte) any {
	t.Helper()
	v, err := f.tree(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func equalTrees(a, b any) bool { return reflect.DeepEqual(a, b) }
