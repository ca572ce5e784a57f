package export

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
)

// table writes rows in one of the formats. close writes what belongs after the last one; without it, it is no whole table.
type table[R any] interface {
	write(rows []R) error
	close() error
}

func newTable[R any](w io.Writer, f Format) table[R] {
	switch f {
	case CSV:
		return &csvTable[R]{out: csv.NewWriter(w)}
	case JSON:
		return &jsonTable[R]{out: bufio.NewWriter(w)}
	}
	// What is held until it is written is a row group.
	return &parquetTable[R]{parquet.NewGenericWriter[R](w, parquet.Compression(&parquet.Snappy), parquet.MaxRowsPerRowGroup(20*pageSize),
		parquet.CreatedBy("Gatehouse", "", ""))}
}

type parquetTable[R any] struct{ out *parquet.GenericWriter[R] }

func (t *parquetTable[R]) write(rows []R) error {
	_, err := t.out.Write(rows)
	return err
}

func (t *parquetTable[R]) close() error { return t.out.Close() }

type jsonTable[R any] struct {
	out   *bufio.Writer
	begun bool
}

func (t *jsonTable[R]) write(rows []R) error {
	for i := range rows {
		text, err := json.Marshal(&rows[i])
		if err != nil {
			return err
		}
		_, _ = t.out.WriteString(t.before()) // its error stays, and is the next one's
		if _, err := t.out.Write(text); err != nil {
			return err
		}
	}
	return t.out.Flush()
}

func (t *jsonTable[R]) before() string {
	if t.begun {
		return ",\n"
	}
	t.begun = true
	return "[\n"
}

func (t *jsonTable[R]) close() error {
	end := "\n]\n"
	if !t.begun {
		end = "[]\n"
	}
	_, _ = t.out.WriteString(end) // its error stays, and is Flush's
	return t.out.Flush()
}

type csvTable[R any] struct {
	out   *csv.Writer
	begun bool
	cells []string
}

func (t *csvTable[R]) write(rows []R) error {
	if err := t.head(); err != nil {
		return err
	}
	for i := range rows {
		t.cells = t.cells[:0]
		row := reflect.ValueOf(&rows[i]).Elem()
		for column := range row.NumField() {
			t.cells = append(t.cells, cell(row.Field(column)))
		}
		if err := t.out.Write(t.cells); err != nil {
			return err
		}
	}
	t.out.Flush()
	return t.out.Error()
}

func (t *csvTable[R]) head() error {
	if t.begun {
		return nil
	}
	t.begun = true
	var names []string
	row := reflect.TypeFor[R]()
	for column := range row.NumField() {
		names = append(names, row.Field(column).Tag.Get("json"))
	}
	return t.out.Write(names)
}

func (t *csvTable[R]) close() error {
	if err := t.head(); err != nil {
		return err
	}
	t.out.Flush()
	return t.out.Error()
}

// cell writes a value: a list as a JSON array, nothing where it is empty.
func cell(v reflect.Value) string {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return ""
		}
		if v.Elem().Kind() == reflect.String { // an amount
			return v.Elem().String()
		}
		v = v.Elem()
	}
	switch value := v.Interface().(type) {
	case string:
		return safe(value)
	case time.Time:
		return value.Format(time.RFC3339Nano)
	case int64:
		return strconv.FormatInt(value, 10)
	case bool:
		return strconv.FormatBool(value)
	case float64:
		return strconv.FormatFloat(value, 'f', -1, 64)
	case []string:
		if len(value) == 0 {
			return ""
		}
		text, _ := json.Marshal(value) // of texts, it can't fail
		return string(text)
	}
	panic(fmt.Sprintf("export: a column of type %s", v.Type()))
}

// safe keeps a spreadsheet from reading a text as a formula: some of them come from clients and upstreams (OWASP, "CSV
// Injection"). The other formats hold texts as they are.
func safe(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}
