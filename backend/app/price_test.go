package app

import (
	"reflect"
	"testing"

	"gatehouse/backend/catalog"
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
