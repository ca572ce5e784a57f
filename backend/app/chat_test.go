package app

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatehouse/backend/chat"
	"gatehouse/backend/control"
	"gatehouse/backend/routing"
	"gatehouse/backend/settings"
)

// chatted sends a message to a model and gives the answer as it is kept.
func chatted(b *budgeted, model string) control.Turn {
	b.t.Helper()
	events := b.Events().Subscribe(1000)
	defer events.Close()
	calls[control.ConversationDetail](b, "chat.send", control.ChatSend{Model: model, Text: "x"})
	for {
		e, err := events.Next(b.t.Context())
		if err != nil {
			b.t.Fatal(err)
		}
		c, ok := e.Data.(chat.TurnChange)
		if ok && c.Turn.Role == chat.RoleAssistant && c.Turn.State != chat.StateStreaming {
			detail := calls[control.ConversationDetail](b, "chat.get", control.ConversationPart{Conversation: c.Conversation, First: 1})
			return detail.Turns[0]
		}
	}
}

func TestAnAnswerTellsWhoWasTried(t *testing.T) {
	bill := openBilling(t)
	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, "gatehouse.jsonc"), []byte(settingsOf(bill.URL, `"budgets":{}`)), 0o600); err != nil {
		t.Fatal(err)
	}
	b := openBudgeted(t, home, "")
	sure := chatted(b, "sure")
	if sure.State != chat.StateDone || len(sure.Attempts) < 2 || sure.Attempts[0].Provider != "broken" ||
		sure.Attempts[0].Status != 500 || sure.Attempts[len(sure.Attempts)-1].Provider != "bill" {
		t.Errorf("a fallback: %+v", sure)
	}
	failed := chatted(b, "broken/m")
	if failed.State != chat.StateFailed || len(failed.Attempts) == 0 || failed.Attempts[0].Status != 500 {
		t.Errorf("a failure: %+v", failed)
	}
	for _, turn := range []control.Turn{sure, failed} {
		if r := calls[control.UsageRecord](b, "usage.get", control.UsageRef{ID: turn.Request}); len(r.Attempts) != len(turn.Attempts) {
			t.Errorf("the history has %+v of %+v", r, turn)
		}
	}
}

func TestWhatIsSetForAModelIsKeptInTheSettings(t *testing.T) {
	home := t.TempDir()
	b := openBudgeted(t, home, "")
	set := func(model, system string, temperature *float64) control.ChatDefaults {
		return calls[control.ChatDefaults](b, "chat.setDefaults", control.ChatDefaults{Model: model, System: system, Temperature: temperature})
	}
	if d := set(routing.ActiveModel, " be kind ", new(0.1)); d.System != "be kind" || *d.Temperature != 0.1 {
		t.Errorf("set: %+v", d)
	}
	if d := calls[control.ChatDefaults](b, "chat.defaults", control.ModelChoice{Model: "sim/echo"}); d.System != "be kind" {
		t.Errorf("the active model's are %+v", d)
	}
	if d := set("sim/think", "", nil); d.Temperature != nil {
		t.Errorf("the model's own: %+v", d)
	}
	text, err := os.ReadFile(filepath.Join(home, "gatehouse.jsonc"))
	if err != nil || !strings.Contains(string(text), `"be kind"`) || !strings.Contains(string(text), `"ownTemperature": true`) {
		t.Errorf("%s, %v", text, err)
	}
	set("sim/echo", "", new(chat.Temperature))
	set("sim/think", "", new(chat.Temperature))
	if text, err = os.ReadFile(filepath.Join(home, "gatehouse.jsonc")); err != nil || strings.Contains(string(text), "sim/think") {
		t.Errorf("what is usual is written down: %s, %v", text, err)
	}
}

func TestChatTemperature(t *testing.T) {
	s := settings.Default()
	s.ActiveModel = "a/m"
	s.ModelDefaults = []settings.ModelDefault{{Model: "b/*", Parameters: settings.Parameters{Temperature: new(0.2)}}}
	s.ChatDefaults = map[string]settings.ChatDefault{
		"a/m": {Temperature: new(1.0)}, "b/n": {OwnTemperature: true}, "c/m": {System: "short"},
	}
	for model, want := range map[string]*float64{
		"a/m": new(1.0), routing.ActiveModel: new(1.0), "b/m": new(0.2), "b/n": nil, "c/m": new(0.7), "d/m": new(0.7),
	} {
		got := chatDefaults(s, model).Temperature
		if (got == nil) != (want == nil) || got != nil && *got != *want {
			t.Errorf("%s gets %v", model, got)
		}
	}
}

func TestAModelThatTakesNoTemperatureGetsNone(t *testing.T) {
	bodies := make(chan string, 8)
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/models") {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"object":"list","data":[{"id":"cool","supported_parameters":["tools","max_tokens"]},`+
				`{"id":"warm","supported_parameters":["tools","temperature"]},{"id":"silent"}]}`)
			return
		}
		body, _ := io.ReadAll(r.Body)
		bodies <- string(body)
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, `data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}]}`+
			"\n\ndata: [DONE]\n\n")
	}))
	t.Cleanup(upstream.Close)
	home := t.TempDir()
	text := `{"discoverLocal":false,"hostedList":false,"providers":{"corp":{"type":"openai-compatible","baseURL":"` + upstream.URL + `/v1","local":true}}}`
	if err := os.WriteFile(filepath.Join(home, "gatehouse.jsonc"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	b := openBudgeted(t, home, "")
	calls[control.ModelList](b, "models.refresh", control.Empty{})
	for model, sent := range map[string]bool{"corp/cool": false, "corp/warm": true, "corp/silent": true} {
		if turn := chatted(b, model); turn.State != chat.StateDone {
			t.Fatalf("%s: %+v", model, turn)
		}
		if body := <-bodies; strings.Contains(body, `"temperature":0.7`) != sent {
			t.Errorf("%s was sent %s", model, body)
		}
	}
}
