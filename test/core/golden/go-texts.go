// Prints go-texts.json: what Go's own library makes of inputs that our ground imitates.
// Run: go run go-texts.go > go-texts.json
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

type answer struct {
	In  string `json:"in"`
	Out string `json:"out"`
	Err string `json:"err,omitempty"`
}

func each(inputs []string, run func(string) (string, error)) []answer {
	answers := []answer{}
	for _, in := range inputs {
		out, err := run(in)
		a := answer{In: in, Out: out}
		if err != nil {
			a.Out, a.Err = "", err.Error()
		}
		answers = append(answers, a)
	}
	return answers
}

func decode(in string) (string, error) {
	decoder := json.NewDecoder(strings.NewReader(in))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return "", err
	}
	out, err := json.Marshal(value)
	return string(out), err
}

var texts = []string{
	"", "plain", "with \"quotes\" and \\ and 'single'", "tab\tnewline\nreturn\rbell\abell",
	"\x00\x01\x1f\x7f", "\b\f\v", "ümläut", "日本語", "🐎", "no\u00a0break", "zero\u200bwidth",
	"line\u2028par\u2029", "<a href='x'>&amp;</a>", "\ufeffbom", "\ufffd", "\u0085", "\U000e0001",
	"a\u0300", "\u2003em", "€", "\u00ad", "\u061c",
}

var jsons = []string{
	"", " ", "\n\t\r ", "{", "[", "\"", "{}", "[]", "null", "true", "false", "0", "-0", "12", "-12.5e+3",
	"1e5", "1E-7", "18446744073709551615", "9007199254740993", "nul", "nulx", "tru", "trux", "falsy", "x", "'",
	"-", "-x", "-\"", "01", "[01]", "1.", "1.x", "[1.]", "1e", "1ex", "[1e]", "1e+", "1e+x", "[-]", "+1", ".5", "[.5]",
	"[1,]", "[,1]", "[1 2]", "[1", "[1,", "[1}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\":1 \"b\"}",
	"{a:1}", "{1:1}", "{,}", "{\"a\" 1}", "{\"a\":1", "{\"a\"", "{\"a\":1]", "[\"a\":1]", "{'a':1}",
	"\"a", "\"\\", "\"\\x\"", "\"\\u\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\u00e4\"", "\"\\ud83d\\udc0e\"",
	"\"\\ud83d\"", "\"\\udc0e\\ud83d\"", "\"\\ud83dx\"", "\"\\b\\f\\n\\r\\t\\/\\\\\\\"\"", "\"\\'\"", "\"\\U0041\"",
	"\"a\nb\"", "\"a\tb\"", "\"a\x00b\"", "\"a\x7fb\"", "\"\\\n\"", "ü", "[ü]", "{ü:1}", "🐎", "\"ü🐎\"", "\u00a0", "\ufeff{}",
	"{} trailing", "[] ]", "1 2", "1a", "\"a\"b", "null,", "{\"a\":{\"a\":[1,{\"b\":null}]}}",
	"{\"a\":1,\"a\":2}", "{\"__proto__\":1}", "[\"<&>\u2028\u2029\"]", "[true,false,null,1.0,1e2]", "\v1", "/* c */1", "[1]\x00",
}

var base64s = []string{
	"", "A", "AA", "AAA", "AAAA", "AAAAA", "AAAAAA", "AAAAAAA", "AA==", "AAA=", "AA=", "A===", "A=", "=", "==", "====",
	"AAAA=", "AAAA==", "AA==AA==", "AAA=A", "AA=A", "AA==A", "AAA==", "AA===", "not base64!", "a-_b", "AA AA", "AAA\nA",
	"A\r\nA\n=\n=\n", "AA=\n=", "AA==\n", "AA==\nA", "AAA=\n\n", "\n", "\r\n\r\n", "A\n", "AA\n", "AAA\n", "AAAA\nA", "AAAA\nAA\n",
	"AA\n=", "ü", "AAAü", "//+/", "/w==", "zM8=", "QUJD", "QQ==", "QUI=", "QR==", "QUJ=", "AAAA\n=", "AA=\n", "AA=\nA",
}

