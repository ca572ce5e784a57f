package jsonc_test

import (
	"testing"

	"gatehouse/backend/jsonc"
)

func TestFirstLine(t *testing.T) {
	for extra, want := range map[string]string{
		"":                      "",
		"  ":                    "  ",
		" \n\t":                 " ",
		" \r\n\t":               " ",
		"\n":                    "",
		" // why\n  // more\n":  " // why",
		" // why\r\n":           " // why",
		" // why":               " // why",
		" /* a\n b */ // c\n  ": " /* a\n b */ // c",
		" /* a\n":               " /* a\n",
		"/* // */\nx":           "/* // */",
		"/**/\n":                "/**/",
	} {
		if got := string(jsonc.FirstLine([]byte(extra))); got != want {
			t.Errorf("%q gives %q, want %q", extra, got, want)
		}
	}
}
