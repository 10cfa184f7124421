package service

import (
	"encoding/binary"
	"iter"
	"math"
	"unicode/utf8"

	"google.golang.org/grpc/encoding"
	encodingproto "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
)

// Codec is gRPC's codec of Protocol Buffers, but that it decodes the profile of a
// MatchRequest by itself: the generated decoder makes several values on the heap
// for each interest and each text, which is most of what a Match with a profile in
// line takes. What comes out is the same.
func Codec() encoding.CodecV2 { return codec{encoding.GetCodecV2(encodingproto.Name)} }

type codec struct{ encoding.CodecV2 }

// Unmarshal implements encoding.CodecV2.
func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	req, ok := v.(*kindredv1.MatchRequest)
	if !ok {
		return c.CodecV2.Unmarshal(data, v)
	}
	buffer := data.MaterializeToBuffer(mem.DefaultBufferPool())
	defer buffer.Free()
	return unmarshalMatch(buffer.ReadOnlyData(), req)
}

// unmarshalMatch is proto.Unmarshal of a MatchRequest.
func unmarshalMatch(b []byte, req *kindredv1.MatchRequest) error {
	rest, profile := takeProfile(b)
	if profile == nil {
		return proto.Unmarshal(b, req)
	}
	if err := proto.Unmarshal(rest, req); err != nil {
		return err
	}
	req.Subject = &kindredv1.MatchRequest_Profile{Profile: profile}
	return nil
}

// takeProfile is an encoded MatchRequest without its profile, and that. It is nil
// where there is none, and where anything isn't just as encoders write it: that is
// for the generated decoder to judge.
func takeProfile(b []byte) (rest []byte, profile *kindredv1.Profile) {
	const studentID, profileNumber = 2, 3
	rest = make([]byte, 0, len(b))
	for number, field := range fieldsIn(b) {
		switch {
		case number == 0, number == studentID, number == profileNumber && profile != nil:
			return nil, nil
		case number == profileNumber:
			message, ok := bytesOf(number, field)
			if profile = profileFrom(message); !ok || profile == nil {
				return nil, nil
			}
		default:
			rest = append(rest, field...)
		}
	}
	return rest, profile
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

// profileFrom decodes a Profile, or gives nil. All its texts are parts of one.
func profileFrom(message []byte) *kindredv1.Profile {
	var count [numberInterests + 1]int
	for number := range fieldsIn(message) {
		if number == 0 || number > numberInterests {
			return nil
		}
		count[number]++
	}
	p := &kindredv1.Profile{
		Slots: room(count[numberSlots]), Credentials: room(count[numberCredentials]), Groups: room(count[numberGroups]),
	}
	if n := count[numberInterests]; n > 0 {
		p.Interests = make(map[string]float64, n)
	}
	text, end := string(message), 0
	for number, field := range fieldsIn(message) {
		end += len(field)
		if !profileField(p, number, field, text[end-len(field):end]) {
			return nil
		}
	}
	return p
}

// room is a list for so many texts; nil for none.
func room(n int) []string {
	if n == 0 {
		return nil
	}
	return make([]string, 0, n)
}

// profileField decodes a field, whose bytes are text too, into p. It reports
// false for what it leaves to others.
func profileField(p *kindredv1.Profile, number protowire.Number, field []byte, text string) bool {
	switch number {
	case numberAge:
		age, size := protowire.ConsumeVarint(field[1:])
		p.Age = proto.Int32(int32(age))
		return size > 0 && isOf(number, protowire.VarintType, field)
	case numberLatitude, numberLongitude, numberMaxKm:
		if !isOf(number, protowire.Fixed64Type, field) {
			return false
		}
		x := math.Float64frombits(binary.LittleEndian.Uint64(field[1:]))
		switch number {
		case numberLatitude:
			p.Latitude = &x
		case numberLongitude:
			p.Longitude = &x
		default:
			p.MaxKm = &x
		}
		return true
	default:
		value, ok := bytesOf(number, field)
		return ok && textField(p, number, value, text[len(text)-len(value):])
	}
}

// textField decodes the value of a field, which is text too, into p.
func textField(p *kindredv1.Profile, number protowire.Number, value []byte, text string) bool {
	switch number {
	case numberGrade:
		p.Grade = text
	case numberSchool:
		p.School = text
	case numberRegion:
		p.Region = text
	case numberSlots:
		p.Slots = append(p.Slots, text)
	case numberCredentials:
		p.Credentials = append(p.Credentials, text)
	case numberGroups:
		p.Groups = append(p.Groups, text)
	default:
		return interest(p.Interests, value, text)
	}
	return utf8.Valid(value)
}

// interest decodes an interest: the tag, then the weight, and nothing else. One
// with a very long tag is left to others.
func interest(interests map[string]float64, entry []byte, text string) bool {
	const (
		typeOfTag, typeOfWeight = 1<<3 | byte(protowire.BytesType), 2<<3 | byte(protowire.Fixed64Type)
		before, behind          = 2, 9 // bytes beside the tag: a type and the length; a type and the weight
	)
	n := len(entry) - before - behind
	if n < 0 || n >= 0x80 || entry[0] != typeOfTag || int(entry[1]) != n || entry[before+n] != typeOfWeight ||
		!utf8.Valid(entry[before:before+n]) {
		return false
	}
	interests[text[before:before+n]] = math.Float64frombits(binary.LittleEndian.Uint64(entry[before+n+1:]))
	return true
}

// fieldsIn gives the fields of a message, whole. What can't be read as one comes as
// number 0, and is the last.
func fieldsIn(message []byte) iter.Seq2[protowire.Number, []byte] {
	return func(yield func(protowire.Number, []byte) bool) {
		for len(message) > 0 {
			number, _, size := protowire.ConsumeField(message)
			if size < 0 {
				yield(0, nil)
				return
			}
			if !yield(number, message[:size]) {
				return
			}
			message = message[size:]
		}
	}
}

// isOf reports whether a field begins with a number below 16 and a type as
// encoders write them, in one byte.
func isOf(number protowire.Number, kind protowire.Type, field []byte) bool {
	return field[0] == byte(number)<<3|byte(kind)
}

// bytesOf is the content of a field of bytes.
func bytesOf(number protowire.Number, field []byte) ([]byte, bool) {
	if !isOf(number, protowire.BytesType, field) {
		return nil, false
	}
	b, size := protowire.ConsumeBytes(field[1:])
	return b, size > 0
}
