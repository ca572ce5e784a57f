package proxy

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

var shapeRegressions = []regression{
	{14, "BerriAI/litellm#26167", func(t *testing.T) {
		o, all := standIns(t)
		d := openDoor(t, o)
		for _, id := range []string{"strict-chat", "anthropic"} {
			text := d.good(t, "/v1/responses", `{"model":"`+modelOf(id)+`","stream":true,"input":"the first words"}`)
			var created, completed string
			for _, e := range events(text) {
				switch e.Get("type").String() {
				case "response.created":
					created = e.Get("response.id").String()
				case "response.completed":
					completed = e.Get("response.id").String()
				}
			}
			if created == "" || created != completed {
				t.Errorf("%s: created %q, completed %q", id, created, completed)
			}
			d.good(t, "/v1/responses", `{"model":"`+modelOf(id)+`","previous_response_id":"`+completed+`","input":"and then"}`)
			holds(t, string(all[id].Last().Body), "the first words", "café", "and then")
		}
		resp, text := d.post("/v1/responses", `{"model":"strict-chat/local-1","previous_response_id":"resp_unknown","input":"and then"}`)
		if resp.StatusCode != http.StatusBadRequest && resp.StatusCode != http.StatusNotFound || gjson.Get(text, "error.code").String() != "previous_response_not_found" {
			t.Errorf("%d %s", resp.StatusCode, text)
		}
	}},
	{54, "exo-explore/exo#2091", func(t *testing.T) {
		d := openDoor(t, simulators(t))
		key := header("Authorization", "Bearer "+d.token)
		resp, text := d.ask(http.MethodGet, "/api/version", key)
		if v := gjson.Get(text, "version").String(); resp.StatusCode != http.StatusOK || strings.Trim(v, "0123456789.") != "" || strings.Count(v, ".") != 2 {
			t.Errorf("version: %d %s", resp.StatusCode, text)
		}
		resp, text = d.ask(http.MethodGet, "/api/tags", key)
		model := gjson.Get(text, "models.0.model").String()
		if resp.StatusCode != http.StatusOK || model == "" || gjson.Get(text, "models.0.name").String() == "" {
			t.Fatalf("tags: %d %.600s", resp.StatusCode, text)
		}
		show := gjson.Parse(d.good(t, "/api/show", `{"model":`+quoted(model)+`}`))
		arch := show.Get(`model_info.general\.architecture`).String()
		if arch == "" || !show.Get(`model_info.`+arch+`\.context_length`).Exists() || !strings.Contains(show.Get("capabilities").Raw, `"tools"`) {
			t.Errorf("show: %.800s", show.Raw)
		}
	}},
}
