package provider

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestCredits(t *testing.T) {
	for answer, want := range map[string]string{
		`{"balance":"95.50","total_used":"4.50"}`: "95.50", `{"balance":"-0.25"}`: "-0.25", `{"balance":7}`: "7",
		`{}`: "", `{"balance":"much"}`: "", `<html>`: "", `{"balance":"--1"}`: "",
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/v1/credits" || r.Header.Get("Authorization") != "Bearer secret" {
				t.Errorf("asked %s with %v", r.URL, r.Header)
			}
			_, _ = io.WriteString(w, answer)
		}))
		client := NewClient(http.NotFoundHandler())
		balance, err := client.Credits(context.Background(), NewTable(map[ID]Override{Gateway: {BaseURL: server.URL + "/v1"}})[Gateway], "secret")
		if balance != want || (err == nil) != (want != "") {
			t.Errorf("%s gives %q, %v", answer, balance, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Error(err)
		}
		client.Close()
		server.Close()
	}
}
