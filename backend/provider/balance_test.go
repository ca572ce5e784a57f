package provider

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"gatehouse/backend/llm"
)

func TestBalance(t *testing.T) {
	type answers map[string]string // by path; what begins with a digit is a status before the text
	for name, c := range map[string]struct {
		id, base string
		answers  answers
		want     string
		failure  llm.ErrorKind
	}{
		"hosted":             {Gateway, "", answers{"/v1/credits": `{"balance":"95.50","total_used":"4.50"}`}, "[{USD 95.50}] false", ""},
		"openrouter":         {"openrouter", "", answers{"/credits": `{"data":{"total_credits":100.5,"total_usage":25.75000000000001}}`}, "[{USD 74.75}] false", ""},
		"openrouter, key":    {"openrouter", "", answers{"/credits": `403 {"error":{"message":"Only management keys"}}`, "/key": `{"data":{"limit":10,"limit_remaining":7.25}}`}, "[{USD 7.25}] true", ""},
		"openrouter, none":   {"openrouter", "", answers{"/credits": `403 {}`, "/key": `{"data":{"limit":null,"limit_remaining":null}}`}, "", llm.ErrBadRequest},
		"openrouter, no key": {"openrouter", "", answers{"/credits": `401 {}`, "/key": `401 {"error":{"message":"No auth"}}`}, "", llm.ErrAuth},
		"openrouter, down":   {"openrouter", "", answers{"/credits": `502 <html>`}, "", llm.KindOfStatus(502)},
		"deepseek": {
			"deepseek", "",
			answers{"/user/balance": `{"is_available":true,"balance_infos":[{"currency":"CNY","total_balance":"110.00","granted_balance":"10.00","topped_up_balance":"100.00"},{"currency":"USD","total_balance":"-1"}]}`},
			"[{CNY 110.00} {USD -1}] false", "",
		},
		"deepseek, nothing": {"deepseek", "", answers{"/user/balance": `{"is_available":false,"balance_infos":[]}`}, "", llm.ErrInternal},
		"deepseek, words":   {"deepseek", "", answers{"/user/balance": `{"balance_infos":[{"currency":"USD","total_balance":"much"}]}`}, "", llm.ErrInternal},
		"moonshot":          {"moonshotai", "", answers{"/users/me/balance": `{"code":0,"data":{"available_balance":49.58894,"voucher_balance":46.58893,"cash_balance":3.00001},"status":true}`}, "[{USD 49.58894}] false", ""},
		"moonshot, odd":     {"moonshotai", "", answers{"/users/me/balance": `{"data":{"available_balance":1e99999}}`}, "", llm.ErrInternal},
		"none":              {"anthropic", "", nil, "", llm.ErrBadRequest},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			text, ok := c.answers[r.URL.Path]
			if !ok || r.Header.Get("Authorization") != "Bearer canary" {
				t.Errorf("%s: asked %s with %v", name, r.URL, r.Header)
			}
			var status int
			if _, err := fmt.Sscanf(text, "%d ", &status); err == nil {
				w.WriteHeader(status)
				text = text[4:]
			}
			_, _ = io.WriteString(w, text)
		}))
		client := NewClient(http.NotFoundHandler())
		p := NewTable(map[ID]Override{c.id: {BaseURL: server.URL}})[c.id]
		b, err := client.Balance(t.Context(), p, "canary")
		got := fmt.Sprint(b.Amounts, " ", b.OfKey)
		if err != nil {
			got = ""
		}
		if e := llm.AsError(err); got != c.want || (e == nil) != (c.failure == "") || e != nil && e.Kind != c.failure {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if p.TellsBalance() == (c.answers == nil) {
			t.Errorf("%s: tells its balance: %v", name, p.TellsBalance())
		}
		if err != nil && strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
		client.Close()
		server.Close()
	}
}

func TestAmountText(t *testing.T) {
	for a, want := range map[Amount]string{
		{"USD", "12.345"}: "$12.35", {"USD", "-0.5"}: "-$0.50", {"USD", "7"}: "$7.00", {"CNY", "110.00"}: "110.00 CNY", {"USD", "much"}: `"much" USD`,
	} {
		if got := a.Text(); got != want {
			t.Errorf("%v is %q, want %q", a, got, want)
		}
	}
}

func FuzzDecimal(f *testing.F) {
	for _, seed := range []string{"1", "-0.50", "1e-7", "1E+30", "9e99999999", "", "0x10", "1/3", "NaN"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, ok := decimal(gjson.Result{Type: gjson.String, Str: text})
		if ok && len(plain(n)) > 140 {
			t.Errorf("%q is %q", text, plain(n))
		}
	})
}
