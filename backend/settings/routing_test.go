package settings

import (
	"fmt"
	"strings"
	"testing"
)

// TestVirtualModelsStandForOthers: a virtual model that stands for itself, be it by way of others, is a mistake with a place.
func TestVirtualModelsStandForOthers(t *testing.T) {
	for _, c := range []struct{ name, text, message, at string }{
		{"itself", `{"virtualModels": {"a": {"model": "a"}}}`, "a stands for itself: a stands for a", "1:35"},
		{"itself by its other name", `{"virtualModels": {"a": {"model": "vmc/a"}}}`, "a stands for a", "1:35"},
		{"a fallback", "{\"virtualModels\": {\"a\": {\"model\": \"sim/echo\",\n\"options\": {\"models\": [\"sim/b\", \"a\"]}}}}", "a stands for itself", "2:33"},
		{"a target", "{\"virtualModels\": {\"a\": {\"targets\": [{\"model\": \"sim/echo\", \"weight\": 1},\n{\"model\": \"a\"}]}}}", "a stands for itself", "2:11"},
		{
			"a chain", "{\"virtualModels\": {\n\"a\": {\"model\": \"b\"},\n\"b\": {\"model\": \"sim/echo\", \"options\": {\"models\": [\"c\"]}},\n\"c\": {\"model\": \"vmc/a\"}}}",
			"a stands for b stands for c stands for a", "2:16",
		},
		{
			"beside the loop", "{\"virtualModels\": {\n\"a\": {\"model\": \"b\"},\n\"b\": {\"targets\": [{\"model\": \"sim/x\"}, {\"model\": \"c\"}]},\n\"c\": {\"model\": \"b\"}}}",
			"b stands for itself: b stands for c stands for b", "3:49",
		},
		{"the active one", `{"activeModel": "a", "virtualModels": {"a": {"model": "gatehouse/active"}}}`, "a stands for a", "1:55"},
		{"none", `{"activeModel": "a", "virtualModels": {"a": {"model": "b"}, "b": {"model": "openai/gpt"}, "c": {"model": "b", "options": {"models": ["a"]}}}}`, "", ""},
		{"one that is archived", `{"virtualModels": {"a": {"model": "b"}, "b": {"model": "a", "archived": true}}}`, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, _ := open(t, c.text)
			p := d.Problem()
			switch {
			case c.message == "" && p != nil:
				t.Errorf("refused: %v", p)
			case c.message == "":
			case p == nil:
				t.Error("no problem was found")
			default:
				if at := fmt.Sprintf("%d:%d", p.Line, p.Column); at != c.at || !strings.Contains(p.Message, c.message) {
					t.Errorf("%s at %s, not %s", p.Message, at, c.at)
				}
			}
		})
	}
}
