package reports

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// AppendCounts appends counts as bytes: numbers, texts, histograms, and structs, arrays,
// slices, maps and pointers of these. Equal counts give equal bytes. Fields with the tag
// `bytes:"-"` are left out. v must be a pointer.
func AppendCounts(b []byte, v any) []byte {
	w := writer{b: b, fields: map[reflect.Type][]int{}}
	w.value(reflect.ValueOf(v).Elem())
	return w.b
}

// ReadCounts reads what [AppendCounts] wrote into v, which must be a pointer to nothing
// yet. The bytes may be hostile: what is read takes at most about the given bytes of memory.
func ReadCounts(b []byte, memory int64, v any) (err error) {
	r := reader{b: b, memory: memory, fields: map[reflect.Type][]int{}}
	defer func() {
		switch bad := recover().(type) {
		case nil:
		case refusal:
			err = fmt.Errorf("read counts: byte %d of %d: %w", len(b)-len(r.b), len(b), bad.error)
		default:
			panic(bad)
		}
	}()
	r.value(reflect.ValueOf(v).Elem())
	if len(r.b) > 0 {
		r.refuse("%d bytes are left", len(r.b))
	}
	return nil
}

// fieldsOf are the fields of a struct that are written.
func fieldsOf(known map[reflect.Type][]int, t reflect.Type) []int {
	all, ok := known[t]
	if !ok {
		for i := range t.NumField() {
			if t.Field(i).Tag.Get("bytes") != "-" {
				all = append(all, i)
			}
		}
		known[t] = all
	}
	return all
}

type writer struct {
	b      []byte
	fields map[reflect.Type][]int
}

func (w *writer) uint(n uint64) { w.b = binary.AppendUvarint(w.b, n) }
func (w *writer) int(n int64)   { w.b = binary.AppendVarint(w.b, n) }

func (w *writer) value(v reflect.Value) {
	switch v.Kind() {
	case reflect.Bool:
		w.b = append(w.b, b2i(v.Bool()))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		w.int(v.Int())
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		w.uint(v.Uint())
	case reflect.String:
		w.uint(uint64(v.Len()))
		w.b = append(w.b, v.String()...)
	case reflect.Struct:
		if h, ok := v.Addr().Interface().(*Histogram); ok {
			w.histogram(h)
			return
		}
		for _, i := range fieldsOf(w.fields, v.Type()) {
			w.value(v.Field(i))
		}
	case reflect.Array:
		for i := range v.Len() {
			w.value(v.Index(i))
		}
	case reflect.Slice:
		w.uint(uint64(v.Len()))
		for i := range v.Len() {
			w.value(v.Index(i))
		}
	case reflect.Pointer:
		w.b = append(w.b, b2i(!v.IsNil()))
		if !v.IsNil() {
			w.value(v.Elem())
		}
	case reflect.Map:
		w.entries(v)
	default:
		panic("write counts: a field is a " + v.Type().String() + " (want numbers, texts, histograms, or structs, arrays, slices, maps and pointers of these)")
	}
}

// entries writes a map in the order of its keys' bytes.
func (w *writer) entries(v reflect.Value) {
	all := make(map[string][]byte, v.Len())
	key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
	for each := v.MapRange(); each.Next(); {
		key.SetIterKey(each)
		value.SetIterValue(each)
		k, e := writer{fields: w.fields}, writer{fields: w.fields}
		k.value(key)
		e.value(value)
		all[string(k.b)] = e.b
	}
	w.uint(uint64(len(all)))
	for _, k := range slices.Sorted(maps.Keys(all)) {
		w.b = append(append(w.b, k...), all[k]...)
	}
}

func b2i(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// What stands before a histogram.
const (
	noValues   = 0
	fineValues = 1
	fewDigits  = 2
)

// mostValues is how many values a histogram may have that is read, so that the counts of
// many can be added up.
const mostValues = 1 << 44

// histogram writes extremes, sum, and the counts of the buckets that have any, each by
// its distance from the one before.
func (w *writer) histogram(h *Histogram) {
	switch {
	case h.n == 0:
		w.b = append(w.b, noValues)
		return
	case h.coarse:
		w.b = append(w.b, fewDigits)
	default:
		w.b = append(w.b, fineValues)
	}
	w.uint(uint64(h.min))
	w.uint(uint64(h.max))
	w.int(h.sum)
	counts, n := h.whole(), uint64(0)
	for range counts.ForEachBucket {
		n++
	}
	w.uint(n)
	last := int64(0)
	for value, count := range counts.ForEachBucket {
		w.uint(uint64(value - last))
		w.uint(uint64(count))
		last = value
	}
}

// reader reads bytes that may be hostile. Whatever is wrong ends it with a refusal.
type reader struct {
	b      []byte
	memory int64 // that may still be taken
	fields map[reflect.Type][]int
}

type refusal struct{ error }

func (r *reader) refuse(format string, args ...any) { panic(refusal{fmt.Errorf(format, args...)}) }

var errEnd = errors.New("the bytes end too early")

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		panic(refusal{errEnd})
	}
	c := r.b[0]
	r.b = r.b[1:]
	return c
}

