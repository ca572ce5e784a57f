package aisdk

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/carry"
	"gatehouse/backend/protocol/jsonread"
)

// ours is our own key in providerMetadata and providerOptions.
const ours = "gatehouse"

// providerOptions reads the options that are meant for the model: those of its creator, and those of hosts that serve
// models of many. The options of a model that only an alias names are all meant for it.
func (d *decoder) providerOptions(v jsonread.Value) error {
	if !v.IsObject() {
		return bad("providerOptions", "must be an object")
	}
	if g := v.Get("gateway"); g.IsObject() {
		d.call.Gateway = json.RawMessage(g.Raw())
	}
	reasoned := d.call.Request.Reasoning
	d.call.Request.Reasoning = nil
	for _, rung := range vendorOptions {
		vendor, name, _ := strings.Cut(rung.Field, ".")
		if !d.meant(vendor) {
			continue
		}
		if option := v.Get(vendor).Get(name); option.Exists() && option.Type() != jsonread.Null {
			if err := rung.read(d, option); err != nil {
				return err
			}
		}
	}
	if own := d.call.Request.Reasoning; own == nil {
		d.call.Request.Reasoning = reasoned
	} else if reasoned != nil && !decided(own) {
		own.Effort = reasoned.Effort
	}
	for vendor, options := range v.ForEach {
		if vendor.Str() == "gateway" || !d.meant(vendor.Str()) {
			continue
		}
		for name, option := range options.ForEach {
			field := vendor.Str() + "." + name.Str()
			if !slices.ContainsFunc(vendorOptions, func(r Rung) bool { return r.Field == field }) {
				d.keep("providerOptions."+field, option)
			}
		}
	}
	return nil
}

// creators have options of their own; the other vendors host models of several creators.
var creators = []string{
	"openai", "anthropic", "google", "xai", "deepseek", "mistral", "moonshotai", "cohere", "perplexity",
}

func (d *decoder) meant(vendor string) bool {
	return vendor == d.creator || !slices.Contains(creators, vendor) || !slices.Contains(creators, d.creator)
}

// thinks gives the reasoning settings to fill in.
func (d *decoder) thinks() *llm.ReasoningConfig {
	if d.call.Request.Reasoning == nil {
		d.call.Request.Reasoning = &llm.ReasoningConfig{}
	}
	return d.call.Request.Reasoning
}

// decided tells that something says how much to think.
func decided(r *llm.ReasoningConfig) bool { return r.Effort != "" || r.Budget != nil || r.Adaptive }

// decide gives the settings to fill in, nil with a notice where an earlier rung said how much to think.
func (d *decoder) decide() *llm.ReasoningConfig {
	r := d.thinks()
	if decided(r) {
		d.notice("providerOptions", "they say more than once how much to think; the first counts")
		return nil
	}
	return r
}

// efforts are the words for efforts (llm.ReasoningConfig).
var efforts = []string{"none", "minimal", "low", "medium", "high", "xhigh", "max"}

// reasoning reads the call's own setting, which only version 4 has.
func (d *decoder) reasoning(v jsonread.Value) error {
	switch {
	case v.Str() == "provider-default":
	case slices.Contains(efforts, v.Str()):
		d.thinks().Effort = v.Str()
	default:
		return badf("reasoning must be provider-default or one of %s, not %.40s",
			strings.Join(efforts, ", "), v.Raw())
	}
	return nil
}

func (d *decoder) effort(v jsonread.Value) error { return d.effortOf(v.String()) }

func (d *decoder) effortOf(word string) error {
	if !slices.Contains(efforts, word) {
		d.notice("reasoningEffort", "the effort "+word+" is not known and was left out")
		return nil
	}
	if r := d.thinks(); r.Adaptive && r.Effort == "" {
		r.Effort = word // Anthropic's adaptive thinking has an effort beside it
	} else if r := d.decide(); r != nil {
		r.Effort = word
	}
	return nil
}

func (d *decoder) summary(v jsonread.Value) error {
	d.thinks().Summary = v.String()
	return nil
}

func (d *decoder) metadata(v jsonread.Value) error {
	if v.IsObject() {
		d.call.Request.Metadata = json.RawMessage(v.Raw())
	}
	return nil
}

func (d *decoder) parallel(v jsonread.Value) error {
	d.forbidParallel = d.forbidParallel || v.Type() == jsonread.False
	return nil
}

func (d *decoder) noParallel(v jsonread.Value) error {
	d.forbidParallel = d.forbidParallel || v.Type() == jsonread.True
	return nil
}

func (d *decoder) strict(v jsonread.Value) error {
	if v.IsBool() {
		d.strictSchema = new(v.Bool())
	}
	return nil
}

// thinking reads {type: enabled|disabled|adaptive, budgetTokens?}.
func (d *decoder) thinking(v jsonread.Value) error {
	kind, budget := v.Get("type").String(), v.Get("budgetTokens")
	if kind != "disabled" && kind != "adaptive" && kind != "enabled" {
		return badf("thinking.type must be enabled, adaptive or disabled, not %q", kind)
	}
	r := d.decide()
	switch {
	case r == nil:
	case kind == "disabled":
		r.Effort = "none"
	case kind == "enabled" && budget.Type() == jsonread.Number:
		r.Budget = new(budget.Int())
	default:
		r.Adaptive = true
	}
	return nil
}

