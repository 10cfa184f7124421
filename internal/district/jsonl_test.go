package district

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestRulesOfJSONL(t *testing.T) {
	const names = "student, grade, school, region, age, slots, credentials, latitude, longitude, max_km, groups, interests"
	jsonl := func(file string, lines ...string) files {
		return files{file + ".csv": "", file + ".jsonl": strings.Join(lines, "\n")}
	}
	for _, tt := range []ruleTest{
		{
			name: "what may be said in several ways",
			files: jsonl("students",
				"\ufeff"+`{"student":"s1","grade":9,"age":"15","slots":[1,"b",""],"interests":["cad","robotics"],"max_km":1e1,"region":null}`,
				`  `,
				`{"student":2,"age":15,"interests":{"cad":"0.5","robots":1},"groups":["school=a=b"],"max_km":"10","latitude":-0.5,"longitude":0}`,
				``),
		},
		{
			name: "rows that are no objects",
			files: jsonl("students", `{"student":"s1"`, `[]`, `"s1"`, `{"student":"s1"} {}`, `{'student':'s1'}`, `{"student":"s1","age":NaN}`,
				`null`, `{"student":"s1","age":01}`),
			errors: `students.jsonl:1: row: must be one JSON object on one line
				students.jsonl:2: row: must be one JSON object on one line
				students.jsonl:3: row: must be one JSON object on one line
				students.jsonl:4: row: must be one JSON object on one line
				students.jsonl:5: row: must be one JSON object on one line
				students.jsonl:6: row: must be one JSON object on one line
				students.jsonl:7: row: must be one JSON object on one line
				students.jsonl:8: row: must be one JSON object on one line`,
		},
		{
			name: "values of another type",
			files: jsonl("students",
				`{"student":"s1","grade":true,"school":[],"region":{},"age":[15],"slots":"a;b","credentials":{"a":1},"max_km":true,"interests":"cad","latitude":false,"longitude":[1]}`,
				`{"student":"s2","slots":["a",["b"],{}],"groups":[null,1.5],"interests":{"cad":null,"robotics":[{"x":"]"}]},"age":null}`,
				`{"student":"s3","interests":[{"cad":1}],"groups":["school"]}`,
				`{"student":"s4","interests":{"cad":0.5,"cad":0.6}}`,
				`{"student":"s5","interests":{"":0.5}}`,
				`{"student":"s6","age":"x","age":7,"grade":"9","grade":"9"}`,
				`{"grade":"9"}`,
				`{"student":1.5,"age":"x"}`),
			errors: `students.jsonl:1: grade: must be a string
				students.jsonl:1: school: must be a string
				students.jsonl:1: region: must be a string
				students.jsonl:1: age: must be an integer from 0 to 1,000,000
				students.jsonl:1: slots: must be an array of strings
				students.jsonl:1: credentials: must be an array of strings
				students.jsonl:1: latitude: must be a number from -90 to 90
				students.jsonl:1: longitude: must be a number from -180 to 180
				students.jsonl:1: max_km: must be a number from 0
				students.jsonl:1: interests: must be an object of tags and their weights, each tag once, or an array of tags
				students.jsonl:2: slots: must be an array of strings
				students.jsonl:2: groups: must be an array of strings
				students.jsonl:2: interests: must be an object of tags and their weights, each tag once, or an array of tags
				students.jsonl:3: groups: each group must be name=value, both 1 to 128 bytes of UTF-8 without control characters
				students.jsonl:3: interests: must be an object of tags and their weights, each tag once, or an array of tags
				students.jsonl:4: interests: must be an object of tags and their weights, each tag once, or an array of tags
				students.jsonl:5: interests: each tag must be 1 to 128 bytes of UTF-8 without control characters, ';' or '='
				students.jsonl:6: grade: is there twice
				students.jsonl:6: age: is there twice
				students.jsonl:7: student: must be 1 to 128 bytes of UTF-8 without control characters
				students.jsonl:8: student: must be a string`,
		},
		{
			name: "remote",
			files: jsonl("opportunities", `{"opportunity":"o1","remote":true}`, `{"opportunity":"o2","remote":"FALSE"}`,
				`{"opportunity":"o3","remote":1}`, `{"opportunity":"o4","remote":"yes"}`, `{"opportunity":"o5","remote":{"a":[]}}`),
			errors: `opportunities.jsonl:3: remote: must be true or false
				opportunities.jsonl:4: remote: must be true or false
				opportunities.jsonl:5: remote: must be true or false`,
		},
		{
			name: "unknown fields; of students not by name",
			files: files{
				"partners.csv":   "",
				"partners.jsonl": `{"partner":"p1","Name":1,"x":{"a":[1,"}",{}]},"\u0001":2}` + "\n" + `{"partner":"p2","x":1,"y":1,"y":2,"name":"last"}`,
				"students.csv":   "",
				"students.jsonl": `{"student":"s1","jane":1}` + "\n" + `{"student":"s2","joe":1,"joe":1}`,
			},
			errors: `partners.jsonl:2: row: a field is there twice
				students.jsonl:2: row: a field is there twice`,
			warnings: `partners.jsonl:1: row: is no column of partners and is ignored
				partners.jsonl:1: Name: is no column of partners and is ignored; did you mean name?
				partners.jsonl:1: x: is no column of partners and is ignored
				partners.jsonl:2: y: is no column of partners and is ignored
				students.jsonl:1: row: has fields that are none of ` + names + `; they are ignored`,
		},
		{
			name:  "fields that identify a person, without what may be data",
			files: jsonl("students", `{"student":"s1"}`, `{"student":"s2","jane@email":"x","Date of Birth":"x"}`, `{"student":"s3","joe@email":"x"}`),
			errors: `students.jsonl:2: birth date: is refused, as it may identify a person (birth date): students are known by an opaque key only; remove the column
				students.jsonl:2: e-mail: is refused, as it may identify a person (e-mail): students are known by an opaque key only; remove the column`,
		},
		{
			name: "what refers to a row that was lost is not reported",
			files: files{
				"students.csv": "", "students.jsonl": `{"student":"s1"}` + "\n" + `{"student":"s2"`,
				"preferences.csv": "student,opportunity,rank\ns1,o1,1\ns2,o2,1\n",
			},
			errors: `students.jsonl:2: row: must be one JSON object on one line`,
		},
		{
			name: "a line without end",
			files: files{
				"students.csv": "", "students.jsonl": `{"student":"s1"}` + "\n" + strings.Repeat(" ", maxLineBytes+1),
				"preferences.csv": "student,opportunity,rank\ns1,o1,1\ns2,o2,1\n",
			},
			errors: `students.jsonl:2: row: must be at most 16 MiB long; the rest of the file was not read`,
		},
	} {
		t.Run(tt.name, tt.run)
	}
}