func (r *reader) bool() bool {
	c := r.byte()
	if c > 1 {
		r.refuse("a flag is %d (want 0 or 1)", c)
	}
	return c == 1
}

func (r *reader) uint() uint64 {
	n, size := binary.Uvarint(r.b)
	if size <= 0 {
		panic(refusal{errEnd})
	}
	r.b = r.b[size:]
	return n
}

func (r *reader) int() int64 {
	n, size := binary.Varint(r.b)
	if size <= 0 {
		panic(refusal{errEnd})
	}
	r.b = r.b[size:]
	return n
}

// take notes that n things of a size are about to be made.
func (r *reader) take(n int, size uintptr) {
	if r.memory -= int64(n) * int64(size); r.memory < 0 {
		r.refuse("it takes too much memory")
	}
}

// count reads how many things follow. Each is a byte at least.
func (r *reader) count() int {
	n := r.uint()
	if n > uint64(len(r.b)) {
		r.refuse("%d things are said to follow in %d bytes", n, len(r.b))
	}
	return int(n)
}

func (r *reader) value(v reflect.Value) {
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(r.bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n := r.int()
		if v.OverflowInt(n) {
			r.refuse("%d does not fit into %v", n, v.Type())
		}
		v.SetInt(n)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n := r.uint()
		if v.OverflowUint(n) {
			r.refuse("%d does not fit into %v", n, v.Type())
		}
		v.SetUint(n)
	case reflect.String:
		n := r.count()
		r.take(n, 1)
		v.SetString(string(r.b[:n]))
		r.b = r.b[n:]
	case reflect.Struct:
		if h, ok := v.Addr().Interface().(*Histogram); ok {
			r.histogram(h)
			return
		}
		for _, i := range fieldsOf(r.fields, v.Type()) {
			r.value(v.Field(i))
		}
	case reflect.Array:
		for i := range v.Len() {
			r.value(v.Index(i))
		}
	case reflect.Slice:
		n := r.count()
		if n == 0 {
			return
		}
		r.take(n, v.Type().Elem().Size())
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			r.value(v.Index(i))
		}
	case reflect.Pointer:
		if !r.bool() {
			return
		}
		r.take(1, v.Type().Elem().Size())
		v.Set(reflect.New(v.Type().Elem()))
		r.value(v.Elem())
	case reflect.Map:
		r.entries(v)
	default:
		panic("read counts: a field is a " + v.Type().String())
	}
}

func (r *reader) entries(v reflect.Value) {
	n := r.count()
	t := v.Type()
	if t == reflect.TypeFor[map[string]int64]() {
		switch {
		case n == 0:
			return // [Count] makes it when it is needed
		case n > maxNames+1:
			r.refuse("%d names are counted (want at most %d)", n, maxNames+1)
		}
	}
	const overhead = 32
	r.take(n, t.Key().Size()+t.Elem().Size()+overhead)
	v.Set(reflect.MakeMap(t))
	var last []byte
	for i := range n {
		key, value := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
		before := r.b
		r.value(key)
		bytesOf := before[:len(before)-len(r.b)]
		if i > 0 && bytes.Compare(bytesOf, last) <= 0 {
			r.refuse("names or keys are not in order")
		}
		last = bytesOf
		r.value(value)
		if value.Kind() == reflect.Pointer && value.IsNil() {
			r.refuse("an entry is empty")
		}
		v.SetMapIndex(key, value)
	}
}

func (r *reader) histogram(h *Histogram) {
	kind := r.byte()
	switch kind {
	case noValues:
		return
	case fineValues, fewDigits:
	default:
		r.refuse("a histogram is of kind %d (want 0 to 2)", kind)
	}
	const size, sizeOfBucket = 512, 16
	r.take(1, size)
	*h = Histogram{coarse: kind == fewDigits}
	least, most := r.uint(), r.uint()
	if least > most || most > largestValue {
		r.refuse("a histogram is from %d to %d (want at most %d)", least, most, int64(largestValue))
	}
	h.min, h.max, h.sum = int64(least), int64(most), r.int()
	n := r.count()
	if n == 0 {
		r.refuse("a histogram has no values")
	}
	r.take(n, sizeOfBucket)
	counts, value := h.newCounts(), uint64(0)
	for range n {
		more, count := r.uint(), r.uint()
		if value += more; more > largestValue || value > largestValue || count == 0 || count > mostValues-uint64(h.n) {
			r.refuse("a histogram counts %d values at %d", count, value)
		}
		if err := counts.RecordValues(int64(value), int64(count)); err != nil {
			r.refuse("a histogram: %w", err)
		}
		h.n += int64(count)
	}
	h.counts = counts
}