var uints = []string{
	"", "0", "7", "007", "+7", "-1", "1.5", "0x10", "1e3", " 1", "1 ", "1_000", "abc", "9007199254740991", "9007199254740992",
	"9007199254740993", "18446744073709551615", "18446744073709551616", "99999999999999999999", "000000000000000000000000000012",
	"100000000000000000000000000000000000000000", "\u0663", "1\n", "\"", "ü", "\u00a0", "a\tb",
}

var durations = []string{
	"", "0", "-0", "+0", "0s", "-0s", "1s", "-1s", "+1s", "1.5s", "1h2m3.5s", "300ms", "1us", "1µs", "1μs", "1ns", "100h", "1.s",
	".5s", ".s", "s", ".", "1", "1.5", "1x", "1 s", " 1s", "1s ", "1h-1m", "--1s", "+-1s", "4.35s", "1.1s", "0.1ns", "1.9ns",
	"0.3333333333333333333h", "9223372036854775807ns", "9223372036854775808ns", "-9223372036854775808ns", "9223372036854775809ns",
	"2562047h47m16.854775807s", "2562048h", "1e3s", "1d", "1S", "10m10m", "1ms1us1ns", "1.2.3s", "99999999999999999999s", "0.000000001s",
	"1h\n", "ü", "１s", "3h0.5m",
}

var nanos = []int64{
	0, 1, -1, 999, 1000, 1001, 1500, 999999, 1000000, 1500000, 15000000, 999999999, 1000000000, 1500000000, 59999999999,
	60000000000, 90000000000, 3599999999999, 3600000000000, 3661000000000, 86400000000000, 5400500000000, -1500000, -90000000000,
	1000000001, 61000000001, 123456789, 9007199254740991,
}

var queries = []string{
	"", "a", "a=", "a=1", "=1", "=", "&", "&&a", "a=1&b=2", "b=2&a=1", "a=1&a=2", "a=2&b=1&a=1", "a+b=c+d", "a%20b=c%2Bd", "a=%", "a=%2",
	"a=%zz", "%=1", "a;b", "a=1;b=2", "a=b=c", "a=!'()*~-_.", "a=%C3%BC&%C3%BC=1", "a=/?:@", "a=%00%0A", "a=%26%3D", "recurse&keys&separator=/",
	"a=<>\"", "Z=1&a=2&B=3", "a=%e4%b8%96", "a[0]=1", "a=1&&b=2&",
}

func main() {
	out := map[string]any{
		"json": each(jsons, decode),
		"text": each(texts, func(in string) (string, error) {
			b, err := json.Marshal(in)
			return string(b), err
		}),
		"quote": each(texts, func(in string) (string, error) { return strconv.Quote(in), nil }),
		"base64": each(base64s, func(in string) (string, error) {
			b, err := base64.StdEncoding.DecodeString(in)
			return hex.EncodeToString(b), err
		}),
		"uint": each(uints, func(in string) (string, error) {
			n, err := strconv.ParseUint(in, 10, 64)
			return strconv.FormatUint(n, 10), err
		}),
		"duration": each(durations, func(in string) (string, error) {
			d, err := time.ParseDuration(in)
			return strconv.FormatInt(int64(d), 10), err
		}),
		"query": each(queries, func(in string) (string, error) {
			v, err := url.ParseQuery(in)
			return v.Encode(), err
		}),
	}
	shown := []answer{}
	for _, n := range nanos {
		shown = append(shown, answer{In: strconv.FormatInt(n, 10), Out: time.Duration(n).String()})
	}
	out["shown"] = shown
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(out); err != nil {
		panic(err)
	}
	os.Stdout.Write(buffer.Bytes())
}
