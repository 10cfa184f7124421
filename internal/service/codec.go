package service

import (
	"google.golang.org/grpc/encoding"
	encodingproto "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	"github.com/kindred-match/kindred/matcher"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
)

// Codec is gRPC's codec of Protocol Buffers, but that it decodes the profile of a
// Match and encodes its answer by itself: the generated decoder makes several values
// on the heap for each interest and each text, which is most of what a Match with a
// profile in line takes, and the encoder looks up how for each field. What comes out
// is the same.
func Codec() encoding.CodecV2 { return codec{encoding.GetCodecV2(encodingproto.Name)} }

type codec struct{ encoding.CodecV2 }

// matchRequest is a MatchRequest whose profile may have been decoded by hand: then
// that has the interests, sorted as a ranking wants them, and the message has none.
// Any other codec decodes it as the message that it is.
type matchRequest struct {
	kindredv1.MatchRequest
	inLine *profileInLine // nil: the message has all
}

// student is the one of the profile in line.
func (r *matchRequest) student(report matcher.Report) *matcher.Student {
	s := profileOf(r.GetProfile(), report)
	if r.inLine != nil {
		s.Interests = r.inLine.weighted(report)
	}
	return s
}

// Marshal implements encoding.CodecV2.
func (c codec) Marshal(v any) (mem.BufferSlice, error) {
	if r, ok := v.(*kindredv1.MatchResponse); ok && r != nil {
		if data, ok := encodeAnswer(r); ok {
			return data, nil
		}
	}
	return c.CodecV2.Marshal(v)
}

// Unmarshal implements encoding.CodecV2.
func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	req, ok := v.(*matchRequest)
	if !ok {
		return c.CodecV2.Unmarshal(data, v)
	}
	buffer := data.MaterializeToBuffer(mem.DefaultBufferPool())
	defer buffer.Free()
	return req.unmarshal(buffer.ReadOnlyData())
}

// unmarshal decodes as proto.Unmarshal does.
func (r *matchRequest) unmarshal(b []byte) error {
	r.inLine = nil
	rest, profile := takeProfile(b)
	if profile == nil {
		return proto.Unmarshal(b, &r.MatchRequest)
	}
	if err := proto.Unmarshal(rest, &r.MatchRequest); err != nil {
		return err
	}
	r.Subject, r.inLine = &profile.subject, profile
	return nil
}

// takeProfile is an encoded MatchRequest without its profile, and that. It is nil
// where there is none, and where anything isn't just as encoders write it: that is
// for the generated decoder to judge.
func takeProfile(b []byte) (rest []byte, profile *profileInLine) {
	const studentID, profileNumber = 2, 3
	start, end := 0, 0 // of the profile's field
	for at := 0; at < len(b); {
		f, ok := fieldAt(b, at)
		if !ok || f.number == studentID || f.number == profileNumber && profile != nil {
			return nil, nil
		}
		if f.number == profileNumber {
			if f.kind != kindBytes {
				return nil, nil
			}
			if profile = profileFrom(b[f.start:f.end]); profile == nil {
				return nil, nil
			}
			start, end = at, f.end
		}
		at = f.end
	}
	switch {
	case profile == nil:
		return nil, nil
	case end == len(b): // as Go's encoder writes it
		return b[:start], profile
	default:
		return append(append(make([]byte, 0, len(b)-(end-start)), b[:start]...), b[end:]...), profile
	}
}
