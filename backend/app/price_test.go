package app

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"gatehouse/backend/catalog"
	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/settings"
)

// Every price that settings have a place for arrives where requests are billed.
func TestEveryPriceOfSettingsCounts(t *testing.T) {
	var p settings.Pricing
	fill(reflect.ValueOf(&p).Elem())
	got := priceOf(&p)
	got.Source, got.Version = catalog.FromUser, "x" // are not the user's to say
	if name := empty(reflect.ValueOf(got), "price"); name != "" {
		t.Errorf("%s is empty: %+v", name, got)
	}
	for _, v := range []catalog.Variant{got.Services["x"], got.Regions["x"], got.Hours[0].Variant} {
		if name := empty(reflect.ValueOf(v), "variant"); name != "" {
			t.Errorf("%s is empty: %+v", name, v)
		}
	}
	if *got.Input != 3 || got.Long[0].From != 2 || *got.Long[0].OutputImage != 3 || got.Discount != 1_500_000 || got.Hours[0].From != 1 {
		t.Errorf("%+v", got)
	}
}

// fill puts something into every field.
func fill(v reflect.Value) {
	switch v.Interface().(type) {
	case settings.Price:
		v.SetInt(3)
		return
	case settings.Multiplier:
		v.SetInt(1_500_000)
		return
	case []settings.Tier:
		v.Set(reflect.ValueOf([]settings.Tier{{Cost: 3}, {Cost: 3, Min: 2}}))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	case reflect.Map:
		element := reflect.New(v.Type().Elem()).Elem()
		fill(element)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("x"), element)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	default:
		v.SetInt(v.Int() + 1)
	}
}

// empty gives the name of a field that is zero.
func empty(v reflect.Value, name string) string {
	if v.Kind() != reflect.Struct {
		if v.IsZero() {
			return name
		}
		return ""
	}
	for i := range v.NumField() {
		if at := empty(v.Field(i), name+"."+v.Type().Field(i).Name); at != "" {
			return at
		}
	}
	return ""
}

// A batch costs what is said of batches: by whoever says it of the model, or else by its provider; and is of unknown cost
// where nobody does.
func TestPriceOfBatches(t *testing.T) {
	in, out := catalog.PicoUSD(2_000_000), catalog.PicoUSD(8_000_000)
	usual := catalog.Price{Rates: catalog.Rates{Input: &in, Output: &out}}
	said := usual
	said.Services = map[string]catalog.Variant{"batch": {Multiplier: 250_000}, "flex": {Multiplier: 500_000}}
	models := catalog.New([]catalog.Model{
		{ID: "openai/usual", Provider: "openai", Price: &usual},
		{ID: "openai/said", Provider: "openai", Price: &said},
		{ID: "groq/usual", Provider: "groq", Price: &usual},
		{ID: "mistral/usual", Provider: "mistral", Price: &usual},
	}, nil)
	p := pricer{func() *catalog.Catalog { return models }, time.Now}
	for model, want := range map[string]int64{"openai/usual": 30_000_000, "openai/said": 15_000_000, "groq/usual": 30_000_000, "mistral/usual": -1} {
		id, _, _ := strings.Cut(model, "/")
		cost, known := p.Cost(id, model, llm.Usage{Input: llm.Tokens(10), Output: llm.Tokens(5), Tier: gateway.BatchTier})
		if known != (want >= 0) || known && cost != want {
			t.Errorf("%s costs %d, %v", model, cost, known)
		}
		if cost, known := p.Cost(id, model, llm.Usage{Input: llm.Tokens(10), Output: llm.Tokens(5)}); !known || cost != 60_000_000 {
			t.Errorf("%s costs %d without a batch", model, cost)
		}
	}
	if len(said.Services) != 2 || usual.Services != nil {
		t.Error("a price was changed")
	}
}
