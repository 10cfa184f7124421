package service

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/kindred-match/kindred/matcher"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
)

// profileInLine is a Profile that was decoded by hand, and all that it points to
// but texts and lists: one value on the heap.
type profileInLine struct {
	message                    kindredv1.Profile // without its interests
	subject                    kindredv1.MatchRequest_Profile
	age                        int32
	latitude, longitude, maxKm float64
	interests                  []matcher.Weighted // each tag once, by tag
	bad                        bool               // a weight was none, and is 1 here
}

// Numbers of fields of a Profile.
const (
	numberGrade = iota + 1
	numberSchool
	numberRegion
	numberAge
	numberSlots
	numberCredentials
	numberLatitude
	numberLongitude
	numberMaxKm
	numberGroups
	numberInterests
)

// Kinds of fields, as they are encoded.
const (
	kindVarint  = byte(protowire.VarintType)
	kindFixed64 = byte(protowire.Fixed64Type)
	kindBytes   = byte(protowire.BytesType)
)

// profileFrom decodes a Profile, or gives nil. All its texts are parts of one.
func profileFrom(message []byte) *profileInLine {
	var count [numberInterests + 1]int
	for at := 0; at < len(message); {
		f, ok := fieldAt(message, at)
		if !ok || f.number > numberInterests {
			return nil
		}
		count[f.number]++
		at = f.end
	}
	p := new(profileInLine)
	p.subject.Profile = &p.message
	if n := count[numberSlots] + count[numberCredentials] + count[numberGroups]; n > 0 {
		texts := make([]string, 0, n)
		p.message.Slots, texts = room(texts, count[numberSlots])
		p.message.Credentials, texts = room(texts, count[numberCredentials])
		p.message.Groups, _ = room(texts, count[numberGroups])
	}
	if n := count[numberInterests]; n > 0 {
		p.interests = make([]matcher.Weighted, 0, n)
	}
	text := string(message)
	for at := 0; at < len(message); {
		f, _ := fieldAt(message, at)
		if !p.field(&f, message[f.start:f.end], text[f.start:f.end]) {
			return nil
		}
		at = f.end
	}
	p.interests = byTag(p.interests)
	for i := range p.interests {
		if w := &p.interests[i].Weight; *w == 0 {
			*w, p.bad = matcher.One, true
		}
	}
	return p
}

// weighted is weightedOf for the interests of the profile.
func (p *profileInLine) weighted(report matcher.Report) []matcher.Weighted {
	if p.bad {
		report("interests", ruleWeight)
	}
	return p.interests
}

// room cuts a list for n texts off the capacity of texts; nil for none.
func room(texts []string, n int) (list, rest []string) {
	if n == 0 {
		return nil, texts
	}
	return texts[:0:n], texts[n:n]
}

// field decodes the value of a field, which is text too. It reports false for what
// it leaves to others.
func (p *profileInLine) field(f *wireField, value []byte, text string) bool {
	m := &p.message
	switch f.number {
	case numberAge:
		age, _ := protowire.ConsumeVarint(value)
		p.age = int32(age)
		m.Age = &p.age
		return f.kind == kindVarint
	case numberLatitude:
		m.Latitude = &p.latitude
		return float(m.Latitude, f, value)
	case numberLongitude:
		m.Longitude = &p.longitude
		return float(m.Longitude, f, value)
	case numberMaxKm:
		m.MaxKm = &p.maxKm
		return float(m.MaxKm, f, value)
	}
	if f.kind != kindBytes {
		return false
	}
	switch f.number {
	case numberGrade:
		m.Grade = text
	case numberSchool:
		m.School = text
	case numberRegion:
		m.Region = text
	case numberSlots:
		m.Slots = append(m.Slots, text)
	case numberCredentials:
		m.Credentials = append(m.Credentials, text)
	case numberGroups:
		m.Groups = append(m.Groups, text)
	default:
		return p.interest(value, text)
	}
	return utf8.Valid(value)
}

func float(x *float64, f *wireField, value []byte) bool {
	if f.kind != kindFixed64 {
		return false
	}
	*x = math.Float64frombits(binary.LittleEndian.Uint64(value))
	return true
}

// interest decodes an interest: the tag, then the weight, and nothing else. One
// with a very long tag is left to others.
func (p *profileInLine) interest(entry []byte, text string) bool {
	const (
		typeOfTag, typeOfWeight = 1<<3 | kindBytes, 2<<3 | kindFixed64
		before, behind          = 2, 9 // bytes beside the tag: a type and the length; a type and the weight
	)
	n := len(entry) - before - behind
	if n < 0 || n >= 0x80 || entry[0] != typeOfTag || int(entry[1]) != n || entry[before+n] != typeOfWeight ||
		!utf8.Valid(entry[before:before+n]) {
		return false
	}
	// What is no weight is 0 until it is known to stay: a later entry of the same tag
	// would replace it.
	weight, _ := matcher.WeightOf(math.Float64frombits(binary.LittleEndian.Uint64(entry[before+n+1:])))
	p.interests = append(p.interests, matcher.Weighted{Tag: text[before : before+n], Weight: weight})
	return true
}

// byTag sorts interests by tag and leaves the last of each, as a map does.
func byTag(list []matcher.Weighted) []matcher.Weighted {
	const few = 32
	if len(list) > few {
		slices.SortStableFunc(list, func(a, b matcher.Weighted) int { return strings.Compare(a.Tag, b.Tag) })
	} else {
		for i := 1; i < len(list); i++ {
			w, at := list[i], i
			for ; at > 0 && list[at-1].Tag > w.Tag; at-- {
				list[at] = list[at-1]
			}
			list[at] = w
		}
	}
	kept := 0
	for i := range list {
		if i+1 < len(list) && list[i+1].Tag == list[i].Tag {
			continue
		}
		list[kept] = list[i]
		kept++
	}
	return list[:kept]
}

// wireField is a field of an encoded message: where its value is, for bytes
// without their length.
type wireField struct {
	number, kind byte
	start, end   int
}

// fieldAt reads the field that begins at a place of a message. It reports false for
// what isn't whole, and leaves to others numbers above 15, and kinds that no field
// here has.
func fieldAt(message []byte, at int) (wireField, bool) {
	f := wireField{number: message[at] >> 3, kind: message[at] & 7, start: at + 1}
	if message[at] >= 0x80 || f.number == 0 {
		return f, false
	}
	switch f.kind {
	case kindVarint:
		_, size := protowire.ConsumeVarint(message[f.start:])
		f.end = f.start + size
		return f, size > 0
	case kindFixed64:
		f.end = f.start + 8
		return f, f.end <= len(message)
	case kindBytes:
		length, size := protowire.ConsumeVarint(message[f.start:])
		if size < 0 || length > uint64(len(message)-f.start-size) {
			return f, false
		}
		f.start += size
		f.end = f.start + int(length)
		return f, true
	default:
		return f, false
	}
}