// thinkingConfig reads {thinkingBudget?, thinkingLevel?, includeThoughts?}; a budget of -1 lets the model decide.
func (d *decoder) thinkingConfig(v jsonread.Value) error {
	if v.Get("includeThoughts").Bool() {
		d.thinks().Summary = "auto"
	}
	if level := v.Get("thinkingLevel"); level.Type() == jsonread.String {
		return d.effortOf(strings.ToLower(level.Str()))
	}
	budget := v.Get("thinkingBudget")
	if budget.Type() != jsonread.Number {
		return nil
	}
	if r := d.decide(); r != nil {
		switch n := budget.Int(); {
		case n < 0:
			r.Adaptive = true
		case n == 0:
			r.Effort = "none"
		default:
			r.Budget = &n
		}
	}
	return nil
}

func (d *decoder) cacheAll(v jsonread.Value) error {
	messages := d.call.Request.Messages
	if m := cacheMark(v); m != nil && len(messages) > 0 {
		markLast(messages[len(messages)-1].Parts, m)
	}
	return nil
}

// cacheMark reads Anthropic's {type: ephemeral, ttl?}.
func cacheMark(v jsonread.Value) *llm.CacheMark {
	if v.Get("type").String() != "ephemeral" {
		return nil
	}
	return &llm.CacheMark{TTL: v.Get("ttl").String()}
}

// markLast puts a mark on the last part that can bear one, unless it has one.
func markLast(parts []llm.Part, m *llm.CacheMark) {
	for i, p := range slices.Backward(parts) {
		switch p := p.(type) {
		case llm.Text:
			p.Cache = cmp.Or(p.Cache, m)
			parts[i] = p
		case llm.Media:
			p.Cache = cmp.Or(p.Cache, m)
			parts[i] = p
		case llm.ToolCall:
			p.Cache = cmp.Or(p.Cache, m)
			parts[i] = p
		case llm.ToolResult:
			p.Cache = cmp.Or(p.Cache, m)
			parts[i] = p
		default:
			continue
		}
		return
	}
}

// partOption is what the options on a message, a part or a tool say.
type partOption struct {
	cache     *llm.CacheMark
	signature string
	opaque    json.RawMessage
	origin    llm.Origin
	detail    string
}

// options reads the providerOptions of a message, part or tool; field is where it stands.
func (d *decoder) options(field string, options jsonread.Value) partOption {
	var out partOption
	if !options.IsObject() {
		return out
	}
	d.carried(options.Get(ours), &out)
	anthropic := options.Get("anthropic")
	out.cache = cacheMark(anthropic.Get("cacheControl"))
	out.detail = options.Get("openai.imageDetail").String()
	if out.signature == "" && out.opaque == nil {
		foreign(options, &out)
	}
	for vendor, members := range options.ForEach {
		if vendor.Str() == "gateway" {
			continue
		}
		for name := range members.ForEach {
			full := vendor.Str() + "." + name.Str()
			if !slices.ContainsFunc(partOptions, func(r Rung) bool { return r.Field == full }) {
				d.notice(field, "the provider option "+full+" was left out")
			}
		}
	}
	return out
}

// carried reads what we gave out ourselves.
func (d *decoder) carried(own jsonread.Value, out *partOption) {
	for name, v := range own.ForEach {
		if v.Type() != jsonread.String {
			continue
		}
		origin, kind, payload, ok := carry.Unpack(v.Str())
		switch {
		case !ok:
			d.notice("prompt", "reasoning that was carried in a damaged form was left out")
		case name.Str() == "signature" && (kind == carry.Signature || kind == carry.Call):
			out.signature, out.origin = string(payload), origin
		case name.Str() == "signature" && kind == carry.Plain:
			out.origin = origin
		case name.Str() == "opaque" && kind == carry.Opaque && jsonread.Valid(payload):
			out.opaque, out.origin = payload, origin
		}
	}
}

// foreign reads what another gateway or a provider's own package gave out; who issued it stays unknown.
func foreign(options jsonread.Value, out *partOption) {
	if s := options.Get("anthropic.signature"); s.Type() == jsonread.String {
		out.signature = s.Str()
	}
	for _, vendor := range []string{"google", "vertex"} {
		if s := options.Get(vendor).Get("thoughtSignature"); s.Type() == jsonread.String {
			out.signature = s.Str()
		}
	}
	if s := options.Get("anthropic.redactedData"); s.Type() == jsonread.String {
		out.opaque = json.RawMessage(`{"type":"redacted_thinking","data":` + s.Raw() + `}`)
	}
	if o := options.Get("openai"); o.Get("reasoningEncryptedContent").Type() == jsonread.String {
		out.opaque = json.RawMessage(o.Raw())
	}
}