// JSON that says the same as CSV makes the same students.
func TestJSONLMeansTheSame(t *testing.T) {
	asCSV := with(files{"students.csv": "student,grade,age,slots,latitude,longitude,max_km,groups,interests\n" +
		"s1,9,15,a; b;,-0.5,0, 10 ,school=a,\" cad ; robots = 0.25;cad=0.5\"\n"})
	asJSONL := with(files{"students.csv": "", "students.jsonl": ` { "max_km" : 1e1 , "student":"\u0073\u0031","grade":9,"age":"15","slots":["a"," b",""],` +
		`"latitude":-0.5,"longitude":"0","groups":["school=a"],"interests":{" cad ":"1","robots":0.25}}`})
	a, err := readFS(t.Context(), asCSV.fs(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := readFS(t.Context(), asJSONL.fs(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(a.Students, b.Students) {
		t.Errorf("CSV:   %+v\nJSONL: %+v", a.Students, b.Students)
	}
}

// FuzzJSONScanner compares the scanner with encoding/json on whatever that
// accepts.
func FuzzJSONScanner(f *testing.F) {
	for _, s := range []string{
		`{"a":[1,"b",{}],"b":{"c":null},"":-1.5e3}`, `{"\u0061\"":"\ud83d\ude00\\","x":true}`, ` { } `, `{"a":"]"}`, `{"a":[[],[[]]]}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		var want map[string]json.RawMessage
		if !utf8.ValidString(line) || json.Unmarshal([]byte(line), &want) != nil || want == nil {
			return // refused before it gets to the scanner
		}
		s := jsonScanner{in: line}
		got := make(map[string]json.RawMessage)
		for s.enter(); s.more('}'); {
			name := s.name()
			s.peek()
			start := s.at
			s.skip()
			got[name] = json.RawMessage(line[start:s.at])
		}
		if s.peek() != 0 {
			t.Fatalf("stopped before the end of %q", line)
		}
		for name, raw := range want {
			if string(got[name]) != string(raw) {
				t.Errorf("%q: %q, want %q", name, got[name], raw)
			}
		}
	})
}

func TestJSONScannerStrings(t *testing.T) {
	for raw, want := range map[string]string{`"a"`: "a", `"\u00e9\n"`: "é\n", `"\\\""`: `\"`, `""`: "", `12.5`: "12.5", ` true `: "true"} {
		s := jsonScanner{in: raw}
		if got := s.scalar(); got != want {
			t.Errorf("%s: %q, want %q", raw, got, want)
		}
	}
}
