package gateway

import (
	"net/http"
	"strings"
	"testing"
)

func FuzzTraceOf(f *testing.F) {
	for _, seed := range []string{
		"", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
		"cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		"00-00000000000000000000000000000000-b7ad6b7169203331-01", "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
		"00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
	} {
		f.Add(seed, "a=b")
	}
	f.Fuzz(func(t *testing.T, parent, state string) {
		got, gotState := traceOf(http.Header{"Traceparent": {parent}, "Tracestate": {state}})
		if got == "" {
			if gotState != "" {
				t.Errorf("%q without a parent", gotState)
			}
			return
		}
		if len(got) != 55 || !strings.HasPrefix(got, "00-") || got[3:] != parent[3:55] || len(gotState) > maxTraceState {
			t.Errorf("%q is read as %q with %q", parent, got, gotState)
		}
	})
}

func TestTraceOf(t *testing.T) {
	const whole = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	for parent, want := range map[string]string{
		whole: whole, "cc" + whole[2:] + "-more": whole, whole + "-more": "", "ff" + whole[2:]: "", strings.ToUpper(whole): "", "": "",
		"00-00000000000000000000000000000000-b7ad6b7169203331-01": "", "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01": "",
	} {
		if got, _ := traceOf(http.Header{"Traceparent": {parent}}); got != want {
			t.Errorf("%q is read as %q", parent, got)
		}
	}
	if got, _ := traceOf(http.Header{"Traceparent": {whole, whole}}); got != "" {
		t.Errorf("two are read as %q", got)
	}
	if _, state := traceOf(http.Header{"Traceparent": {whole}, "Tracestate": {"a=1", "b=2"}}); state != "a=1,b=2" {
		t.Errorf("the state is %q", state)
	}
}
