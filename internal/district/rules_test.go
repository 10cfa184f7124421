package district

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"testing/fstest"
)

// files are the files of a folder by name.
type files map[string]string

func (f files) fs() fstest.MapFS {
	m := fstest.MapFS{}
	for name, content := range f {
		m[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return m
}

// with returns the files of a small valid folder, some of them replaced; an
// empty content leaves a file out.
func with(changes files) files {
	f := files{
		"tags.csv":          "tag,label,parent,importance,synonyms\nrobotics,,,,robots\ncad,,robotics,,\n",
		"partners.csv":      "partner,max_seats\np1,2\n",
		"opportunities.csv": "opportunity,partner,seats,tags\no1,p1,2,robotics\no2,p1,1,cad=0.5\no3,,0,\n",
		"students.csv":      "student,grade,interests\ns1,9,robots=0.9\ns2,10,cad\ns3,,\n",
	}
	maps.Copy(f, changes)
	maps.DeleteFunc(f, func(_, content string) bool { return content == "" })
	return f
}

type ruleTest struct {
	name     string
	files    files
	opt      Options
	errors   string // lines
	warnings string // lines
}

func (tt ruleTest) run(t *testing.T) {
	t.Helper()
	folder, err := readFS(t.Context(), with(tt.files).fs(), tt.opt)
	var warnings Warnings
	var bad *Errors
	switch {
	case errors.As(err, &bad):
		warnings = bad.Warnings
		if folder != nil {
			t.Error("a folder beside the error")
		}
	case err != nil:
		t.Fatal(err)
	default:
		bad = &Errors{}
		warnings = folder.Warnings
	}
	if got, want := bad.Error(), lines(tt.errors); got != want {
		t.Errorf("errors:\n%s\nwant:\n%s", got, want)
	}
	if got, want := (&Errors{Findings: warnings.Findings, Total: warnings.Total}).Error(), lines(tt.warnings); got != want {
		t.Errorf("warnings:\n%s\nwant:\n%s", got, want)
	}
}

// lines takes the indentation off.
func lines(s string) string {
	var out []string
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}

func TestRulesOfForm(t *testing.T) {
	for _, tt := range []ruleTest{
		{name: "the folder that the others change"},
		{
			name:   "no opportunities",
			files:  files{"opportunities.csv": ""},
			errors: `opportunities.csv:1: file: is required, and the folder has neither it nor opportunities.jsonl`,
		},
		{name: "no students, not needed", files: files{"students.csv": ""}},
		{
			name:   "no students",
			files:  files{"students.csv": ""},
			opt:    Options{Students: true},
			errors: `students.csv:1: file: is required, and the folder has neither it nor students.jsonl`,
		},
		{
			name:   "no students, but preferences",
			files:  files{"students.csv": "", "preferences.csv": "student,opportunity,rank\ns1,o1,1\n"},
			errors: `students.csv:1: file: is required, as preferences refers to it; the folder has neither it nor students.jsonl`,
		},
		{
			name:   "both formats",
			files:  files{"students.jsonl": `{"student":"s1"}`},
			errors: `students.csv:1: file: students.jsonl is there too; keep one of them`,
		},
		{
			name:   "an empty file",
			files:  files{"students.csv": "\n\n"},
			errors: `students.csv:1: student: is a required column, and the header row lacks it`,
		},
		{
			name:  "required columns missing, and no word about what is there instead",
			files: files{"preferences.csv": "s1,o1,secret\ns2,o1,1\n"},
			errors: `preferences.csv:1: student: is a required column, and the header row lacks it
				preferences.csv:1: opportunity: is a required column, and the header row lacks it
				preferences.csv:1: rank: is a required column, and the header row lacks it`,
		},
		{
			name: "columns missing in all other files",
			files: files{
				"tags.csv": "label\nx\n", "partners.csv": "name\nx\n", "opportunities.csv": "title\nx\n",
				"scores.csv": "student,opportunity\ns1,o1\n", "priorities.csv": "student\ns1\n", "locks.csv": "action\nplace\n",
				"reserves.csv": "opportunity\no1\n", "placements.csv": "opportunity\no1\n",
			},
			errors: `tags.csv:1: tag: is a required column, and the header row lacks it
				partners.csv:1: partner: is a required column, and the header row lacks it
				opportunities.csv:1: opportunity: is a required column, and the header row lacks it
				scores.csv:1: score: is a required column, and the header row lacks it
				priorities.csv:1: opportunity: is a required column, and the header row lacks it
				priorities.csv:1: tier: is a required column, and the header row lacks it
				locks.csv:1: student: is a required column, and the header row lacks it
				locks.csv:1: opportunity: is a required column, and the header row lacks it
				reserves.csv:1: group: is a required column, and the header row lacks it
				reserves.csv:1: seats: is a required column, and the header row lacks it
				placements.csv:1: student: is a required column, and the header row lacks it`,
		},
		{
			name:  "columns there twice",
			files: files{"students.csv": "student,grade,shoe,grade,shoe\ns1,9,,10,\ns2,9,,,\ns3,9,,,\n"},
			errors: `students.csv:1: grade: is there twice
				students.csv:1: column 5: is there twice`,
			warnings: `students.csv:1: column 3: is no column of students and is ignored`,
		},
		{
			name:  "unknown columns",
			files: files{"students.csv": "Grade,student,,\"a\nb\",\n9,s1,x,y,\n", "partners.csv": "partner,email\np1,x@example.org\n"},
			warnings: `partners.csv:1: email: is no column of partners and is ignored
				students.csv:1: Grade: is no column of students and is ignored; did you mean grade?
				students.csv:1: column 3: has no name and is ignored
				students.csv:1: column 4: is no column of students and is ignored
				students.csv:1: column 5: has no name and is ignored`,
		},
		{
			name: "columns that identify a person",
			files: files{
				"students.csv":    "student,Name,Parent E-mail,birth_date,school_name\ns1,x,x,x,x\n",
				"preferences.csv": "student,opportunity,rank,last name\ns1,o1,1,x\n",
			},
			errors: `students.csv:1: Name: is refused, as it may identify a person (name): students are known by an opaque key only; remove the column
				students.csv:1: birth_date: is refused, as it may identify a person (birth date): students are known by an opaque key only; remove the column
				students.csv:1: column 3: is refused, as it may identify a person (e-mail): students are known by an opaque key only; remove the column
				preferences.csv:1: last name: is refused, as it may identify a person (last name): students are known by an opaque key only; remove the column`,
			warnings: `students.csv:1: column 5: is no column of students and is ignored`,
		},
		{
			name: "a row of another length; what refers to it is not reported too",
			files: files{
				"students.csv":    "student,grade,interests\ns1,9\ns2,9,cad,x,y\n  \ns3,9,\n",
				"preferences.csv": "student,opportunity,rank\ns1,o1,1\ns2,o1,1\ns3,o1,1\ns4,o1,1\n",
			},
			errors: `students.csv:2: row: must have 3 cells as the header row has, separated by commas
				students.csv:3: row: must have 3 cells as the header row has, separated by commas
				preferences.csv:5: student: must be listed in students`,
		},
		{
			name:  "a header that runs on into a row about a student",
			files: files{"students.csv": "student,grade,regionsecret,12,north\ns1,9,,,\n"},
			warnings: `students.csv:1: column 3: is no column of students and is ignored
				students.csv:1: column 4: is no column of students and is ignored
				students.csv:1: column 5: is no column of students and is ignored`,
		},
		{
			name: "carriage returns alone",
			files: files{
				"students.csv":    "student,grade\rs1,9\rs2,north;secret\r",
				"locks.csv":       "student,opportunity,action,reason\rs1,o1,forbid,secret\rs1,o2,place,secret\r\n",
				"partners.csv":    "partner,name\r\np1,\"in\rquotes\r\nit may\"\r\np2,a\rb\r\n\rp3,c\n \r \np4,\"\"\r\np5,d\r",
				"preferences.csv": "student,opportunity,rank\ns1,o1,1\n",
			},
			errors: `partners.csv:4: row: has a carriage return that no line feed follows; lines must end in a line feed, or in both
				partners.csv:5: row: has a carriage return that no line feed follows; lines must end in a line feed, or in both
				partners.csv:6: row: has a carriage return that no line feed follows; lines must end in a line feed, or in both
				students.csv:1: header: has a carriage return that no line feed follows; lines must end in a line feed, or in both
				locks.csv:1: header: has a carriage return that no line feed follows; lines must end in a line feed, or in both`,
		},
		{
			name:   "an id that is empty in quotes, where there is no other column",
			files:  files{"students.csv": "student\ns1\n\"\"\n\ns2\n"},
			errors: `students.csv:3: student: must be 1 to 128 bytes of UTF-8 without control characters`,
		},
		{
			name:  "quotes out of place, and lines after a cell of several",
			files: files{"partners.csv": "partner,name,max_seats\np1,\"two\nlines\",x\np2,a \"b\" c,1\np3,\"a\"b,1\np4,\"\"\"a\"\"\",x\n\np5,\"open,1\n"},
			errors: `partners.csv:2: max_seats: must be an integer from 0 to 1,000,000
				partners.csv:4: row: a cell with a quote must be quoted as a whole, the quotes in it doubled
				partners.csv:5: row: a quoted cell must end in a quote before a comma or the end of the line, the quotes in it doubled
				partners.csv:6: max_seats: must be an integer from 0 to 1,000,000
				partners.csv:8: row: a quoted cell must end in a quote before a comma or the end of the line, the quotes in it doubled`,
		},
		{
			name:   "quotes out of place in a header",
			files:  files{"partners.csv": "\npartner,na\"me\np1,\n"},
			errors: `partners.csv:2: header: a cell with a quote must be quoted as a whole, the quotes in it doubled`,
		},
		{
			name: "not UTF-8",
			files: files{
				"partners.csv": "partner,name,m\xfcll\np1,Caf\xe9,\n", "students.jsonl": "{\"student\":\"s\xe9\"}\n", "students.csv": "",
				"opportunities.csv": "\xff\xfeo\x00", "tags.jsonl": "\xfe\xff\x00{", "tags.csv": "",
			},
			errors: `tags.jsonl:1: file: must be UTF-8; it is UTF-16
				partners.csv:1: column 3: must be UTF-8
				partners.csv:2: name: must be UTF-8
				opportunities.csv:1: file: must be UTF-8; it is UTF-16
				students.jsonl:1: row: must be UTF-8`,
		},
		{
			name:  "other files",
			files: files{"README.md": "x", "student.csv": "x", "Tags.CSV": "x", "data.txt": "x"},
			warnings: `Tags.CSV:1: file: is no file of a district folder and is ignored
				student.csv:1: file: is no file of a district folder and is ignored`,
		},
	} {
		t.Run(tt.name, tt.run)
	}
}

func TestRulesOfValues(t *testing.T) {
	const id = "must be 1 to 128 bytes of UTF-8 without control characters"
	long := strings.Repeat("x", 129)
	for _, tt := range []ruleTest{
		{
			name: "tags",
			files: files{"tags.csv": "tag,label,parent,importance,synonyms\n" +
				",,,,\n" + // 2
				"a=b,,c;d,0,=\n" + // 3
				"cad," + strings.Repeat("x", 4097) + ",,10.01,\n" + // 4
				"robotics,,,nan,robots\n" + // 5
				"cad,,,,\n" + // 6
				"b,,nowhere,,robots;cad\n" + // 7
				"x,,y,,\n" + // 8
				"y,,x,,\n"}, // 9
			errors: `tags.csv:2: tag: ` + id + `, ';' or '='
				tags.csv:3: tag: ` + id + `, ';' or '='
				tags.csv:3: parent: ` + id + `, ';' or '='
				tags.csv:3: parent: must be a listed tag
				tags.csv:3: importance: must be a number in (0, 10]
				tags.csv:3: synonyms: each synonym ` + id + `, ';' or '='
				tags.csv:4: label: must be at most 4096 bytes
				tags.csv:4: importance: must be a number in (0, 10]
				tags.csv:5: importance: must be a number in (0, 10]
				tags.csv:6: tag: is listed twice
				tags.csv:7: parent: must be a listed tag
				tags.csv:7: synonyms: a synonym may not equal a tag
				tags.csv:7: synonyms: a synonym may not equal another tag's synonym
				tags.csv:8: parent: the parents form a cycle
				tags.csv:9: parent: the parents form a cycle`,
		},
		{
			name:   "too many ancestors",
			files:  files{"tags.csv": "tag,parent\nrobots,\ncad,\nrobotics,\n" + chain(18)},
			errors: `tags.csv:22: parent: a tag has at most 16 ancestors`,
		},
		{
			name: "partners",
			files: files{"partners.csv": "partner,name,kind,region,max_seats,goals\n" +
				"p1,x,company,a,-1,\n" +
				long + ",,,b\x01,1000001," + long + "\n" +
				",,,,1_0,\n" +
				"p1,,business,,+5,\n"},
			errors: `partners.csv:2: kind: must be one of business, community, higher_education, local_government, recreation, juvenile_justice, faith_based, other
				partners.csv:2: max_seats: must be an integer from 0 to 1,000,000
				partners.csv:3: partner: ` + id + `
				partners.csv:3: region: ` + id + `
				partners.csv:3: max_seats: must be an integer from 0 to 1,000,000
				partners.csv:3: goals: each item ` + id + `
				partners.csv:4: partner: ` + id + `
				partners.csv:4: max_seats: must be an integer from 0 to 1,000,000
				partners.csv:5: partner: is listed twice; see line 2
				partners.csv:5: max_seats: must be an integer from 0 to 1,000,000`,
		},
		{
			name: "opportunities",
			files: files{"opportunities.csv": "opportunity,partner,kind,seats,min_seats,min_policy,remote,min_age,latitude,longitude,opens,closes,boost,status,tags\n" +
				"o1,p2,job,1.5,x,soft,yes,1e2,91,-181,2026-02-29,26-01-01,0.49,open,cad=0\n" +
				"o2,,,,,,,,1,,2026-1-01,0000-01-01,2.01,,cad=1.1\n" +
				"o1,,,,,,,,,1,,,inf,,cad=0.00001\n" +
				"o3,,,,,,,,0x1p-2,1_0,,,1e400,,cad=\n" +
				"o4,,,,,,,,NaN,Inf,,,0x1,,=0.5\n" +
				",,,,,,,,,,,,,,cad=NaN\n"},
			errors: `opportunities.csv:2: partner: must be listed in partners
				opportunities.csv:2: kind: must be one of internship, mentorship, work_based, service_learning, apprenticeship, job_shadow, professional_development, other
				opportunities.csv:2: seats: must be an integer from 0 to 1,000,000
				opportunities.csv:2: min_seats: must be an integer from 0 to 1,000,000
				opportunities.csv:2: min_policy: must be one of hard, cancel
				opportunities.csv:2: remote: must be true or false
				opportunities.csv:2: min_age: must be an integer from 0 to 1,000,000
				opportunities.csv:2: latitude: must be a number from -90 to 90
				opportunities.csv:2: longitude: must be a number from -180 to 180
				opportunities.csv:2: opens: must be a date YYYY-MM-DD
				opportunities.csv:2: closes: must be a date YYYY-MM-DD
				opportunities.csv:2: boost: must be a number in [0.5, 2]
				opportunities.csv:2: status: must be one of published, draft, closed
				opportunities.csv:2: tags: each weight must be a decimal in (0, 1] with a resolution of 0.0001
				opportunities.csv:3: longitude: a position needs both latitude and longitude
				opportunities.csv:3: opens: must be a date YYYY-MM-DD
				opportunities.csv:3: closes: must be a date YYYY-MM-DD
				opportunities.csv:3: boost: must be a number in [0.5, 2]
				opportunities.csv:3: tags: each weight must be a decimal in (0, 1] with a resolution of 0.0001
				opportunities.csv:4: opportunity: is listed twice; see line 2
				opportunities.csv:4: latitude: a position needs both latitude and longitude
				opportunities.csv:4: boost: must be a number in [0.5, 2]
				opportunities.csv:4: tags: each weight must be a decimal in (0, 1] with a resolution of 0.0001
				opportunities.csv:5: latitude: must be a number from -90 to 90
				opportunities.csv:5: longitude: must be a number from -180 to 180
				opportunities.csv:5: boost: must be a number in [0.5, 2]
				opportunities.csv:5: tags: each weight must be a decimal in (0, 1] with a resolution of 0.0001
				opportunities.csv:6: latitude: must be a number from -90 to 90
				opportunities.csv:6: longitude: must be a number from -180 to 180
				opportunities.csv:6: boost: must be a number in [0.5, 2]
				opportunities.csv:6: tags: each tag ` + id + `, ';' or '='
				opportunities.csv:7: opportunity: ` + id + `
				opportunities.csv:7: tags: each weight must be a decimal in (0, 1] with a resolution of 0.0001`,
		},
		{
			name: "students",
			files: files{"students.csv": "student,age,latitude,longitude,max_km,groups,interests\n" +
				"s1,12.5,90.1,181,-1,lunch,cad=0;cad\n" +
				"s2,1000001,,1,inf,a=b;=c,cad=0x1\n" +
				"s1,,1,,1e309,d=,\n" +
				"s4,,,,,," + manyTags(65) + "\n" +
				"s5,,,,,," + manyTags(64) + ";t1=0.5\n"},
			opt: Options{},
			errors: `students.csv:2: age: must be an integer from 0 to 1,000,000
				students.csv:2: latitude: must be a number from -90 to 90
				students.csv:2: longitude: must be a number from -180 to 180
				students.csv:2: max_km: must be a number from 0
				students.csv:2: groups: each group must be name=value, both 1 to 128 bytes of UTF-8 without control characters
				students.csv:2: interests: each weight must be a decimal in (0, 1] with a resolution of 0.0001
				students.csv:3: age: must be an integer from 0 to 1,000,000
				students.csv:3: latitude: a position needs both latitude and longitude
				students.csv:3: max_km: must be a number from 0
				students.csv:3: groups: each group must be name=value, both 1 to 128 bytes of UTF-8 without control characters
				students.csv:3: interests: each weight must be a decimal in (0, 1] with a resolution of 0.0001
				students.csv:4: student: is listed twice; see line 2
				students.csv:4: longitude: a position needs both latitude and longitude
				students.csv:4: max_km: must be a number from 0
				students.csv:4: groups: each group must be name=value, both 1 to 128 bytes of UTF-8 without control characters
				students.csv:5: interests: must have at most 64 tags`,
			warnings: warningsOf(`students.csv:5: interests: names a tag that is not listed in tags`, 50) + "\nand 15 more",
		},
		{
			name:  "tags not listed: named where they are no student's",
			files: files{"opportunities.csv": "opportunity,tags\no1,robtics\no2,robtics;CAD\n", "students.csv": "student,interests\ns1,robtics;secret\ns2,secret\n"},
			warnings: `opportunities.csv:2: tags: the tag "robtics" is not listed in tags
				opportunities.csv:3: tags: the tag "CAD" is not listed in tags
				students.csv:2: interests: names a tag that is not listed in tags`,
		},
		{
			name:  "the same, strict",
			files: files{"opportunities.csv": "opportunity,tags\no1,robtics\no2,robtics;CAD\n", "students.csv": "student,interests\ns1,robtics;secret\ns2,secret\n"},
			opt:   Options{Strict: true},
			errors: `opportunities.csv:2: tags: the tag "robtics" is not listed in tags
				opportunities.csv:3: tags: the tag "CAD" is not listed in tags
				students.csv:2: interests: names a tag that is not listed in tags`,
		},
		{
			name:   "tags that can't be read are not missed",
			files:  files{"tags.csv": "tag\n\"robotics\"x\n"},
			errors: `tags.csv:2: row: a quoted cell must end in a quote before a comma or the end of the line, the quotes in it doubled`,
		},
	} {
		t.Run(tt.name, tt.run)
	}
}

func TestRulesOfRows(t *testing.T) {
	for _, tt := range []ruleTest{
		{
			name: "preferences",
			files: files{"preferences.csv": "student,opportunity,rank\n" +
				"s1,o1,1\ns1,o2,1\ns2,o1,0\ns1,o1,3\nsX,o1,1\ns1,oX,2\n,,\ns2,o3,1000001\ns2,o2,-1\ns3,o1,1\ns1,o3,3\n"},
			errors: `preferences.csv:3: rank: a student may not have two equal ranks; see line 2
				preferences.csv:4: rank: must be an integer from 1 to 1,000,000
				preferences.csv:5: opportunity: the same student and opportunity may not be listed twice; see line 2
				preferences.csv:6: student: must be listed in students
				preferences.csv:7: opportunity: must be listed in opportunities
				preferences.csv:8: student: must be listed in students
				preferences.csv:8: opportunity: must be listed in opportunities
				preferences.csv:8: rank: must be an integer from 1 to 1,000,000
				preferences.csv:9: rank: must be an integer from 1 to 1,000,000
				preferences.csv:10: rank: must be an integer from 1 to 1,000,000
				preferences.csv:12: rank: a student may not have two equal ranks; see line 5`,
		},
		{
			name:  "scores",
			files: files{"scores.csv": "student,opportunity,score\ns1,o1,1\ns1,o2,0\ns2,o1,1.0001\ns2,o1,NaN\ns2,o2,\ns2,oX,0.5\n"},
			errors: `scores.csv:3: score: must be a decimal in (0, 1]
				scores.csv:4: score: must be a decimal in (0, 1]
				scores.csv:5: opportunity: the same student and opportunity may not be listed twice; see line 4
				scores.csv:5: score: must be a decimal in (0, 1]
				scores.csv:6: score: must be a decimal in (0, 1]
				scores.csv:7: opportunity: must be listed in opportunities`,
		},
		{
			name:  "priorities",
			files: files{"priorities.csv": "opportunity,student,tier\no1,s1,1\no1,s2,1\no2,s1,1\no1,s1,2\no2,s2,0\no2,sX,1\n"},
			errors: `priorities.csv:5: student: the same opportunity and student may not be listed twice; see line 2
				priorities.csv:6: tier: must be an integer from 1 to 1,000,000
				priorities.csv:7: student: must be listed in students`,
		},
		{
			name: "locks",
			files: files{"locks.csv": "student,opportunity,action,reason\n" +
				"s1,o1,place,\ns1,o2,forbid,\ns2,o1,keep,\ns1,o3,place,\ns2,o3,place,\ns2,o2,," + strings.Repeat("x", 4097) + "\nsX,o1,place,\ns1,o2,forbid,\n"},
			errors: `locks.csv:4: action: must be place or forbid
				locks.csv:5: action: a student has at most one lock that places it
				locks.csv:6: action: there are more locks that place students than the opportunity has seats
				locks.csv:7: action: must be place or forbid
				locks.csv:7: reason: must be at most 4096 bytes
				locks.csv:8: student: must be listed in students
				locks.csv:9: opportunity: the same student and opportunity may not be listed twice; see line 3`,
		},
		{
			name: "locks of students who are not eligible",
			files: files{
				"opportunities.csv": "opportunity,grades,seats,closes\no1,9,1,\no2,,0,\no3,10,1,2026-08-31\n",
				"students.csv":      "student,grade\ns1,9\ns2,9\ns3,9\n",
				"locks.csv":         "student,opportunity,action\ns1,o1,place\ns2,o2,place\ns3,o3,place\ns2,o3,forbid\n",
			},
			opt: Options{AsOf: 20260901},
			errors: `locks.csv:3: action: there are more locks that place students than the opportunity has seats
				locks.csv:4: action: the student is not eligible for the opportunity: WINDOW, GRADE`,
		},
		{
			name:   "locks beyond the partner's cap",
			files:  files{"locks.csv": "student,opportunity,action\ns1,o1,place\ns2,o2,place\ns3,o1,place\n"},
			errors: `locks.csv:4: action: there are more locks that place students than the partner's max_seats`,
		},
		{
			name:  "reserves",
			files: files{"reserves.csv": "opportunity,group,seats\no1,school=a,1\no2,school=a,1\no1,school=a,2\no1,school,1\no1,=a,-1\noX,school=a,1\n"},
			errors: `reserves.csv:4: group: the same opportunity and group may not be listed twice; see line 2
				reserves.csv:5: group: must be name=value, both 1 to 128 bytes of UTF-8 without control characters
				reserves.csv:6: group: must be name=value, both 1 to 128 bytes of UTF-8 without control characters
				reserves.csv:6: seats: must be an integer from 0 to 1,000,000
				reserves.csv:7: opportunity: must be listed in opportunities`,
		},
		{
			name:  "placements",
			files: files{"placements.csv": "student,opportunity\ns2,o1\ns1,o1\ns2,o2\ns3,oX\nsX,o1\n"},
			errors: `placements.csv:4: student: a student may not have two placements; see line 2
				placements.csv:5: opportunity: must be listed in opportunities
				placements.csv:6: student: must be listed in students`,
		},
	} {
		t.Run(tt.name, tt.run)
	}
}

// chain is n tags, each the parent of the next.
func chain(n int) string {
	var b strings.Builder
	parent := ""
	for i := range n {
		tag := "t" + string(rune('a'+i))
		b.WriteString(tag + "," + parent + "\n")
		parent = tag
	}
	return b.String()
}

func manyTags(n int) string {
	names := make([]string, n)
	for i := range names {
		names[i] = "t" + formatInteger(int32(i+1))
	}
	return strings.Join(names, ";")
}

func warningsOf(line string, n int) string { return strings.Repeat(line+"\n", n) }
